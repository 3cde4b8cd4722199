#include "operator/watch/observation.hpp"

#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/gateway/gateway_reply.hpp"
#include "operator/watch/evidence.hpp"
#include "operator/watch/window_view.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::HttpResponse;
using vx11::Result;
using vx11::Task;
using Reply = tl::expected<GatewayReply, ApiAnswer>;

/// A gateway has few of each; more is an answer that makes no sense.
constexpr std::size_t kMaxValues = 256;

void add(Observation& seen, WatchedValue value) {
  if (seen.values.size() < kMaxValues) seen.values.push_back(std::move(value));
}

WatchedValue value_of(std::string family, std::string name, std::string value, bool is_normal,
                      std::string reason = {}) {
  WatchedValue made;
  made.family = std::move(family);
  made.name = std::move(name);
  made.value = std::move(value);
  made.reason = std::move(reason);
  made.is_normal = is_normal;
  return made;
}

/// A component that is not configured is unknown for ever, which is normal.
bool is_normal_component(const json& seen) {
  const std::string status = text_member(seen, "status");
  return status == "ok" || status == "available" ||
         (status == "unknown" && text_member(seen, "reason") == "not_configured");
}

void add_components(Observation& seen, const json& components, LatencySeries& latencies) {
  for (const auto& [name, each] : components.items()) {
    const std::string status = text_member(each, "status", "unknown");
    // A breaker is watched as such: its component would report the same change again.
    if (text_member(each, "source") == "breaker") continue;
    add(seen, value_of("component", name, status, is_normal_component(each),
                       text_member(each, "reason", text_member(each, "error"))));
    const json& took = member(each, "latency_ms");
    if (!took.is_number() || text_member(each, "source") == "self") continue;
    latencies.add(name, "status", seen.at, took.get<double>(), status);
  }
}

void add_breakers(Observation& seen, const json& breakers) {
  for (const auto& [name, each] : breakers.items()) {
    const std::string state = text_member(each, "state");
    if (state.empty()) continue;
    const bool is_isolated = text_member(each, "mode") == "isolated";
    add(seen, value_of("breaker", name, is_isolated ? "isolated" : state, state == "closed"));
  }
}

/// The more severe of the alerts that fire; "ok" without any.
std::string firing(const json& alerts) {
  std::string worst = "ok";
  if (!alerts.is_array()) return worst;
  for (const json& alert : alerts) {
    if (member(alert, "firing") != true) continue;
    if (text_member(alert, "severity") == "page") return "page";
    worst = "ticket";
  }
  return worst;
}

void add_objectives(Observation& seen, const json& objectives) {
  if (!objectives.is_array()) return;
  for (const json& each : objectives) {
    const std::string alert = firing(member(each, "alerts"));
    add(seen, value_of("objective", text_member(each, "name"), alert, alert == "ok"));
  }
}

/// Whether the gateway answers, and whether it accepts the token of the backend.
void add_gateway(Observation& seen, const Reply& status) {
  const bool is_refused = status && (status->status == 401 || status->status == 403);
  const bool answers = status && (is_refused || status->ok());
  const std::string reason = status ? "status " + std::to_string(status->status)
                                    : text_member(status.error().body, "reason");
  add(seen, value_of("gateway", "tentaculo_link", answers ? "here" : "away", answers,
                     answers ? std::string() : reason));
  if (!answers) return;
  add(seen, value_of("watcher", "operator-backend", is_refused ? "refused" : "admitted",
                     !is_refused, is_refused ? reason : std::string()));
  seen.snapshot.gateway_answers = true;
}

Task<Result<HttpResponse>> get(GatewayClient& gateway, const Caller& caller, const char* path,
                               vx11::Deadline deadline) {
  GatewayRequest request("GET", path, caller, {});
  return gateway.send(std::move(request), std::move(deadline));
}

std::vector<Task<Result<HttpResponse>>> ask_all(GatewayClient& gateway, const Caller& caller,
                                                const vx11::Deadline& deadline) {
  std::vector<Task<Result<HttpResponse>>> asking;
  for (const char* path : {"/operator/status", "/operator/power/state",
                           "/vx11/circuit-breaker/status", "/operator/slo"}) {
    asking.push_back(get(gateway, caller, path, deadline));
  }
  return asking;
}

void see_status(Observation& seen, Reply status, PowerEvidence power, LatencySeries& latencies) {
  SystemEvidence evidence;
  evidence.at = seen.at;
  evidence.status = std::move(status->body);
  evidence.power = std::move(power.state);
  evidence.power_reason = std::move(power.reason);
  add_components(seen, member(evidence.status, "components"), latencies);
  seen.knows_power = evidence.power.has_value();
  if (seen.knows_power && !evidence.power->windows.empty()) {
    seen.window = evidence.power->windows.front();
  }
  seen.snapshot.status = status_view(evidence);
  const vx11::PowerState* const state = evidence.power ? &*evidence.power : nullptr;
  seen.snapshot.power = window_view(state, evidence.power_reason, false);
}

}  // namespace

Task<Observation> observe(GatewayClient& gateway, Caller caller, vx11::Deadline deadline,
                          vx11::WallTime now, LatencySeries& latencies) {
  auto all = vx11::when_all(ask_all(gateway, caller, deadline));
  std::vector<Result<HttpResponse>> answers = co_await std::move(all);
  Observation seen;
  seen.at = now;
  seen.snapshot.at = now;
  Reply status = read_reply(std::move(answers[0]));
  if (status && status->ok() && !is_gateway_status(status->body)) {
    status = tl::unexpected(invalid_gateway_reply());
  }
  add_gateway(seen, status);
  if (!status || !status->ok()) co_return seen;
  PowerEvidence power = power_evidence(read_reply(std::move(answers[1])), now);
  see_status(seen, std::move(status), std::move(power), latencies);
  const Reply breakers = read_reply(std::move(answers[2]));
  if (breakers && breakers->ok()) {
    seen.snapshot.breakers = member(breakers->body, "breakers");
    add_breakers(seen, seen.snapshot.breakers);
  }
  const Reply objectives = read_reply(std::move(answers[3]));
  if (objectives && objectives->ok()) add_objectives(seen, member(objectives->body, "objectives"));
  co_return seen;
}

}  // namespace backend
