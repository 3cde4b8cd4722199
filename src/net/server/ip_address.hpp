#pragma once

/// \file
/// Numeric addresses without a port. Internal.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// An IPv6 address, or an IPv4 address mapped to one (RFC 4291 §2.5.5.2), so that both spellings of
/// a client that a dual-stack listener sees are one. A value.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes = {};

  /// \return none if `text` is anything but a dotted IPv4 or an IPv6 address without a zone
  static std::optional<IpAddress> parse(std::string_view text) noexcept;
  static IpAddress of_v4(const void* four_bytes) noexcept;
  static IpAddress of_v6(const void* sixteen_bytes) noexcept;

  bool is_v4() const noexcept;
  /// The one spelling of the address: `203.0.113.7`, `2001:db8::1`.
  std::string text() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
