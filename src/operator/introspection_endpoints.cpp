#include <vx11/session.hpp>
#include <vx11/version.hpp>

#include <cstddef>
#include <string>
#include <utility>

#include "metrics/page_answer.hpp"
#include "operator/answers.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// Read to find out whether the store can be read; nothing is stored under it.
constexpr std::string_view kNoSession = "vx11 readiness check";

constexpr std::string_view kSessions = "sessions";

HttpResponse not_ready(std::string_view reason) {
  json::Writer json(64);
  json.open('{').key("status").string("not_ready").key("reason").string(reason).close('}');
  return json_answer(503, std::move(json).take());
}

}  // namespace

Task<HttpResponse> show_caller(const Context& context, const Call& call) {
  json::Writer json(256);
  json.open('{').key("principal");
  call.principal != nullptr ? json.string(*call.principal) : json.raw("null");
  json.key("scopes").open('[');
  for (std::size_t i = 0; i < kScopes; ++i) {
    const auto scope = static_cast<Scope>(i);
    if (call.scopes.contains(scope)) json.string(to_string(scope));
  }
  json.close(']').key("names_users").boolean(context.options.auth->names_users()).close('}');
  return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_objectives(const Context& context, const Call& /*call*/) {
  const OperatorApiOptions& options = context.options;
  const WallTime now = options.wall_clock.now();
  if (options.objectives != nullptr) {
    return json_answer(200, to_json(*options.objectives, now));
  }
  json::Writer json(64);
  json.open('{').key("objectives").open('[').close(']');
  json.key("timestamp").string(to_rfc3339(now)).close('}');
  return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_health(const Context& context, const Call& /*call*/) {
  json::Writer json(128);
  json.open('{').key("status").string("ok").key("module").string("tentaculo_link");
  json.key("version").string(VX11_VERSION_STRING);
  if (!context.options.embedded.empty()) json.key("embedded").boolean(true);
  json.close('}');
  return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_livez(const Context& /*context*/, const Call& /*call*/) {
  return json_answer(200, R"({"status":"ok"})");
}

Task<HttpResponse> show_readyz(const Context& context, const Call& /*call*/) {
  if (context.draining.load(std::memory_order_relaxed)) {
    co_return json_answer(503, R"({"status":"draining"})");
  }
  bool is_store_asked = true;
  for (const ReadinessCheck& check : context.options.readiness) {
    if (!check.is_ready()) co_return not_ready(check.name);
    is_store_asked = is_store_asked && check.name != kSessions;
  }
  if (!is_store_asked) co_return json_answer(200, R"({"status":"ready"})");
  auto reading = context.options.sessions->recent(std::string(kNoSession), 1);
  const auto messages = co_await std::move(reading);
  co_return messages ? json_answer(200, R"({"status":"ready"})") : not_ready(kSessions);
}

Task<HttpResponse> show_metrics(const Context& context, const Call& call) {
  return metrics::answer_of(*context.page, call.request);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
