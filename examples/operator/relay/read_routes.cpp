// Status, modules, topology, service levels, policies and latencies.
#include <vx11/session.hpp>

#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/relay/route_context.hpp"
#include "operator/watch/evidence.hpp"
#include "operator/watch/status_view.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

using View = json (*)(const SystemEvidence&);

Task<ApiAnswer> show(SharedContext context, const ApiCall& call, View view) {
  const GatewayRouteOptions& options = context->options;
  const auto until = call.deadline.capped(options.clock.now(), options.read_timeout);
  EvidenceQuestion question(call.caller, call.correlation_id, until, options.wall_clock.now());
  auto gathering = gather_evidence(*context->parts.gateway, std::move(question));
  tl::expected<SystemEvidence, ApiAnswer> evidence = co_await std::move(gathering);
  if (!evidence) co_return std::move(evidence.error());
  co_return ApiAnswer(view(*evidence));
}

Task<ApiAnswer> show_status(SharedContext context, const ApiCall& call) {
  return show(std::move(context), call, &status_view);
}

Task<ApiAnswer> show_modules(SharedContext context, const ApiCall& call) {
  return show(std::move(context), call, &modules_view);
}

Task<ApiAnswer> show_topology(SharedContext context, const ApiCall& call) {
  return show(std::move(context), call, &topology_view);
}

/// The gateway's answer as it is; one without `required` is none of the gateway.
Task<ApiAnswer> pass(SharedContext context, const ApiCall& call, const char* path,
                     const char* required) {
  auto reading = read_gateway(*context, call, path);
  ReplyOrAnswer reply = co_await std::move(reading);
  if (!reply) co_return std::move(reply.error());
  if (reply->ok() && member(reply->body, required).is_null()) co_return invalid_gateway_reply();
  co_return passed_on(*std::move(reply));
}

Task<ApiAnswer> show_objectives(SharedContext context, const ApiCall& call) {
  return pass(std::move(context), call, "/operator/slo", "objectives");
}

Task<ApiAnswer> show_policies(SharedContext context, const ApiCall& call) {
  return pass(std::move(context), call, "/operator/power/policies", "bounds");
}

Task<ApiAnswer> show_latency(SharedContext context, const ApiCall& /*call*/) {
  json body = json::object();
  body["series"] = context->parts.feed->latencies().to_json();
  return ApiAnswer(std::move(body));
}

}  // namespace

void add_read_routes(ApiRoutes& routes, const SharedContext& context) {
  const vx11::Scopes status{Scope::status};
  const vx11::Scopes power{Scope::power_read};
  routes.push_back(route_of(context, "GET", "/status", &show_status, status));
  routes.push_back(route_of(context, "GET", "/modules", &show_modules, status));
  routes.push_back(route_of(context, "GET", "/topology", &show_topology, status));
  routes.push_back(route_of(context, "GET", "/slo", &show_objectives, status));
  routes.push_back(route_of(context, "GET", "/latency", &show_latency, status));
  routes.push_back(route_of(context, "GET", "/power/policies", &show_policies, power));
}

}  // namespace backend
