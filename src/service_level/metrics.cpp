#include <vx11/service_objectives.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>

#include "service_level/windows.hpp"

namespace vx11 {
inline namespace v0 {
namespace service_level {

std::vector<Duration> windows_of(const ServiceLevelOptions& options) {
  std::vector<Duration> windows;
  for (const BurnRateAlert& alert : options.alerts) {
    windows.insert(windows.end(), {alert.short_window, alert.long_window});
  }
  std::sort(windows.begin(), windows.end());
  windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
  return windows;
}

std::string window_name(Duration window) {
  using std::chrono::nanoseconds;
  constexpr std::array<std::pair<Duration, std::string_view>, 5> kUnits = {
      {{std::chrono::hours(24), "d"},
       {std::chrono::hours(1), "h"},
       {std::chrono::minutes(1), "m"},
       {std::chrono::seconds(1), "s"},
       {std::chrono::milliseconds(1), "ms"}}};
  for (const auto& [unit, name] : kUnits) {
    if (window % unit == Duration::zero()) return std::to_string(window / unit).append(name);
  }
  return std::to_string(window.count()).append("ns");
}

}  // namespace service_level

namespace {

using Labels = decltype(MetricSeries::labels);
using Shared = std::shared_ptr<const ServiceObjectives>;

Labels labels_of(const ServiceObjective& objective) {
  return {{"slo", objective.name}, {"kind", std::string(to_string(objective.kind))}};
}

Labels with(Labels labels, std::initializer_list<std::pair<std::string, std::string>> more) {
  labels.insert(labels.end(), more);
  return labels;
}

MetricFamily counter(const Shared& from, std::string name, std::string help,
                     std::uint64_t EventCounts::*member) {
  MetricFamily family{.name = std::move(name), .help = std::move(help)};
  for (const auto& [objective, level] : from->entries()) {
    family.series.push_back({.labels = labels_of(objective), .value = [level = level, member] {
                               return level->counted().*member;
                             }});
  }
  return family;
}

MetricFamily gauge(const Shared& from, std::string name, std::string help,
                   double (*value)(const ServiceLevel&)) {
  MetricFamily family{
      .name = std::move(name), .help = std::move(help), .kind = MetricKind::gauge, .unit = "ratio"};
  for (const auto& [objective, level] : from->entries()) {
    family.series.push_back(
        {.labels = labels_of(objective), .real = [level = level, value] { return value(*level); }});
  }
  return family;
}

MetricFamily burn_rates(const Shared& from) {
  MetricFamily family{
      .name = "vx11_slo_burn_rate",
      .help = "How fast the error budget is spent, by window; 1 spends it in its period.",
      .kind = MetricKind::gauge};
  for (const auto& [objective, level] : from->entries()) {
    for (const Duration window : service_level::windows_of(level->options())) {
      family.series.push_back(
          {.labels = with(labels_of(objective), {{"window", service_level::window_name(window)}}),
           .real = [level = level, window] { return level->burn_rate(window); }});
    }
  }
  return family;
}

MetricFamily alerts(const Shared& from) {
  MetricFamily family{.name = "vx11_slo_alert_firing",
                      .help = "1 while the burn-rate alert with this long window fires.",
                      .kind = MetricKind::gauge};
  for (const auto& [objective, level] : from->entries()) {
    const auto& all = level->options().alerts;
    for (std::size_t i = 0; i < all.size(); ++i) {
      family.series.push_back(
          {.labels = with(labels_of(objective),
                          {{"severity", std::string(to_string(all[i].severity))},
                           {"window", service_level::window_name(all[i].long_window)}}),
           .value = [level = level, i] { return level->is_firing(i) ? 1U : 0U; }});
    }
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> service_level_metrics(
    std::shared_ptr<const ServiceObjectives> objectives) {
  if (objectives == nullptr || objectives->entries().empty()) return {};
  return {counter(objectives, "vx11_slo_events_total", "Events that count for the objective.",
                  &EventCounts::total),
          counter(objectives, "vx11_slo_bad_events_total",
                  "Events that spend the error budget of the objective.", &EventCounts::bad),
          gauge(objectives, "vx11_slo_objective_ratio", "The share of events that are to be good.",
                [](const ServiceLevel& level) { return level.options().objective; }),
          gauge(objectives, "vx11_slo_error_budget_remaining_ratio",
                "What is left of the error budget of the period: 1 is all of it; below 0 it is "
                "overspent.",
                [](const ServiceLevel& level) { return level.budget_remaining(); }),
          burn_rates(objectives),
          alerts(objectives)};
}

}  // namespace v0
}  // namespace vx11
