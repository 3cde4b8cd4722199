#include <vx11/chat_completions_api.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/session.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "completions/context.hpp"
#include "completions/embeddings.hpp"
#include "completions/endpoint.hpp"
#include "completions/errors.hpp"
#include "front/body_head.hpp"
#include "front/cors.hpp"
#include "front/page_origin.hpp"
#include "front/refusal.hpp"
#include "http/request_id.hpp"
#include "http/retry_after.hpp"
#include "http/route_pattern.hpp"
#include "http/safety_fields.hpp"

namespace vx11 {
inline namespace v0 {

using completions::AnswerStyle;
using completions::ApiError;
using completions::error_response;
using completions::RouteLabel;

namespace {

struct Route {
  std::string_view pattern;  ///< For logs.
  std::string_view path;  ///< Below `/v1`. One that ends with a slash is followed by an argument.
  std::string_view method;
  RouteLabel label;
};

constexpr std::array<Route, 6> kRoutes = {
    {{"/v1/chat/completions", "/chat/completions", "POST", RouteLabel::chat_completions},
     {"/v1/responses", "/responses", "POST", RouteLabel::responses},
     {"/v1/completions", "/completions", "POST", RouteLabel::completions},
     {"/v1/embeddings", "/embeddings", "POST", RouteLabel::embeddings},
     {"/v1/models", "/models", "GET", RouteLabel::models},
     {"/v1/models/{}", "/models/", "GET", RouteLabel::model}}};

struct Match {
  const Route* route = nullptr;
  std::string_view argument = {};

  std::string_view pattern() const noexcept {
    return route != nullptr ? route->pattern : std::string_view();
  }
  RouteLabel label() const noexcept { return route != nullptr ? route->label : RouteLabel::none; }
};

Match find_route(std::string_view target) noexcept {
  std::string_view path = http_detail::path_of(target);
  if (path.starts_with("/v1/")) path.remove_prefix(3);
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  for (const Route& route : kRoutes) {
    if (path == route.path) return {&route, {}};
    const bool has_argument = route.path.ends_with('/') && path.starts_with(route.path);
    if (has_argument) return {&route, path.substr(route.path.size())};
  }
  return {};
}

HttpResponse not_served() {
  return error_response(
      ApiError(404, "not_found",
               "this path is not served; POST /v1/chat/completions, /v1/responses, "
               "/v1/completions and /v1/embeddings, GET /v1/models and /v1/models/{id} are"));
}

/// Of every route: models are listed for those who chat.
HttpResponse missing_scope() {
  HttpResponse answer =
      error_response(ApiError(403, "insufficient_scope", "the token lacks the scope chat"));
  answer.headers.add("WWW-Authenticate", R"(Bearer error="insufficient_scope", scope="chat")");
  return answer;
}

HttpResponse too_many_attempts(Duration wait) {
  HttpResponse answer = error_response(ApiError(
      429, "too_many_attempts", "too many wrong tokens came from this address; wait, then retry"));
  answer.headers.add("Retry-After", std::to_string(retry_after_seconds(wait).count()));
  return answer;
}

HttpResponse wrong_method(const Route& route, std::string_view method) {
  HttpResponse answer =
      method == "OPTIONS"
          ? HttpResponse(204)
          : error_response(ApiError(405, "method_not_allowed", "the path has another method"));
  answer.headers.add("Allow", route.method == "GET" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
  return answer;
}

AnswerStyle style_of(RouteLabel route) noexcept {
  if (route == RouteLabel::responses) return AnswerStyle::response;
  const bool is_text = route == RouteLabel::completions;
  return is_text ? AnswerStyle::text_completion : AnswerStyle::chat_completion;
}

Result<void> check(const ChatCompletionsApiOptions& options) {
  detail::Mistakes mistakes;
  mistakes.add_if(options.auth == nullptr, "auth is missing");
  mistakes.add_if(options.models.empty(), "models is empty");
  mistakes.add_if(options.max_body_bytes == 0, "max_body_bytes is zero");
  mistakes.add_if(options.max_retry_after < std::chrono::seconds(1),
                  "max_retry_after is below one second");
  mistakes.add_if(options.stream.heartbeat <= Duration::zero(),
                  "stream.heartbeat must be above zero");
  for (const auto& [name, router] : options.models) {
    mistakes.about("model", name);
    mistakes.add_if(name.empty(), "the name is empty");
    mistakes.add_if(router == nullptr, "it has no router");
  }
  for (const auto& [name, router] : options.embeddings) {
    mistakes.about("embeddings of model", name);
    mistakes.add_if(!options.models.contains(name), "models has no such name");
    mistakes.add_if(router == nullptr, "they have no router");
  }
  return std::move(mistakes).result();
}

}  // namespace

struct ChatCompletionsApi::Impl : completions::Context {
  using Context::Context;

  std::optional<HttpResponse> refuse(const Match& match, const HttpRequest& head,
                                     HttpAdmission::Match& found) const;
  std::optional<HttpResponse> refuse_origin(const HttpRequest& head) const;
  std::optional<HttpResponse> refuse_caller(const HttpRequest& head,
                                            HttpAdmission::Match& found) const;
  std::optional<HttpResponse> refuse_content(const HttpRequest& head) const;
  /// Adds the fields common to every answer.
  void finish(HttpResponse& answer, const HttpRequest& request, std::string_view request_id) const;
};

std::optional<HttpResponse> ChatCompletionsApi::Impl::refuse_origin(const HttpRequest& head) const {
  switch (endpoints::origin_fault(options.hosts, options.cors_origins, head)) {
    case endpoints::OriginFault::none:
      return std::nullopt;
    case endpoints::OriginFault::host:
      report(OperatorEventKind::host_refused);
      return error_response(
          ApiError(403, "host_not_allowed", "the Host of the request is not configured"));
    case endpoints::OriginFault::cross_site:
      report(OperatorEventKind::cross_site_refused);
      return error_response(
          ApiError(403, "cross_site", "the origin of the page is not configured"));
  }
  return std::nullopt;
}

std::optional<HttpResponse> ChatCompletionsApi::Impl::refuse_caller(
    const HttpRequest& head, HttpAdmission::Match& found) const {
  AccessCheck checked = options.auth->authenticate(head);
  const std::string_view principal = checked.principal ? *checked.principal : std::string_view();
  if (checked.access == Access::granted) {
    found.scopes = checked.scopes;
    if (checked.scopes.allow(Scope::chat)) {
      found.principal = std::move(checked.principal);
      return std::nullopt;
    }
    report(OperatorEventKind::scope_missing, principal, to_string(Scope::chat));
    return missing_scope();
  }
  if (checked.access == Access::auth_required) {
    HttpResponse answer =
        error_response(ApiError(401, "auth_required", "send the token as Authorization: Bearer"));
    answer.headers.add("WWW-Authenticate", "Bearer");
    return answer;
  }
  report(OperatorEventKind::credential_refused, principal, checked.reason);
  if (checked.access == Access::limited) return too_many_attempts(checked.retry_after);
  const bool is_unknown = checked.access == Access::key_unknown;
  if (is_unknown || checked.access == Access::expired) {
    HttpResponse answer = error_response(ApiError(
        401, "invalid_token",
        is_unknown ? "the key of the token is unknown; try again" : "the token has expired"));
    answer.headers.add("WWW-Authenticate", R"(Bearer error="invalid_token")");
    return answer;
  }
  return error_response(ApiError(403, "forbidden", "the token is wrong"));
}

std::optional<HttpResponse> ChatCompletionsApi::Impl::refuse_content(
    const HttpRequest& head) const {
  const endpoints::BodyHead body(head.headers);
  if (body.is_coded()) {
    report(OperatorEventKind::coding_refused);
    return error_response(
        ApiError(415, "unsupported_content_encoding", "send the body uncompressed"));
  }
  if (!body.is_json()) {
    report(OperatorEventKind::content_type_refused);
    return error_response(ApiError(415, "unsupported_media_type",
                                   "send JSON in UTF-8, with Content-Type: application/json"));
  }
  const std::size_t most = options.max_body_bytes;
  if (head.body.size() <= most && body.length() <= most) return std::nullopt;
  return error_response(ApiError(413, "too_large", "the body is too large"));
}

std::optional<HttpResponse> ChatCompletionsApi::Impl::refuse(const Match& match,
                                                             const HttpRequest& head,
                                                             HttpAdmission::Match& found) const {
  if (match.route == nullptr) return not_served();
  if (auto refused = refuse_origin(head)) return refused;
  if (auto refused = refuse_caller(head, found)) return refused;
  const std::string_view method = head.method == "HEAD" ? std::string_view("GET") : head.method;
  if (method != match.route->method) return wrong_method(*match.route, head.method);
  return method == "POST" ? refuse_content(head) : std::nullopt;
}

void ChatCompletionsApi::Impl::finish(HttpResponse& answer, const HttpRequest& request,
                                      std::string_view request_id) const {
  endpoints::add_cors_fields(options.cors_origins, request, answer);
  http_detail::add_safety_fields(answer);
  http_detail::add_request_id(answer, request_id);
}

Result<ChatCompletionsApi> ChatCompletionsApi::create(ChatCompletionsApiOptions options) {
  if (Result<void> checked = check(options); !checked) return fail(std::move(checked.error()));
  return ChatCompletionsApi(std::make_shared<const Impl>(std::move(options)));
}

Result<ChatCompletionsApi> ChatCompletionsApi::successor(ChatCompletionsApiOptions options) const {
  if (Result<void> checked = check(options); !checked) return fail(std::move(checked.error()));
  return ChatCompletionsApi(std::make_shared<const Impl>(std::move(options), impl_.get()));
}

tl::expected<HttpAdmission, HttpResponse> ChatCompletionsApi::admit(const HttpRequest& head) const {
  const Impl& impl = *impl_;
  const Match match = find_route(head.target);
  HttpAdmission::Match found{match.route, match.argument, impl.options.clock.now()};
  found.pattern = match.pattern();
  std::optional<HttpResponse> refused;
  try {
    refused = endpoints::answer_preflight(impl.options.cors_origins, head);
    if (!refused) refused = impl.refuse(match, head, found);
  } catch (...) {
    refused = error_response(ApiError(500, "internal", "the request could not be completed"));
  }
  if (!refused) return {tl::in_place, *this, impl.options.max_body_bytes, std::move(found)};
  impl.finish(*refused, head, http_detail::request_id_of(head.headers));
  impl.answered(match.label(), refused->status);
  return tl::unexpected(*std::move(refused));
}

std::string_view ChatCompletionsApi::route(std::string_view target) const noexcept {
  return find_route(target).pattern();
}

Task<StreamedResponse> ChatCompletionsApi::open(const HttpRequest& request,
                                                const HttpAdmission& admission,
                                                Deadline deadline) const {
  const std::shared_ptr<const Impl> impl = impl_;
  const auto& route = *static_cast<const Route*>(admission.match().route);
  const std::string request_id = http_detail::request_id_of(request.headers);
  StreamedResponse answer;
  try {
    std::shared_ptr<const completions::Context> context = impl;
    if (route.label == RouteLabel::embeddings) {
      Task<HttpResponse> answering = completions::answer_embeddings(
          std::move(context), request, admission, request_id, deadline);
      answer.head = co_await std::move(answering);
    } else if (route.method == "POST") {
      Task<StreamedResponse> answering = completions::complete_chat(
          std::move(context), style_of(route.label), request, admission, request_id, deadline,
          impl->count_of(route.pattern, request, admission));
      answer = co_await std::move(answering);
    } else if (route.label == RouteLabel::models) {
      answer.head = completions::list_models(*impl);
    } else {
      answer.head = completions::show_model(*impl, admission.match().argument);
    }
  } catch (...) {
    answer.head = error_response(ApiError(500, "internal", "the request could not be completed"));
  }
  impl->finish(answer.head, request, request_id);
  if (answer.body == nullptr) {
    impl->answered(route.label, answer.head.status);
    const endpoints::RouteCount count = impl->count_of(route.pattern, request, admission);
    count.answered(answer.head.status, impl->since(admission.match().since));
  }
  co_return std::move(answer);
}

Task<StreamedResponse> ChatCompletionsApi::open_owned(const HttpRequest& request,
                                                      HttpAdmission admission,
                                                      Deadline deadline) const {
  Task<StreamedResponse> opening = open(request, admission, std::move(deadline));
  co_return co_await std::move(opening);
}

Task<StreamedResponse> ChatCompletionsApi::open(const HttpRequest& request,
                                                Deadline deadline) const {
  auto admission = admit(request);
  if (!admission) return StreamedResponse(std::move(admission.error()), nullptr);
  return open_owned(request, *std::move(admission), std::move(deadline));
}

std::vector<ServedRoute> ChatCompletionsApi::routes() {
  std::vector<ServedRoute> served;
  for (const Route& route : kRoutes) {
    served.push_back({.method = route.method, .pattern = route.pattern});
  }
  return served;
}

std::vector<MetricFamily> ChatCompletionsApi::metric_families() const {
  if (impl_->metrics == nullptr) return {};
  return completions::metric_families(impl_->counters);
}

}  // namespace v0
}  // namespace vx11
