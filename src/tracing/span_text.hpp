#pragma once

/// \file
/// Attributes of spans that may be absent. Internal.

#include <vx11/tracing.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace tracing {

/// Adds a text, unless it is empty.
inline void add_text(Span& span, std::string_view name, std::string_view value) {
  if (!value.empty()) span.add(name, std::string(value));
}

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
