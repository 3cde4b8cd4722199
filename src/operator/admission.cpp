#include "operator/admission.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "front/body_head.hpp"
#include "front/page_origin.hpp"
#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view kDelete = "DELETE";

bool is_public(const Context& context, const Route& route) noexcept {
  if (!route.scope) return true;
  return route.endpoint == Endpoint::metrics && context.options.metrics == MetricsAccess::everyone;
}

/// Whether the program has what the route is for.
bool is_offered(const Context& context, const Route& route) noexcept {
  const AdminActions& admin = context.options.admin;
  if (route.endpoint == Endpoint::admin_reload) return admin.reload != nullptr;
  if (route.endpoint == Endpoint::admin_log_level) return admin.set_log_level != nullptr;
  if (route.endpoint == Endpoint::admin_revocations) return admin.revoke != nullptr;
  if (route.endpoint == Endpoint::intent) return context.options.intents.has_value();
  if (route.endpoint == Endpoint::inee) return context.options.inee.has_value();
  return true;
}

HttpResponse challenged(HttpResponse response, std::string challenge) {
  if (!challenge.empty()) response.headers.add("WWW-Authenticate", challenge);
  return response;
}

/// The challenge with the parameters of an error (RFC 6750 §3).
std::string with_error(std::string_view challenge, std::string_view error) {
  if (challenge.empty()) return std::string("Bearer ").append(error);
  return std::string(challenge).append(", ").append(error);
}

/// The caller is known, so the answer may say what is missing.
HttpResponse scope_answer(std::string_view challenge, Scope scope) {
  const std::string_view name = to_string(scope);
  json::Writer body;
  body.open('{').key("error").string("insufficient_scope").key("scope").string(name);
  body.key("status_code").integer(403).close('}');
  const std::string error =
      std::string(R"(error="insufficient_scope", scope=")").append(name).append("\"");
  return challenged(json_answer(403, std::move(body).take()), with_error(challenge, error));
}

HttpResponse too_many_attempts(Duration wait) {
  HttpResponse answer = error_answer(429, "too_many_attempts");
  add_retry_after(answer, std::max<Duration>(wait, std::chrono::seconds(1)));
  return answer;
}

/// Clients get a new token when they see this error.
constexpr std::string_view kExpired = R"(error="invalid_token", error_description="expired")";
constexpr std::string_view kUnknownKey =
    R"(error="invalid_token", error_description="unknown key")";

std::optional<std::string_view> error_of(Access access) noexcept {
  if (access == Access::expired) return kExpired;
  if (access == Access::key_unknown) return kUnknownKey;
  return std::nullopt;
}

/// Whether the route may be used with these scopes. Refused without `Route::scope`.
bool is_allowed(const Route& route, Scopes scopes, std::string_view method) noexcept {
  const bool reads = method != kDelete;
  return route.any_scope || scopes.allow(*route.scope) ||
         (reads && route.reader && scopes.allow(*route.reader));
}

std::optional<HttpResponse> refuse_caller(const Context& context, const Route& route,
                                          const HttpRequest& request, HttpAdmission::Match& found) {
  const Scope scope = *route.scope;
  const Authenticator& auth = *context.options.auth;
  AccessCheck checked = auth.authenticate(request);
  const std::string_view principal = checked.principal ? *checked.principal : std::string_view();
  if (checked.access == Access::granted) {
    found.scopes = checked.scopes;
    if (is_allowed(route, checked.scopes, request.method)) {
      found.principal = std::move(checked.principal);
      return std::nullopt;
    }
    context.report(OperatorEventKind::scope_missing, principal, to_string(scope));
    return scope_answer(auth.challenge(), scope);
  }
  if (checked.access == Access::auth_required) {
    return challenged(error_answer(401, "auth_required"), std::string(auth.challenge()));
  }
  context.report(OperatorEventKind::credential_refused, principal, checked.reason);
  if (checked.access == Access::limited) return too_many_attempts(checked.retry_after);
  if (const auto error = error_of(checked.access)) {
    return challenged(error_answer(401, "invalid_token"), with_error(auth.challenge(), *error));
  }
  return error_answer(403, "forbidden");
}

std::optional<HttpResponse> refuse_method(const Route& route, std::string_view method) {
  if (method == route.method || (method == "HEAD" && route.method == "GET")) return std::nullopt;
  if (method == kDelete && route.remove != nullptr) return std::nullopt;
  if (route.remove != nullptr) return method_answer(method, "GET, HEAD, DELETE, OPTIONS");
  if (route.method == "GET") return method_answer(method, "GET, HEAD, OPTIONS");
  return method_answer(method, std::string(route.method).append(", OPTIONS"));
}

std::optional<HttpResponse> refuse_origin(const Context& context, const Route& route,
                                          const HttpRequest& request) {
  if (!route.scope) return std::nullopt;
  const OperatorApiOptions& options = context.options;
  switch (origin_fault(options.hosts, options.cors_origins, request)) {
    case OriginFault::none:
      return std::nullopt;
    case OriginFault::host:
      context.report(OperatorEventKind::host_refused);
      return error_answer(403, "host_not_allowed");
    case OriginFault::cross_site:
      context.report(OperatorEventKind::cross_site_refused);
      return error_answer(403, "cross_site");
  }
  return std::nullopt;
}

std::optional<HttpResponse> refuse_content(const Context& context, const Route& route,
                                           const HttpRequest& request, const BodyHead& head) {
  if (route.body == BodyRule::ignored) return std::nullopt;
  const bool has_body = !request.body.empty() || head.brings_body();
  if (route.body == BodyRule::optional && !has_body) return std::nullopt;
  if (head.is_coded()) {
    context.report(OperatorEventKind::coding_refused);
    HttpResponse response = error_answer(415, "unsupported_content_encoding");
    response.headers.add("Accept-Encoding", "identity");  // RFC 9110 §12.5.3
    return response;
  }
  if (head.is_json()) return std::nullopt;
  context.report(OperatorEventKind::content_type_refused);
  HttpResponse response = error_answer(415, "unsupported_media_type");
  response.headers.add("Accept", "application/json");
  return response;
}

}  // namespace

std::optional<HttpResponse> refuse(const Context& context, const Match& match,
                                   const HttpRequest& request, HttpAdmission::Match& found) {
  if (match.route == nullptr || !is_offered(context, *match.route)) {
    return error_answer(404, "not_found");
  }
  if (auto refused = refuse_origin(context, *match.route, request)) return refused;
  if (!is_public(context, *match.route)) {
    if (auto refused = refuse_caller(context, *match.route, request, found)) return refused;
  }
  if (auto refused = refuse_method(*match.route, request.method)) return refused;
  const BodyHead head(request.headers);
  if (auto refused = refuse_content(context, *match.route, request, head)) return refused;
  const std::size_t most = context.options.max_body_bytes;
  if (request.body.size() > most || head.length() > most) return error_answer(413, "too_large");
  return std::nullopt;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
