#pragma once

/// \file
/// Answers shared by several endpoints. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/router.hpp>

#include <string>
#include <string_view>

#include "http/error_answer.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

using http_detail::error_answer;
using http_detail::method_answer;

HttpResponse json_answer(int status, std::string body);

/// Begins `{"status":"service_offline",…`; the caller appends members and closes it. The reason
/// `isolated` is explained in `detail`.
void begin_offline(json::Writer& json, std::string_view module, std::string_view reason,
                   std::string_view message);

/// A 503 with `Retry-After`: `retry_after` in whole seconds, rounded up, from one to an hour.
HttpResponse offline_answer(std::string body, Duration retry_after);

/// Adds `Retry-After` in whole seconds, rounded up, an hour at most; nothing for a `wait` of zero.
void add_retry_after(HttpResponse& answer, Duration wait);

/// An error as the `reason` of a 503: the outcome's word, without the upstream's name.
std::string_view offline_reason(Errc code) noexcept;
/// The same for a call through `breaker`, which an operator may hold open. It may be null.
std::string_view offline_reason(Errc code, const CircuitBreaker* breaker) noexcept;

/// Applied to every answer: no caching, no content sniffing; for HEAD no body, but the
/// Content-Length it would have.
void finish(HttpResponse& response, std::string_view method);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
