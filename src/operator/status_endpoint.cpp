#include <vx11/session.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "operator/answers.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

void write_component(json::Writer& json, const ComponentHealth& component) {
  json.key(component.name).open('{').key("status").string(to_string(component.health));
  json.key("port").integer(component.port);
  if (!component.reason.empty()) json.key("reason").string(component.reason);
  if (!component.error.empty()) json.key("error").string(component.error);
  json.key("latency_ms").milliseconds(component.latency);
  json.key("checked_at").string(to_rfc3339(component.checked_at));
  json.key("source").string(to_string(component.source)).close('}');
}

void write_components(json::Writer& json, std::string_view key, const HealthReport& report) {
  json.plain_key(key).open('{');
  for (const ComponentHealth& component : report.components) write_component(json, component);
  json.close('}');
}

std::string_view policy_of(const HealthReport& report) noexcept {
  return report.power ? to_string(report.power->policy) : "unknown";
}

void write_windows(json::Writer& json, const HealthReport& report) {
  const std::optional<PowerState>& power = report.power;
  json.key("windows").open('{').key("policy").string(policy_of(report));
  json.key("active_count").integer(power ? static_cast<std::int64_t>(power->windows.size()) : 0);
  json.close('}');
}

/// The mode in the words of the older endpoint.
std::string_view mode_of(const HealthReport& report) noexcept {
  if (!report.power) return "unknown";
  switch (report.power->policy) {
    case PowerPolicy::operative_core:
      return "windowed";
    case PowerPolicy::solo_madre:
    case PowerPolicy::full:
      break;
  }
  return to_string(report.power->policy);
}

bool serves(const HealthReport& report, std::string_view name) noexcept {
  const ComponentHealth* found = report.find(name);
  return found != nullptr && (found->health == Health::ok || found->health == Health::available);
}

bool runs(const HealthReport& report, std::string_view service) noexcept {
  if (!report.power) return false;
  const auto& running = report.power->running;
  return std::find(running.begin(), running.end(), service) != running.end();
}

/// Findings of a reused round were reported with that round.
void report_degraded(const Context& context, const HealthReport& report) {
  for (const ComponentHealth& found : report.components) {
    const bool is_bad = found.health == Health::degraded || found.health == Health::unreachable;
    if (!is_bad || found.source != EvidenceSource::probe) continue;
    context.report(OperatorEventKind::component_degraded, found.name,
                   found.reason.empty() ? found.error : found.reason);
  }
}

}  // namespace

Task<HttpResponse> show_status(const Context& context, const Call& call) {
  const HealthReport report = co_await context.options.health->async_check(call.deadline);
  report_degraded(context, report);
  json::Writer json(1024);
  json.open('{').key("status").string(to_string(report.overall));
  write_components(json, "components", report);
  write_windows(json, report);
  json.close('}');
  co_return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_observation(const Context& context, const Call& call) {
  const HealthReport report = co_await context.options.health->async_check(call.deadline);
  report_degraded(context, report);
  json::Writer json(1024);
  json.open('{').key("status");
  json.string(report.overall == Health::ok ? "operational" : "degraded");
  write_components(json, "health", report);
  json.key("timestamp").string(to_rfc3339(context.options.wall_clock.now())).close('}');
  co_return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_vx11_status(const Context& context, const Call& call) {
  const HealthReport report = co_await context.options.health->async_check(call.deadline);
  report_degraded(context, report);
  json::Writer json;
  json.open('{').key("mode").string(mode_of(report)).key("policy").string(policy_of(report));
  json.key("madre_available").boolean(serves(report, "madre"));
  json.key("switch_available").boolean(serves(report, "switch"));
  json.key("spawner_available").boolean(runs(report, "spawner"));
  json.key("timestamp").string(to_rfc3339(context.options.wall_clock.now())).close('}');
  co_return json_answer(200, std::move(json).take());
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
