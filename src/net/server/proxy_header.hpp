#pragma once

/// \file
/// The header of the PROXY protocol, version 1 and 2, as HAProxy's doc/proxy-protocol.txt defines
/// it. Independent of sockets. Internal.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// What the first bytes of a connection are.
struct ProxyHeader {
  enum class Then : std::uint8_t {
    more,       ///< The beginning of a header.
    done,       ///< A header of `size` bytes.
    malformed,  ///< No header, or a longer one than is accepted.
  };
  /// The longest that is accepted; what proxies add to the addresses (TLVs) has some hundred bytes.
  static constexpr std::size_t kMost = 4096;

  Then then = Then::malformed;
  std::size_t size = 0;
  /// The client's numeric address. Empty if the header names none: then the connection is the
  /// proxy's own (LOCAL), or the proxy knows of no address (UNKNOWN).
  std::string client = {};
};

/// Reads the header at the beginning of `bytes`, which may go beyond it.
ProxyHeader read_proxy_header(std::string_view bytes);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
