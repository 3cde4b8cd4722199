#pragma once

/// \file
/// Keys of the accounts of clients. Internal.

#include <vx11/http_message.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

#include "random/keyed_hash.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

/// The address that sent `head`. Of IPv6 the network of 64 bits, since a host has all addresses in
/// it; an IPv4 address within IPv6 (`::ffff:203.0.113.7`) counts as that. None if the address is
/// unknown, as of a Unix socket or within the process.
std::optional<std::uint64_t> address_key(const HttpRequest& head);

/// A name, such as a principal's. Who chooses names cannot choose their keys.
std::uint64_t name_key(std::string_view name);

/// One key of two.
inline std::uint64_t joined(std::uint64_t a, std::uint64_t b) {
  return random::KeyedHash::of_pair(a, b);
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
