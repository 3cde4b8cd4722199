#include <vx11/session.hpp>

#include <cstdint>
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

void write_windows(json::Writer& json, const std::optional<PowerState>& power) {
  json.key("windows").open('{').key("policy");
  json.string(power ? to_string(power->policy) : "unknown");
  json.key("active_count").integer(power ? static_cast<std::int64_t>(power->windows.size()) : 0);
  json.close('}');
}

}  // namespace

Task<HttpResponse> show_status(const Context& context, const Call& call) {
  const HealthReport report = co_await context.options.health->async_check(call.deadline);
  json::Writer json(1024);
  json.open('{').key("status").string(to_string(report.overall)).key("components").open('{');
  for (const ComponentHealth& component : report.components) write_component(json, component);
  json.close('}');
  write_windows(json, report.power);
  json.close('}');
  co_return json_answer(200, std::move(json).take());
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
