#pragma once

/// \file
/// A response as the bytes that go out. Internal.

#include <vx11/http_message.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// How the end of the body is told.
enum class Framing : unsigned char { length, chunked, until_close, no_body };
/// What becomes of the connection. To keep it goes without saying (RFC 9112 §9.3), except to a
/// client of HTTP/1.0 that asked for it.
enum class Persistence : unsigned char { keep, keep_and_say, close };

/// Appends status line and header fields, with Date, Connection and the framing fields, up to and
/// including the empty line. With `length` the Content-Length is that of the body; with `no_body`,
/// the answer to HEAD, it is what the response says.
void append_head(std::string& out, const HttpResponse& response, Framing framing,
                 Persistence persistence);

/// Appends a piece of a chunked body; an empty one is its end.
void append_chunk(std::string& out, std::string_view piece);

/// A refusal in the API's form: `{"error":…,"status_code":…,"message":…}`.
HttpResponse refusal(int status, std::string_view why);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
