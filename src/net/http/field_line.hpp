#pragma once

/// \file
/// One field line of a header or trailer section. Internal.

#include <vx11/headers.hpp>

#include <string_view>

#include "http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Removes a value and its CRLF from the front of `text`; whitespace around the value is dropped.
/// \return false if there is none: it is malformed, or its line feed has not arrived
inline bool take_value_line(std::string_view& text, std::string_view& value) noexcept {
  const char* const end = text.data() + text.size();
  const char* begin = text.data();
  while (begin != end && http_detail::is_blank(*begin)) ++begin;
  const char* const line_end = http_detail::find_control(begin, end);
  if (!http_detail::starts_with_crlf(line_end, end)) return false;
  const char* last = line_end;
  while (last != begin && http_detail::is_blank(last[-1])) --last;
  value = {begin, last};
  text = {line_end + 2, end};
  return true;
}

/// Removes a field line and its CRLF from the front of `text`; name and value are views into it.
/// \return false if there is none: it is malformed, or its line feed has not arrived
inline bool take_field_line(std::string_view& text, Header& field) noexcept {
  const char* const end = text.data() + text.size();
  const char* const colon = http_detail::skip_token(text.data(), end);
  if (colon == text.data() || colon == end || *colon != ':') return false;
  field.name = {text.data(), colon};
  std::string_view rest(colon + 1, end);
  if (!take_value_line(rest, field.value)) return false;
  text = rest;
  return true;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
