#pragma once

/// \file
/// Socket activation by systemd, as sd_listen_fds(3) describes it. Internal.

#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Takes the socket that systemd passed, and removes the variables that speak of it.
/// \return the errors of `activated_address`
Result<socket_detail::Fd> take_activated_socket();

/// The name of a bound socket: `host:port`, or `unix:/path`.
std::string name_of_socket(int socket);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
