#pragma once

/// \file
/// Keys of the accounts of clients. Internal.

#include <vx11/http_message.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// The address that sent `head`. Of IPv6 the network of 64 bits, since a host has all addresses in
/// it; an IPv4 address within IPv6 (`::ffff:203.0.113.7`) counts as that. None if the address is
/// unknown, as of a Unix socket or within the process.
std::optional<std::uint64_t> address_key(const HttpRequest& head) noexcept;

/// A name, such as a principal's.
std::uint64_t name_key(std::string_view name) noexcept;

/// One key of two.
constexpr std::uint64_t joined(std::uint64_t a, std::uint64_t b) noexcept {
  return a ^ (b + 0x9E3779B97F4A7C15U + (a << 6U) + (a >> 2U));
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
