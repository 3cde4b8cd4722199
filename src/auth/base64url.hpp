#pragma once

/// \file
/// Base64 in the alphabet of URLs (RFC 4648 §5), without padding as JOSE has it. Internal.

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Decodes `text`. None for padding, invalid characters, an impossible length, or non-zero leftover
/// bits, so that every token has one spelling.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace v0
}  // namespace vx11
