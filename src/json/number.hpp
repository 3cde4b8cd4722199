#pragma once

/// \file
/// Numbers as JSON writes them. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Whether `number`, which RFC 8259 allows, can be held by `double`, rounded; to 0 where it is
/// small.
bool is_finite(std::string_view number) noexcept;

}  // namespace json
}  // namespace v0
}  // namespace vx11
