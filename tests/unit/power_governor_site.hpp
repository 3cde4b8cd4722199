#pragma once

/// \file
/// A governor over a madre and clocks that the test turns.

#include <vx11/power_governor.hpp>
#include <vx11/rfc3339.hpp>
#include <vx11/session.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#ifdef VX11_TEST_TIME_ZONES
#include <vx11/date_tz.hpp>
#endif

#include "one_window_madre.hpp"
#include "power/budget.hpp"
#include "power/schedule.hpp"

namespace power_site {

using namespace std::chrono_literals;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using vx11::Duration;
using vx11::PowerDecisionKind;
using vx11::PowerGovernor;
using vx11::PowerGovernorOptions;
using vx11::PowerOrder;
using vx11::PowerSchedule;
using vx11::PowerSource;
using vx11::TimeZone;
using vx11::WallTime;
using Kinds = std::vector<PowerDecisionKind>;

#ifdef VX11_TEST_TIME_ZONES
constexpr bool kHasZones = true;
inline TimeZone zone(const char* name) {
  return vx11::find_time_zone(name).value();
}
#else
constexpr bool kHasZones = false;
inline TimeZone zone(const char*) {
  return {};
}
#endif

inline WallTime at(std::string_view text) {
  return vx11::parse_rfc3339(text).value();
}

inline vx11::LocalTime civil(std::string_view text) {
  return vx11::LocalTime(at(text).time_since_epoch());
}

inline PowerSchedule daily(minutes from, minutes to, TimeZone where = {}) {
  return {
      .name = "daily", .from = from, .to = to, .zone = std::move(where), .services = {"switch"}};
}

/// "begin/end" of the one that has that moment; empty if there is none.
inline std::string current(const PowerSchedule& schedule, std::string_view now) {
  const auto found = vx11::current_occurrence(schedule, at(now));
  if (!found) return {};
  return vx11::to_rfc3339(found->begin) + '/' + vx11::to_rfc3339(found->end);
}
inline std::string next(const PowerSchedule& schedule, std::string_view now) {
  const auto found = vx11::next_occurrence(schedule, at(now));
  return found ? vx11::to_rfc3339(found->begin) : std::string();
}

/// Exists before the madre who reads it.
struct TurnedClock {
  vx11::testing::ManualClock clock;
};

/// A madre with one window, as the governor's program sees her, and clocks that are turned.
struct Site : TurnedClock, OneWindowMadre {
  using TurnedClock::clock;

  explicit Site(PowerGovernorOptions options, std::string_view now = "2026-06-15T08:00:00Z")
      : OneWindowMadre(TurnedClock::clock) {
    clock.set_wall(at(now));
    options.clock = clock;
    options.wall_clock = clock;
    options.on_decision = [this](const vx11::PowerDecision& decision) {
      decisions.push_back(decision);
    };
    rules = options;
    governor = PowerGovernor::create(std::move(options)).value();
  }

  void look() { governor->observe(state()); }
  void carry_out(const PowerOrder& order) {
    vx11::MadreReply reply(200, "{}");
    if (order.action == PowerOrder::Action::open) {
      reply = open(order.window);
    } else if (window && window->id == order.window_id) {
      window.reset();
    }
    governor->concluded(order, reply);
  }
  /// What the program does each second.
  std::optional<PowerOrder> tick() {
    look();
    auto order = governor->due();
    if (order) carry_out(*order);
    return order;
  }
  void run(Duration time, Duration step = 10s) {
    for (Duration passed{}; passed < time; passed += step) {
      clock.advance(step);
      tick();
    }
  }
  bool is_open() {
    expire();
    return window.has_value();
  }
  vx11::Result<PowerGovernor::Command, vx11::PowerRefusal> ask(std::optional<seconds> ttl,
                                                               std::string service = "switch") {
    return governor->admit({.services = {std::move(service)}, .ttl = ttl});
  }
  std::string refusal(std::optional<seconds> ttl, std::string service = "switch") {
    const auto asked_for = ask(ttl, std::move(service));
    return asked_for ? std::string() : asked_for.error().reason;
  }
  nlohmann::json report() const { return nlohmann::json::parse(governor->to_json()); }
  Kinds kinds() const {
    Kinds all;
    for (const auto& decision : decisions) all.push_back(decision.kind);
    return all;
  }
  /// The same rules in a new process.
  void restart(bool with_ledger) {
    const auto ledger = governor->ledger();
    decisions.clear();
    governor = PowerGovernor::create(rules).value();
    if (with_ledger) governor->restore(ledger);
  }

  std::vector<vx11::PowerDecision> decisions = {};
  PowerGovernorOptions rules = {};
  std::shared_ptr<PowerGovernor> governor = {};
};

}  // namespace power_site
