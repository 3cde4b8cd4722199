#pragma once

/// \file
/// From an origin to a connected socket. Internal.

#include <vx11/deadline.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <string>
#include <string_view>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A base URL taken apart.
struct Origin {
  Origin() = default;
  bool tls = false;
  std::string host = {};       ///< Without brackets.
  std::string port = {};       ///< Never empty.
  std::string authority = {};  ///< As the Host field says it.
};
/// Takes apart what `parse_origin` has accepted.
Origin split_origin(std::string_view url);

/// Resolves and connects on `loop`, whose thread calls; addresses in turn, a quarter of a second
/// apart, both families alternately, the first to connect wins. \return `unreachable`, `timeout` or
/// `cancelled`
Task<Result<Socket>> connect(Loop& loop, const Origin& origin, Deadline deadline);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
