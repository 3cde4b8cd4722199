#pragma once

/// \file
/// The slots of a Cluster as its nodes report them. Internal.

#include <optional>
#include <vector>

#include "redis/discovery.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// What CLUSTER SLOTS says; none if it is something else.
/// \param asked the server that said it, which may leave its own host out
std::optional<ServerMap> read_slots(const Reply& reply, const Url& asked);

/// Asks one node after the other until one knows the slots: the masters known so far, then those of
/// the URL.
class ClusterDiscovery final : public Discovery {
 public:
  using Discovery::Discovery;

 private:
  Task<std::optional<ErrorKind>> ask_all() override;
  Greeting greeting() const override { return Greeting(url().credentials, std::nullopt, false); }
  std::vector<Url> nodes();

  std::size_t round_ = 0;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
