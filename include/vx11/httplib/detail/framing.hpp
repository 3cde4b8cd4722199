#pragma once

/// \file
/// How a message that cpp-httplib has read says where its body ends. Internal to
/// `vx11/httplib.hpp`.

#include <vx11/http/detail/control_fields.hpp>
#include <vx11/http/detail/message_head.hpp>

#include <optional>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Reads it as strictly as the library's own reader: cpp-httplib takes the first of several
/// lengths, and a length as far as it has digits, so that what it leaves unread would be taken for
/// the next message.
/// \return nothing if the headers contradict each other, or two readers could understand them
/// differently
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
