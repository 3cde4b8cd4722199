#include "front/cors.hpp"

#include <algorithm>
#include <string_view>

#include "http/error_answer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view kRequestFields =
    "Content-Type, Authorization, X-VX11-Token, X-VX11-Power-Key, X-VX11-Power-Token, "
    "X-Request-Id, X-Correlation-Id, Idempotency-Key, Last-Event-ID, traceparent, tracestate, "
    // What the openai package sends.
    "User-Agent, OpenAI-Organization, OpenAI-Project, OpenAI-Beta, X-Stainless-Lang, "
    "X-Stainless-Package-Version, X-Stainless-OS, X-Stainless-Arch, X-Stainless-Runtime, "
    "X-Stainless-Runtime-Version, X-Stainless-Retry-Count, X-Stainless-Timeout, "
    "X-Stainless-Helper-Method";
constexpr std::string_view kAnswerFields =
    "Retry-After, WWW-Authenticate, X-Request-Id, X-Should-Retry, X-Vx11-Source, X-Vx11-Reason, "
    "Idempotent-Replayed, RateLimit, RateLimit-Policy";
/// Seconds for which a browser keeps the answer to a preflight request; Chromium takes no more than
/// two hours.
constexpr std::string_view kMaxAge = "600";

}  // namespace

bool is_from_allowed_origin(std::span<const std::string> allowed, const HttpRequest& head) {
  if (allowed.empty() || head.headers.count("Origin") != 1) return false;
  const std::string_view origin = head.headers.get("Origin");
  return std::any_of(allowed.begin(), allowed.end(),
                     [=](std::string_view entry) { return entry == "*" || entry == origin; });
}

std::optional<HttpResponse> answer_preflight(std::span<const std::string> allowed,
                                             const HttpRequest& head) {
  const bool asks = head.method == "OPTIONS" && head.headers.contains("Origin") &&
                    head.headers.contains("Access-Control-Request-Method");
  if (!asks || allowed.empty()) return std::nullopt;
  if (!is_from_allowed_origin(allowed, head))
    return http_detail::error_answer(403, "origin_not_allowed");
  HttpResponse answer(204);
  answer.headers.add("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS");
  answer.headers.add("Access-Control-Allow-Headers", kRequestFields);
  answer.headers.add("Access-Control-Max-Age", kMaxAge);
  return answer;
}

void add_cors_fields(std::span<const std::string> allowed, const HttpRequest& head,
                     HttpResponse& answer) {
  if (allowed.empty()) return;
  answer.headers.add("Vary", "Origin");
  if (!is_from_allowed_origin(allowed, head)) return;
  const std::string_view origin = head.headers.get("Origin");
  answer.headers.add("Access-Control-Allow-Origin", origin);
  // A page that `*` alone admits may not use what the browser has for this host, such as a client
  // certificate, or the cookie of a proxy.
  if (origin != "*" && std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) {
    answer.headers.add("Access-Control-Allow-Credentials", "true");
  }
  answer.headers.add("Access-Control-Expose-Headers", kAnswerFields);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
