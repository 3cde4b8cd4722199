#include "operator/guard.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "operator/answers.hpp"
#include "operator/media_type.hpp"

namespace vx11::inline v0::endpoints {

namespace {

bool needs_credential(const Context& context, const Route& route) noexcept {
  if (route.entry != Entry::as_metrics) return route.entry == Entry::with_credential;
  return context.options.metrics == MetricsAccess::with_token;
}

std::optional<HttpResponse> refuse_caller(const Authenticator& auth, const Headers& headers) {
  switch (auth.check(headers)) {
    case Access::granted:
      return std::nullopt;
    case Access::forbidden:
      return error_answer(403, "forbidden");
    case Access::auth_required:
      break;
  }
  HttpResponse response = error_answer(401, "auth_required");
  if (!auth.challenge().empty()) {
    response.headers.add("WWW-Authenticate", std::string(auth.challenge()));
  }
  return response;
}

std::optional<HttpResponse> refuse_method(const Route& route, std::string_view method) {
  if (method == route.method || (method == "HEAD" && route.method == "GET")) return std::nullopt;
  HttpResponse response =
      method == "OPTIONS" ? HttpResponse(204) : error_answer(405, "method_not_allowed");
  response.headers.add("Allow", route.method == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
  return response;
}

/// As the head declares it; none if it says nothing usable, which the server has to judge.
std::optional<std::uint64_t> declared_length(const Headers& headers) noexcept {
  const std::string_view text = headers.get("Content-Length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

bool brings_body(const HttpRequest& request) noexcept {
  return !request.body.empty() || declared_length(request.headers).value_or(0) > 0 ||
         request.headers.contains("Transfer-Encoding");
}

bool is_too_large(const HttpRequest& request, std::size_t most) noexcept {
  return request.body.size() > most || declared_length(request.headers).value_or(0) > most;
}

bool is_type_acceptable(const Route& route, const HttpRequest& request) noexcept {
  if (route.body == BodyRule::ignored) return true;
  if (route.body == BodyRule::optional && !brings_body(request)) return true;
  return is_plain_json(request.headers);
}

}  // namespace

std::optional<HttpResponse> refuse(const Context& context, const Match& match,
                                   const HttpRequest& request) {
  if (match.route == nullptr) return error_answer(404, "not_found");
  if (needs_credential(context, *match.route)) {
    if (auto refused = refuse_caller(*context.options.auth, request.headers)) return refused;
  }
  if (auto refused = refuse_method(*match.route, request.method)) return refused;
  if (!is_type_acceptable(*match.route, request)) {
    return error_answer(415, "unsupported_media_type");
  }
  if (is_too_large(request, context.options.max_body_bytes)) return error_answer(413, "too_large");
  return std::nullopt;
}

}  // namespace vx11::inline v0::endpoints
