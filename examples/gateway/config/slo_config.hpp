#pragma once

/// \file
/// The configuration of service levels: `[slo.NAME]` and `[service_levels]`.

#include <vx11/service_objectives.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config/config_values.hpp"

namespace gateway {

using vx11::Duration;

/// What an objective is about; `none`: not given.
enum class SloKind : std::uint8_t { none, availability, latency, first_choice };

/// One objective.
struct SloConfig {
  SloKind kind = SloKind::none;
  /// A share of events; zero: that of the kind by default.
  double objective = 0;
  Duration threshold = {};  ///< Of `latency`.
  std::vector<std::string> routes = vx11::chat_routes();
  Duration period = vx11::ServiceLevelOptions{}.period;
};

struct ServiceLevelsConfig {
  bool defaults = true;  ///< Objectives where no `[slo.NAME]` is configured.
  FilePath file = {};    ///< Of the history; empty: beside the sessions; `none`: not kept.
};

/// Of those without an `objective`.
inline constexpr double kAvailabilityObjective = 0.999;
inline constexpr double kFirstChoiceObjective = 0.99;
inline constexpr double kLatencyObjective = 0.99;

}  // namespace gateway
