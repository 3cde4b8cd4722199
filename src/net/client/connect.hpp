#pragma once

/// \file
/// Connects a socket to a URL. Internal.

#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/resolver.hpp>
#include <vx11/task.hpp>
#include <vx11/url.hpp>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Resolves the host and connects on `loop`, whose thread must be the caller; several addresses are
/// tried as `AddressRace` decides. If cached addresses fail, the name is looked up anew.
/// \return `unreachable`, `timeout`, `cancelled` or `exhausted`
VX11_API Task<Result<Socket>> connect(Loop& loop, socket_detail::Resolver& resolver, const Url& url,
                                      Deadline deadline);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
