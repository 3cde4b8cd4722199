#pragma once

/// \file
/// Whether a body is JSON as we read it. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether `content_type` is `application/json` or a type in `+json` (RFC 6839), in UTF-8.
bool is_json_in_utf8(std::string_view content_type) noexcept;

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
