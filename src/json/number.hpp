#pragma once

/// \file
/// JSON numbers. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Whether `number`, valid by RFC 8259, is in the range of `double`; it may be rounded, and small
/// numbers may become 0.
bool is_finite(std::string_view number) noexcept;

}  // namespace json
}  // namespace v0
}  // namespace vx11
