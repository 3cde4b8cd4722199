#pragma once

/// \file
/// The master as Sentinels report it. Internal.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "redis/discovery.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Asks one Sentinel after the other until one knows the master, and listens at that one to
/// `+switch-master`: after a failover the old master acknowledges writes until it becomes a
/// replica, and then forgets them.
class SentinelDiscovery final : public Discovery {
 public:
  using Discovery::Discovery;

 private:
  Task<std::optional<ErrorKind>> ask_all() override;
  Greeting greeting() const override;
  void end() noexcept override;
  Task<std::optional<ErrorKind>> ask_one(Url sentinel);
  /// \return why it does not listen there; none if it does
  Task<std::optional<ErrorKind>> listen_at(Url sentinel);
  void reported(const Reply& message);
  bool publish(std::string_view host, std::string_view port);

  std::size_t first_ = 0;  ///< The Sentinel that has answered last.
  std::unique_ptr<Link> listening_ = nullptr;
  std::string listening_at_ = {};  ///< Empty: nowhere.
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
