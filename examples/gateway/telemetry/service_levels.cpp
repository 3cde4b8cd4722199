#include "gateway/telemetry/service_levels.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

using vx11::ObjectiveKind;
using vx11::ServiceObjective;

ObjectiveKind kind_of(SloKind kind) noexcept {
  switch (kind) {
    case SloKind::latency:
      return ObjectiveKind::latency;
    case SloKind::first_choice:
      return ObjectiveKind::first_choice;
    default:
      return ObjectiveKind::availability;
  }
}

/// A chat that another target answers is answered: nothing that has to be looked at in the night.
vx11::ServiceLevelOptions level_of(SloKind kind, double objective, Duration period) {
  vx11::ServiceLevelOptions level{.objective = objective, .period = period};
  if (kind != SloKind::first_choice) return level;
  for (vx11::BurnRateAlert& alert : level.alerts) alert.severity = vx11::AlertSeverity::ticket;
  return level;
}

ServiceObjective described(const std::string& name, const SloConfig& slo,
                           const std::vector<std::string>& primaries) {
  return {.name = name,
          .kind = kind_of(slo.kind),
          .threshold = slo.threshold,
          .routes = slo.routes,
          .first_choices = primaries,
          .level = level_of(slo.kind, slo.objective, slo.period)};
}

/// Without a second choice every chat would be a fallback, or none.
bool has_choice(const GatewayConfig& config) {
  if (config.chat.route.empty()) return config.has_switch();
  const auto route = config.routes.find(config.chat.route);
  return route != config.routes.end() && route->second.targets.size() > 1;
}

std::map<std::string, SloConfig, std::less<>> objectives_of(const GatewayConfig& config) {
  if (!config.slos.empty() || !config.service_levels.defaults) return config.slos;
  std::map<std::string, SloConfig, std::less<>> slos;
  slos["availability"] = {.kind = SloKind::availability, .objective = kAvailabilityObjective};
  if (has_choice(config)) {
    slos["first_choice"] = {.kind = SloKind::first_choice, .objective = kFirstChoiceObjective};
  }
  return slos;
}

}  // namespace

vx11::Result<Objectives> make_objectives(const GatewayConfig& config,
                                         const std::vector<std::string>& primaries,
                                         const Objectives& earlier) {
  std::vector<ServiceObjective> objectives;
  for (const auto& [name, slo] : objectives_of(config)) {
    objectives.push_back(described(name, slo, primaries));
  }
  return vx11::ServiceObjectives::create(std::move(objectives), earlier.get());
}

}  // namespace gateway
