#pragma once

/// \file
/// The listen address of a server as text. Internal.

#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Reads `host:port` with a numeric host or `localhost`, IPv6 in brackets.
/// \return `invalid_argument` if it is malformed
Result<socket_detail::Address> parse_listen(std::string_view listen);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
