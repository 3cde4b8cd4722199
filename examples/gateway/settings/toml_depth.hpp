#pragma once

/// \file
/// Bounds the depth of a TOML document before it is parsed.

#include <cstddef>
#include <optional>
#include <string_view>

namespace gateway {

/// More than any key of the gateway has: auth.jwt.public_key_file has three parts.
inline constexpr std::size_t kMostKeyParts = 32;

/// The line of the first key with more than `kMostKeyParts` parts, or none. The parser makes a
/// table of each part and walks them recursively, so that a key of 50,000 parts would overflow the
/// stack. It bounds the depth of lists and inline tables itself.
std::optional<std::size_t> find_deep_key(std::string_view toml);

}  // namespace gateway
