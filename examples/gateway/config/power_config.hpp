#pragma once

/// \file
/// The configuration of power: `[power]` with its tables and `[power.schedules.NAME]`.

#include <vx11/clock.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "gateway/config/config_values.hpp"

namespace gateway {

using vx11::Duration;

/// `[power.schedules.NAME]`: windows that are opened at the same time of every week.
struct ScheduleConfig {
  std::vector<std::string> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::string from = {};       ///< `08:00`
  std::string to = {};         ///< The same, or `24:00`.
  std::string time_zone = {};  ///< Empty: that of `[power]`.
  std::vector<std::string> services = {"switch"};
  Duration ttl = {};  ///< Zero: to the end.
};

/// `[power.bounds]`; the defaults bound nothing that the API lets pass.
struct PowerBoundsConfig {
  Duration min_ttl = std::chrono::seconds(1);
  Duration max_ttl = std::chrono::hours(24 * 365);
  bool hold = true;
  std::vector<std::string> services = {};  ///< Empty: all.
};

/// `[power.budget]`
struct PowerBudgetConfig {
  Duration per_day = {};    ///< Zero: unlimited.
  Duration per_month = {};  ///< The same.
  double warn_at = 0.8;
};

/// `[power.demand]`
struct PowerDemandConfig {
  std::vector<std::string> services = {"switch"};
  Duration ttl = std::chrono::minutes(10);
  Duration pause = std::chrono::minutes(10);
};

struct PowerConfig {
  /// How long the caller of a command waits: starting a container takes 4 to 12 seconds.
  Duration command_limit = std::chrono::seconds(60);
  /// The maximum age of a power state that is served again.
  Duration reuse_for = std::chrono::milliseconds(10);
  /// madre's power key; empty: service commands are passed on as they are.
  Secret key = {};
  FilePath key_file = {};
  std::string time_zone = "UTC";
  /// How often madre is asked while a rule needs her state.
  Duration poll_interval = std::chrono::seconds(5);
  Duration max_age = std::chrono::seconds(30);
  PowerBoundsConfig bounds = {};
  PowerBudgetConfig budget = {};
  PowerDemandConfig demand = {};
  bool open_on_demand = false;
  Duration idle_after = {};    ///< Zero: never.
  Duration alert_before = {};  ///< Zero: never.
  FilePath ledger = {};        ///< Empty: beside the sessions; `none`: not kept.
};

}  // namespace gateway
