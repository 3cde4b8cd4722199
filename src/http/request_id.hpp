#pragma once

/// \file
/// The id that links a request, its answer, its calls to upstreams and its lines in logs. Internal.

#include <vx11/export.hpp>
#include <vx11/headers.hpp>
#include <vx11/http_message.hpp>

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

inline constexpr std::string_view kRequestId = "X-Request-Id";

/// Whether a client's id is taken over: 1 to 128 characters, each a letter, a digit or one of
/// `-_.~+/=:@`. They need no escaping in JSON, in a header or in a URN, and start no comment in a
/// shell.
bool is_request_id(std::string_view text) noexcept;

/// `X-Request-Id`, or `X-Correlation-Id` where that is absent, as the client sent it; a new id
/// where it is malformed, repeated or absent.
VX11_API std::string request_id_of(const Headers& headers);

/// Adds the id, unless the answer has one.
VX11_API void add_request_id(HttpResponse& answer, std::string_view id);

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
