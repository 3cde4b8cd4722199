#pragma once

/// \file
/// Percent-encoding in URLs. Internal.

#include <vx11/export.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Decodes a part of a URL (RFC 3986 §2.1); none if a `%` is not followed by two hexadecimal
/// digits.
VX11_API std::optional<std::string> decode_percent(std::string_view part);

/// Encodes every byte but the unreserved ones, so that the result has one meaning in any part of a
/// URL.
VX11_API std::string encode_percent(std::string_view bytes);

}  // namespace v0
}  // namespace vx11
