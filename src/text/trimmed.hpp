#pragma once

/// \file
/// Space around a piece of text. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// What HTTP takes for space around a value (RFC 9110 §5.6.3); line breaks are not part of it.
inline constexpr std::string_view kHttpSpace = " \t";
/// What JSON takes for space around a token (RFC 8259 §2).
inline constexpr std::string_view kJsonSpace = " \t\r\n";

/// `text` without the characters of `space` at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view space) noexcept {
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace v0
}  // namespace vx11
