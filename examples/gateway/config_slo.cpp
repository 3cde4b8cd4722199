#include "config_slo.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "config_secrets.hpp"
#include "shown_text.hpp"
#include "values.hpp"

namespace gateway {

namespace {

double default_objective(SloKind kind) noexcept {
  switch (kind) {
    case SloKind::first_choice:
      return kFirstChoiceObjective;
    case SloKind::latency:
      return kLatencyObjective;
    default:
      return kAvailabilityObjective;
  }
}

void check_kind(LoadedConfig& loaded, const std::string& table, const SloConfig& slo) {
  if (slo.kind != SloKind::none || is_mistaken(loaded, table + ".kind")) return;
  complain(loaded, table, fmt::format("has no kind; write kind = {}", wanted(slo.kind).example));
}

void check_threshold(LoadedConfig& loaded, const std::string& table, const SloConfig& slo) {
  const std::string key = table + ".threshold";
  if (is_mistaken(loaded, key) || slo.kind == SloKind::none) return;
  const bool has_threshold = slo.threshold > Duration::zero();
  if (slo.kind == SloKind::latency && !has_threshold) {
    complain(loaded, table, "is about latency and has no threshold; write threshold = \"2s\"");
  } else if (slo.kind != SloKind::latency && has_threshold) {
    complain(loaded, key,
             fmt::format("has no effect with kind = {}; delete it, or write kind = \"latency\"",
                         print(slo.kind)));
  }
}

/// Whether it may be the pattern of a route.
bool is_pattern(const std::string& route) {
  const std::size_t star = route.find('*');
  const bool is_end = star == std::string::npos || star + 1 == route.size();
  return is_end && (route.starts_with('/') || route == "*");
}

void check_routes(LoadedConfig& loaded, const std::string& table, const SloConfig& slo) {
  const std::string key = table + ".routes";
  if (slo.routes.empty() && !is_mistaken(loaded, key)) {
    complain(loaded, key, "is empty: nothing would count; name routes, or delete it for chats");
  }
  for (const std::string& route : slo.routes) {
    if (is_pattern(route)) continue;
    complain(loaded, key,
             fmt::format("{} is no route; write a path such as /operator/chat/ask, or the "
                         "beginning of one with a * at its end",
                         shown_value(route).value_or("\"***\"")));
  }
}

/// An alert needs a burn rate that the objective allows: at 90 % all requests failing is 10.
void warn_of_silent_alerts(LoadedConfig& loaded, const std::string& table, double objective) {
  const double most = 1 / (1 - objective);
  for (const vx11::BurnRateAlert& alert : vx11::burn_rate_alerts()) {
    if (alert.burn_rate < most) continue;
    loaded.warnings.push_back(fmt::format(
        "{}: with this objective the alert at {} times the even rate cannot fire, also if every "
        "request fails ({:.3g} times); take more",
        place_of(loaded, table + ".objective"), alert.burn_rate, most));
    return;
  }
}

}  // namespace

void settle_slos(LoadedConfig& loaded) {
  for (auto& [name, slo] : loaded.config.slos) {
    const std::string table = "slo." + name;
    check_kind(loaded, table, slo);
    check_threshold(loaded, table, slo);
    check_routes(loaded, table, slo);
    if (is_mistaken(loaded, table + ".objective")) continue;
    if (slo.objective == 0) slo.objective = default_objective(slo.kind);
    warn_of_silent_alerts(loaded, table, slo.objective);
  }
}

std::string history_file_of(const GatewayConfig& config) {
  const std::string& file = config.service_levels.file.value;
  if (file == "none") return {};
  if (!file.empty()) return file;
  const auto& sessions = config.sessions.store.sqlite_path;
  if (!sessions) return {};
  return (std::filesystem::path(*sessions).parent_path() / "service_levels.json").string();
}

}  // namespace gateway
