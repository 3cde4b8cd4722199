#pragma once

/// \file
/// `TrustedProxies`: which peers may say who their clients are, as `ServeOptions::trusted_proxies`.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A set of addresses. An immutable value: thread-safe.
class VX11_API TrustedProxies {
 public:
  TrustedProxies() = default;
  /// \param names addresses, networks in CIDR notation, and `unix`
  /// \return `invalid_argument` with the first one that is none, and what to write
  static Result<TrustedProxies> parse(const std::vector<std::string>& names);

  bool empty() const noexcept { return networks_.empty() && !has_unix_; }
  /// \param address numeric; empty: the peer of a Unix-domain socket
  bool contains(std::string_view address) const noexcept;

 private:
  /// An IPv4 network is that of its addresses mapped to IPv6 (RFC 4291 §2.5.5.2).
  struct Network {
    std::array<std::uint8_t, 16> first = {};
    unsigned bits = 128;
  };

  std::vector<Network> networks_{};
  bool has_unix_ = false;
};

}  // namespace v0
}  // namespace vx11
