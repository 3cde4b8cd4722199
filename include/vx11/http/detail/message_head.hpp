#pragma once

/// \file
/// The grammar of a message head, and the serialisation of a request head. Internal to the
/// transports.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// A token of RFC 9110 §5.6.2.
VX11_API bool is_token(std::string_view text) noexcept;
/// A valid field value: no control characters but the tab (RFC 9110 §5.5).
VX11_API bool is_field_value(std::string_view text) noexcept;

/// Why the request cannot be sent as HTTP/1.1; empty if it can. Refuses a method, target or field
/// with bytes that would end its line (request splitting).
VX11_API std::string_view mistake_in(const HttpRequest& request) noexcept;

/// Appends the request line and the fields, up to and including the empty line. The transport sets
/// the framing: Connection, Content-Length, Expect and Transfer-Encoding of the request are
/// omitted. `authority` and `user_agent` are the defaults for the fields Host and User-Agent.
VX11_API void append_request_head(std::string& out, const HttpRequest& request,
                                  std::string_view authority, std::string_view user_agent);

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
