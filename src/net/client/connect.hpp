#pragma once

/// \file
/// Connects a socket to a URL. Internal.

#include <vx11/deadline.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>
#include <vx11/url.hpp>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Resolves the host and connects on `loop`, whose thread must be the caller; several addresses are
/// tried as `AddressRace` decides.
/// \return `unreachable`, `timeout` or `cancelled`
Task<Result<Socket>> connect(Loop& loop, const Url& url, Deadline deadline);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
