#pragma once

/// \file
/// Serializes responses. Internal.

#include <vx11/http_message.hpp>

#include <ctime>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), whatever the C locale is.
std::string http_date(std::time_t time);

/// How the end of the body is indicated.
enum class Framing : unsigned char { length, chunked, until_close, no_body, upgrade };
/// What happens to the connection. Keeping it is the default (RFC 9112 §9.3) and is stated only to
/// a client of HTTP/1.0 that asked for it.
enum class Persistence : unsigned char { keep, keep_and_say, close };

/// Appends status line and header fields, with Date, Connection and the framing fields, up to and
/// including the empty line. With `length` the Content-Length is that of the body; with `no_body`,
/// for the response to HEAD, it is the one in `response`. `upgrade` is for an answer 101.
void append_head(std::string& out, const HttpResponse& response, Framing framing,
                 Persistence persistence);

/// Appends a piece of a chunked body; an empty piece ends it.
void append_chunk(std::string& out, std::string_view piece);

/// An error response in the API's form: `{"error":…,"status_code":…,"message":…}`.
HttpResponse refusal(int status, std::string_view why);

/// Whether a response of that status may have a body or a Content-Length (RFC 9110 §6.4.1).
constexpr bool may_have_body(int status) noexcept {
  return status != 204 && status != 304;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
