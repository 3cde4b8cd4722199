#pragma once

/// \file
/// Recognizes JSON media types. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether `content_type` is `application/json` or a `+json` type (RFC 6839), in UTF-8.
bool is_json_in_utf8(std::string_view content_type) noexcept;

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
