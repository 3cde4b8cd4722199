#include <vx11/service_objectives.hpp>
#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "json/writer.hpp"
#include "service_level/windows.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

json::Writer& number(json::Writer& json, double value) {
  return json.raw(fmt::format("{:.6g}", value));
}

json::Writer& seconds(json::Writer& json, Duration value) {
  return number(json, std::chrono::duration<double>(value).count());
}

json::Writer& counts(json::Writer& json, EventCounts value) {
  json.key("total").integer(static_cast<std::int64_t>(value.total));
  return json.key("bad").integer(static_cast<std::int64_t>(value.bad));
}

void write_description(json::Writer& json, const ServiceObjective& objective) {
  json.key("name").string(objective.name).key("kind").string(to_string(objective.kind));
  number(json.key("objective"), objective.level.objective);
  if (objective.kind == ObjectiveKind::latency) {
    seconds(json.key("threshold_seconds"), objective.threshold);
  }
  json.key("routes").open('[');
  for (const std::string& route : objective.routes) json.string(route);
  json.close(']');
}

void write_budget(json::Writer& json, const ServiceLevel& level) {
  const Duration period = level.options().period;
  seconds(json.key("period_seconds"), period);
  seconds(json.key("known_seconds"), level.known());
  json.key("events").open('{');
  counts(json, level.events(period)).close('}');
  number(json.key("budget_remaining"), level.budget_remaining());
}

void write_burn_rates(json::Writer& json, const ServiceLevel& level) {
  json.key("burn_rates").open('[');
  for (const Duration window : service_level::windows_of(level.options())) {
    json.open('{').key("window").string(service_level::window_name(window));
    counts(json, level.events(window));
    number(json.key("burn_rate"), level.burn_rate(window));
    json.close('}');
  }
  json.close(']');
}

void write_alerts(json::Writer& json, const ServiceLevel& level) {
  json.key("alerts").open('[');
  const auto& alerts = level.options().alerts;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    json.open('{').key("severity").string(to_string(alerts[i].severity));
    json.key("long_window").string(service_level::window_name(alerts[i].long_window));
    json.key("short_window").string(service_level::window_name(alerts[i].short_window));
    number(json.key("burn_rate"), alerts[i].burn_rate);
    json.key("firing").boolean(level.is_firing(i)).close('}');
  }
  json.close(']');
}

}  // namespace

std::string to_json(const ServiceObjectives& objectives, WallTime now) {
  json::Writer json(1024);
  json.open('{').key("objectives").open('[');
  for (const auto& [objective, level] : objectives.entries()) {
    json.open('{');
    write_description(json, objective);
    write_budget(json, *level);
    write_burn_rates(json, *level);
    write_alerts(json, *level);
    json.close('}');
  }
  json.close(']').key("timestamp").string(to_rfc3339(now)).close('}');
  return std::move(json).take();
}

}  // namespace v0
}  // namespace vx11
