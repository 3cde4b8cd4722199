#pragma once

/// \file
/// The listen address of a server as text. Internal.

#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Where a server listens.
struct ListenAddress {
  enum class Kind : std::uint8_t {
    tcp,
    unix_socket,
    activated,  ///< The socket that systemd passed.
  };
  Kind kind = Kind::tcp;
  socket_detail::Address address = {};  ///< Of `tcp`.
  std::string path = {};                ///< Of `unix_socket`.
};

/// Reads `host:port` with a numeric host or `localhost`, IPv6 in brackets; `unix:/path`;
/// `systemd:`.
/// \return `invalid_argument` if it is malformed, or the path is longer than the system allows
Result<ListenAddress> parse_listen(std::string_view listen);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
