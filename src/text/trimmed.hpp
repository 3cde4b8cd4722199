#pragma once

/// \file
/// Trims white space. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// HTTP's optional white space (RFC 9110 §5.6.3); does not include line breaks.
inline constexpr std::string_view kHttpSpace = " \t";
/// JSON's white space (RFC 8259 §2).
inline constexpr std::string_view kJsonSpace = " \t\r\n";

/// `text` without the characters of `space` at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view space) noexcept {
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace v0
}  // namespace vx11
