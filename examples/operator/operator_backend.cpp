#include "operator/operator_backend.hpp"

#include <vx11/http_method.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/version.hpp>

#include <array>
#include <atomic>
#include <exception>
#include <string_view>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/correlation.hpp"
#include "operator/api/page_origin.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::StreamedResponse;
using vx11::Task;

std::string whole_path(const ApiRoute& route) {
  const bool is_whole = route.options.at_root || route.pattern.starts_with("/operator/");
  return is_whole ? route.pattern : "/operator/api" + route.pattern;
}

/// Without the id, which `send` adds.
HttpResponse to_response(const ApiAnswer& answer) {
  HttpResponse response(answer.status, "application/json", to_text(answer.body));
  for (const vx11::Header field : answer.headers) response.headers.add(field.name, field.value);
  return response;
}

StreamedResponse send(ApiAnswer answer, const std::string& correlation_id) {
  if (answer.is_json && answer.body.is_object()) answer.body["correlation_id"] = correlation_id;
  StreamedResponse response =
      answer.is_json ? StreamedResponse(to_response(answer), nullptr) : std::move(answer.other);
  if (!answer.is_json) {
    for (const vx11::Header field : answer.headers) {
      response.head.headers.add(field.name, field.value);
    }
  }
  response.head.headers.set("X-Request-Id", correlation_id);
  if (!response.head.headers.contains("Cache-Control")) {
    response.head.headers.add("Cache-Control", "no-store");
  }
  return response;
}

/// The first scope of the route that the caller has not.
std::optional<vx11::Scope> missing_scope(vx11::Scopes needed, vx11::Scopes has) {
  for (std::size_t i = 0; i < vx11::kScopes; ++i) {
    const auto scope = static_cast<vx11::Scope>(i);
    if (needed.contains(scope) && !has.allow(scope)) return scope;
  }
  return std::nullopt;
}

ApiAnswer lacks(vx11::Scope scope) {
  ApiAnswer answer = refusal(403, "insufficient_scope");
  answer.body["scope"] = vx11::to_string(scope);
  answer.body["message"] = "the credential lacks the scope " + std::string(vx11::to_string(scope));
  return answer;
}

/// Of a write, for the audit: what its route would have recorded.
std::string action_of(const ApiRoute& route) {
  using Named = std::pair<std::string_view, const char*>;
  static constexpr std::array<Named, 5> kActions = {{{"/chat", "chat"},
                                                     {"/settings", "settings.change"},
                                                     {"/sessions/{id}", "session.delete"},
                                                     {"/events/ingest", "events.ingest"},
                                                     {"/events/sse-token", "token.issue"}}};
  for (const auto& [pattern, action] : kActions) {
    if (route.pattern == pattern) return action;
  }
  return route.method + " " + route.pattern;
}

/// A route and what decides about its callers; shared by all requests.
class Endpoint {
 public:
  /// \param shared of all routes, without the routes themselves
  Endpoint(ApiRoute route, std::shared_ptr<const OperatorBackendOptions> shared)
      : route_(std::move(route)), shared_(std::move(shared)) {}

  std::optional<HttpResponse> refusal_of(const HttpRequest& head) const {
    if (!is_allowed_host(head.headers, shared_->hosts)) {
      return to_response(refusal(403, "host_not_allowed",
                                 "the Host of the request is not configured: server.hosts"));
    }
    if (route_.options.is_public) return std::nullopt;
    const auto refused = shared_->authorizer->refusal_of(head, route_.options.is_optional);
    if (!refused) return std::nullopt;
    return to_response(*refused);
  }

  /// \param self keeps the endpoint until the end
  static Task<StreamedResponse> answer(std::shared_ptr<const Endpoint> self,
                                       const vx11::RoutedRequest& call) {
    const std::string id = correlation_id_of(call.request.headers);
    ApiAnswer answer;
    try {
      auto answering = self->answer_or_refuse(call, id);
      answer = co_await std::move(answering);
    } catch (const std::exception& error) {
      self->report(error, id);
      answer = refusal(500, "internal");
    }
    co_return send(std::move(answer), id);
  }

 private:
  Task<ApiAnswer> answer_or_refuse(const vx11::RoutedRequest& call, const std::string& id) const {
    Caller caller;
    caller.address = call.request.peer != nullptr ? call.request.peer->address : std::string();
    if (!route_.options.is_public) {
      auto confirming = route_.options.login_suffices
                            ? shared_->authorizer->confirm_login(call.request, call.deadline)
                            : shared_->authorizer->confirm(call.request, call.deadline);
      Confirmation confirmed = co_await std::move(confirming);
      if (!confirmed) co_return std::move(confirmed.error());
      caller = *std::move(confirmed);
    }
    const bool is_known = !caller.token.empty();
    if (const auto scope = missing_scope(route_.options.scopes, caller.scopes); is_known && scope) {
      auto noting = note_refusal(call, caller, *scope, id);
      co_await std::move(noting);
      co_return lacks(*scope);
    }
    ApiCall admitted(call.request, call.deadline, std::move(caller), id);
    admitted.pattern = route_.pattern;
    auto answering = route_.answer(admitted);
    ApiAnswer answer = co_await std::move(answering);
    co_return answer;
  }

  /// A refusal that cannot be recorded is one all the same.
  Task<void> note_refusal(const vx11::RoutedRequest& call, const Caller& caller, vx11::Scope scope,
                          const std::string& id) const {
    if (shared_->audit == nullptr || vx11::is_safe(route_.method)) co_return;
    AuditEntry entry(caller, action_of(route_), call.path_argument("id"), id);
    entry.outcome = "refused";
    entry.detail["reason"] = "missing_scope";
    entry.detail["scope"] = vx11::to_string(scope);
    auto noting = shared_->audit->add(std::move(entry));
    co_await std::move(noting);
  }

  void report(const std::exception& error, const std::string& id) const {
    if (shared_->on_defect == nullptr) return;
    const std::string route = whole_path(route_);
    shared_->on_defect(Defect{error.what(), route_.method, route, id});
  }

  const ApiRoute route_;
  const std::shared_ptr<const OperatorBackendOptions> shared_;
};

void add(vx11::HttpRoutes& routes, const ApiRoute& route,
         const std::shared_ptr<const OperatorBackendOptions>& shared) {
  auto endpoint = std::make_shared<const Endpoint>(route, shared);
  vx11::RouteOptions options{
      .max_body_bytes = route.options.max_body_bytes,
      .admit = [endpoint](const HttpRequest& head) { return endpoint->refusal_of(head); }};
  routes.on(
      route.method, whole_path(route),
      [endpoint](const vx11::RoutedRequest& call) { return Endpoint::answer(endpoint, call); },
      std::move(options));
}

HttpResponse json_response(int status, const json& body) {
  return HttpResponse(status, "application/json", to_text(body));
}

HttpResponse readiness_of(const std::vector<Readiness>& checks, bool is_draining) {
  if (is_draining) return json_response(503, {{"status", "draining"}});
  for (const Readiness& check : checks) {
    if (!check.is_ready()) {
      return json_response(503, {{"status", "not_ready"}, {"reason", check.name}});
    }
  }
  return json_response(200, {{"status", "ready"}});
}

/// Knows that the server is about to stop.
class Draining final : public vx11::HttpHandler {
 public:
  Draining(std::shared_ptr<vx11::HttpHandler> inner, std::shared_ptr<std::atomic<bool>> draining)
      : inner_(std::move(inner)), draining_(std::move(draining)) {}

  tl::expected<vx11::HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    return inner_->admit(head);
  }
  Task<StreamedResponse> open(const HttpRequest& request, const vx11::HttpAdmission& admission,
                              vx11::Deadline deadline) const override {
    return inner_->open(request, admission, std::move(deadline));
  }
  std::string_view route(std::string_view target) const noexcept override {
    return inner_->route(target);
  }
  void drain() noexcept override {
    draining_->store(true);
    inner_->drain();
  }

 private:
  std::shared_ptr<vx11::HttpHandler> inner_;
  std::shared_ptr<std::atomic<bool>> draining_;
};

void add_health(vx11::HttpRoutes& routes, std::vector<Readiness> checks,
                std::shared_ptr<const std::atomic<bool>> draining) {
  routes.get("/health", [](const HttpRequest&) {
    return json_response(
        200, {{"status", "ok"}, {"module", "operator_backend"}, {"version", VX11_VERSION_STRING}});
  });
  routes.get("/livez", [](const HttpRequest&) { return json_response(200, {{"status", "ok"}}); });
  routes.get("/readyz", [checks = std::move(checks), draining](const HttpRequest&) {
    return readiness_of(checks, draining->load());
  });
}

}  // namespace

vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_operator_backend(
    OperatorBackendOptions options) {
  const auto draining = std::make_shared<std::atomic<bool>>(false);
  vx11::HttpRoutes routes;
  const ApiRoutes api = std::exchange(options.routes, {});
  const auto mounts = std::exchange(options.mounts, {});
  const auto shared = std::make_shared<const OperatorBackendOptions>(std::move(options));
  for (const ApiRoute& route : api) add(routes, route, shared);
  add_health(routes, shared->readiness, draining);
  for (const auto& [prefix, handler] : mounts) routes.mount(prefix, handler);
  auto built = routes.build();
  if (!built) return built;
  return make_canonical(std::make_shared<Draining>(*std::move(built), draining));
}

std::vector<std::pair<std::string, std::string>> served_routes(const ApiRoutes& routes) {
  std::vector<std::pair<std::string, std::string>> served;
  for (const ApiRoute& route : routes) {
    served.emplace_back(route.method, whole_path(route));
  }
  for (const char* path : {"/health", "/livez", "/readyz"}) served.emplace_back("GET", path);
  return served;
}

}  // namespace backend
