#include "gateway/checks/config_slo.hpp"

#include <vx11/chat_completions_api.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/operator_api.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"
#include "gateway/values/values.hpp"

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

/// The patterns of the routes that are served, each once.
std::vector<std::string_view> served_patterns() {
  std::vector<std::string_view> patterns;
  for (const auto& routes : {vx11::OperatorApi::routes(), vx11::ChatCompletionsApi::routes()}) {
    for (const vx11::ServedRoute& route : routes) patterns.push_back(route.pattern);
  }
  return patterns;
}

/// Whether it is the pattern of a route, or the beginning of one followed by a star.
bool is_served(const std::string& route) {
  const auto patterns = served_patterns();
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (!route.ends_with('*')) return pattern == route;
    return pattern.starts_with(std::string_view(route).substr(0, route.size() - 1));
  });
}

void check_routes(LoadedConfig& loaded, const std::string& table, const SloConfig& slo) {
  const std::string key = table + ".routes";
  if (slo.routes.empty() && !is_mistaken(loaded, key)) {
    complain(loaded, key, "is empty: nothing would count; name routes, or delete it for chats");
  }
  for (const std::string& route : slo.routes) {
    if (is_served(route)) continue;
    complain(loaded, key,
             fmt::format("{} is no route; write one such as /operator/session/{{}}, or the "
                         "beginning of some followed by *{}",
                         shown_value(route).value_or("\"***\""),
                         did_you_mean(route, served_patterns())));
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
