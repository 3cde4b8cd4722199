#pragma once

/// \file
/// Percent-encoding in paths. Internal.

#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The bytes that a path segment stands for (RFC 3986 §2.1); none if a `%` has no two hex digits
/// behind it.
std::optional<std::string> decode_percent(std::string_view segment);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
