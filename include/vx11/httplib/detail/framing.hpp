#pragma once

/// \file
/// How a message read by cpp-httplib delimits its body. Internal to `vx11/httplib.hpp`.

#include <vx11/http/detail/control_fields.hpp>
#include <vx11/http/detail/message_head.hpp>

#include <optional>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Parses it as strictly as the library's own reader. cpp-httplib uses the first of several
/// lengths, and of a length only its leading digits, so unread bytes could be parsed as the next
/// message.
/// \return nothing if the headers contradict each other or are ambiguous
inline std::optional<http_detail::ControlFields> control_fields_of(
    const httplib::Headers& headers) {
  http_detail::ControlFields control;
  for (const auto& [name, value] : headers) {
    if (!http_detail::is_token(name) || !control.note(name, value).empty()) return std::nullopt;
  }
  return control;
}

/// Whether a request with these fields has a body.
inline bool has_body(const http_detail::ControlFields& control) noexcept {
  return control.chunked || control.length.value_or(0) > 0;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
