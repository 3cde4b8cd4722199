#pragma once

/// \file
/// Base64 in the alphabet of URLs (RFC 4648 §5), without padding as JOSE has it. Internal.

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The bytes that `text` stands for. None for padding, foreign characters, an impossible length, or
/// bits left over that are not zero: there is one spelling of every token.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace v0
}  // namespace vx11
