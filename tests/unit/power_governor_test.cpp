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

#include "power/budget.hpp"
#include "power/schedule.hpp"

namespace {

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
TimeZone zone(const char* name) {
  return vx11::find_time_zone(name).value();
}
#else
constexpr bool kHasZones = false;
TimeZone zone(const char*) {
  return {};
}
#endif

WallTime at(std::string_view text) {
  return vx11::parse_rfc3339(text).value();
}

vx11::LocalTime civil(std::string_view text) {
  return vx11::LocalTime(at(text).time_since_epoch());
}

PowerSchedule daily(minutes from, minutes to, TimeZone where = {}) {
  return {
      .name = "daily", .from = from, .to = to, .zone = std::move(where), .services = {"switch"}};
}

/// "begin/end" of the one that has that moment; empty if there is none.
std::string current(const PowerSchedule& schedule, std::string_view now) {
  const auto found = vx11::current_occurrence(schedule, at(now));
  if (!found) return {};
  return vx11::to_rfc3339(found->begin) + '/' + vx11::to_rfc3339(found->end);
}
std::string next(const PowerSchedule& schedule, std::string_view now) {
  const auto found = vx11::next_occurrence(schedule, at(now));
  return found ? vx11::to_rfc3339(found->begin) : std::string();
}

/// A madre with one window, as the governor's program sees her, and clocks that are turned.
struct Site {
  explicit Site(PowerGovernorOptions options, std::string_view now = "2026-06-15T08:00:00Z") {
    clock.set_wall(at(now));
    options.clock = clock;
    options.wall_clock = clock;
    options.on_decision = [this](const vx11::PowerDecision& decision) {
      decisions.push_back(decision);
    };
    rules = options;
    governor = PowerGovernor::create(std::move(options)).value();
  }

  void expire() {
    if (window && window->ttl && *window->created_at + *window->ttl <= clock.wall_now()) {
      window.reset();
    }
  }
  void look() {
    expire();
    vx11::PowerState state;
    state.running = {"madre", "tentaculo_link", "redis"};
    if (window) {
      state.windows.push_back(*window);
      for (const auto& service : window->services) state.running.push_back(service);
      if (window->ttl) {
        const auto left = *window->created_at + *window->ttl - clock.wall_now();
        state.windows.back().remaining = std::chrono::floor<seconds>(left);
      }
    }
    governor->observe(state);
  }
  vx11::MadreReply open(const vx11::WindowRequest& wanted) {
    expire();
    ++asked;
    if (window) return {409, R"({"detail":"open already"})"};
    window.emplace();
    window->id = "w" + std::to_string(asked);
    window->created_at = clock.wall_now();
    window->ttl = wanted.ttl;
    window->services = wanted.services;
    return {200, R"({"window_id":")" + window->id + R"("})"};
  }
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

  vx11::testing::ManualClock clock;
  std::optional<vx11::PowerWindow> window = std::nullopt;
  int asked = 0;
  std::vector<vx11::PowerDecision> decisions = {};
  PowerGovernorOptions rules = {};
  std::shared_ptr<PowerGovernor> governor = {};
};

}  // namespace

TEST_CASE("civil time of UTC is the wall time") {
  const TimeZone utc;
  CHECK(utc.local(at("2026-06-15T08:00:00Z")) == civil("2026-06-15T08:00:00Z"));
  CHECK(utc.instant(civil("2026-06-15T08:00:00Z")) == at("2026-06-15T08:00:00Z"));
}

TEST_CASE("a skipped time is when clocks are put forward, a repeated one its first occurrence" *
          doctest::skip(!kHasZones)) {
  const TimeZone berlin = zone("Europe/Berlin");
  CHECK(berlin.instant(civil("2026-03-29T01:59:00Z")) == at("2026-03-29T00:59:00Z"));
  CHECK(berlin.instant(civil("2026-03-29T02:30:00Z")) == at("2026-03-29T01:00:00Z"));
  CHECK(berlin.instant(civil("2026-03-29T03:00:00Z")) == at("2026-03-29T01:00:00Z"));
  CHECK(berlin.instant(civil("2026-10-25T02:30:00Z")) == at("2026-10-25T00:30:00Z"));
  CHECK(berlin.instant(civil("2026-10-25T03:00:00Z")) == at("2026-10-25T02:00:00Z"));
  const TimeZone new_york = zone("America/New_York");
  CHECK(new_york.instant(civil("2026-03-08T02:30:00Z")) == at("2026-03-08T07:00:00Z"));
  CHECK(new_york.instant(civil("2026-11-01T01:30:00Z")) == at("2026-11-01T05:30:00Z"));
  // Half an hour of summer time, and midnights that do not exist.
  CHECK(zone("Australia/Lord_Howe").instant(civil("2026-10-04T02:15:00Z")) ==
        at("2026-10-03T15:30:00Z"));
  const TimeZone cairo = zone("Africa/Cairo");
  CHECK(cairo.start_of(cairo.day_of(at("2026-04-24T12:00:00Z"))) == at("2026-04-23T22:00:00Z"));
  // Far from UTC on both sides, and a day that an island left out.
  CHECK(zone("Pacific/Kiritimati").instant(civil("2026-01-01T00:00:00Z")) ==
        at("2025-12-31T10:00:00Z"));
  CHECK(zone("Pacific/Apia").instant(civil("2011-12-30T12:00:00Z")) == at("2011-12-30T10:00:00Z"));
  CHECK(vx11::TimeZone().instant(civil("2026-01-01T00:00:00Z")) == at("2026-01-01T00:00:00Z"));
}

TEST_CASE("an occurrence keeps its civil hours when clocks change" * doctest::skip(!kHasZones)) {
  const auto berlin = daily(8h, 18h, zone("Europe/Berlin"));
  CHECK(current(berlin, "2026-03-28T12:00:00Z") ==
        "2026-03-28T07:00:00.000Z/2026-03-28T17:00:00.000Z");
  CHECK(current(berlin, "2026-03-29T12:00:00Z") ==
        "2026-03-29T06:00:00.000Z/2026-03-29T16:00:00.000Z");
  const auto night = daily(22h, 6h, zone("America/New_York"));
  CHECK(current(night, "2026-03-08T06:00:00Z") ==  // seven hours long
        "2026-03-08T03:00:00.000Z/2026-03-08T10:00:00.000Z");
  CHECK(current(night, "2026-11-01T06:00:00Z") ==  // nine
        "2026-11-01T02:00:00.000Z/2026-11-01T11:00:00.000Z");
}

TEST_CASE("a skipped occurrence does not happen, a repeated one once" * doctest::skip(!kHasZones)) {
  const auto half_hour = daily(2h + 15min, 2h + 45min, zone("Europe/Berlin"));
  CHECK(current(half_hour, "2026-03-29T01:00:00Z").empty());
  CHECK(next(half_hour, "2026-03-28T12:00:00Z") == "2026-03-30T00:15:00.000Z");
  CHECK_FALSE(current(half_hour, "2026-10-25T00:20:00Z").empty());
  CHECK(current(half_hour, "2026-10-25T01:20:00Z").empty());
  // Cut off where the clocks jump.
  CHECK(current(daily(1h + 30min, 2h + 30min, zone("Europe/Berlin")), "2026-03-29T00:45:00Z") ==
        "2026-03-29T00:30:00.000Z/2026-03-29T01:00:00.000Z");
}

TEST_CASE("occurrences begin on their days, over midnight, months and a leap day") {
  PowerSchedule friday = daily(22h, 2h);
  friday.days.bits = 1U << 5U;
  CHECK(current(friday, "2026-07-31T23:00:00Z") ==
        "2026-07-31T22:00:00.000Z/2026-08-01T02:00:00.000Z");
  CHECK(current(friday, "2026-08-01T01:59:59Z") ==
        "2026-07-31T22:00:00.000Z/2026-08-01T02:00:00.000Z");
  CHECK(current(friday, "2026-08-01T02:00:00Z").empty());
  CHECK(current(friday, "2026-08-01T23:00:00Z").empty());
  CHECK(next(friday, "2026-07-31T23:00:00Z") == "2026-08-07T22:00:00.000Z");
  CHECK(current(daily(0h, 24h), "2028-02-29T12:00:00Z") ==
        "2028-02-29T00:00:00.000Z/2028-03-01T00:00:00.000Z");
  CHECK(next(daily(9h, 10h), "2026-12-31T09:30:00Z") == "2027-01-01T09:00:00.000Z");
  CHECK(current(daily(9h, 9h), "2026-06-15T08:00:00Z") ==
        "2026-06-14T09:00:00.000Z/2026-06-15T09:00:00.000Z");
}

TEST_CASE("a schedule opens its window once, for what is left of the occurrence") {
  Site site({.schedules = {daily(8h, 10h)}}, "2026-06-15T07:59:50Z");
  CHECK_FALSE(site.tick());
  site.run(1h);
  CHECK(site.asked == 1);
  REQUIRE(site.window);
  CHECK(site.window->services == std::vector<std::string>{"switch"});
  CHECK(*site.window->created_at + *site.window->ttl == at("2026-06-15T10:00:00Z"));
  site.run(23h + 5min, 20s);
  CHECK(site.asked == 2);  // the next day's
  CHECK(site.kinds() ==
        Kinds{PowerDecisionKind::opened, PowerDecisionKind::ended, PowerDecisionKind::opened});
  CHECK(site.decisions.front().source == PowerSource::schedule);
  CHECK(site.decisions.front().schedule == "daily");
}

TEST_CASE("without evidence nothing is opened") {
  Site site({.schedules = {daily(8h, 10h)}});
  CHECK_FALSE(site.governor->due());
  site.look();
  site.clock.advance(31s);
  CHECK_FALSE(site.governor->due());
  site.look();
  CHECK(site.governor->due());
}

TEST_CASE("a restart within an occurrence opens what is left") {
  Site site({.schedules = {daily(8h, 10h)}}, "2026-06-15T09:30:00Z");
  const auto order = site.tick();
  REQUIRE(order);
  CHECK(order->window.ttl == 30min);
  site.clock.advance(60s);
  for (const bool with_ledger : {false, true}) {
    site.restart(with_ledger);
    CHECK_FALSE(site.tick());
    CHECK(site.asked == 1);
  }
}

TEST_CASE("a window that was closed by hand is opened with the next occurrence") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.tick();
  site.run(60s);
  site.window.reset();
  site.run(10min);
  CHECK(site.asked == 1);
  CHECK(site.decisions.back().kind == PowerDecisionKind::closed);
  CHECK(site.decisions.back().reason == "by_hand");
  CHECK(site.report().at("schedules").at(0).at("closed") == true);

  SUBCASE("also after a restart") {
    site.restart(true);
    site.run(10min);
    CHECK(site.asked == 1);
  }
  SUBCASE("also if the wall clock goes back") {
    site.clock.set_wall(at("2026-06-15T08:01:00Z"));
    site.run(10min);
    CHECK(site.asked == 1);
  }
  site.run(24h, 20s);
  CHECK(site.asked == 2);
}

TEST_CASE("a window that was closed while the process was down is not opened again") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.tick();
  site.run(60s);
  site.window.reset();
  site.clock.advance(10min);
  site.restart(true);
  site.run(10min);
  CHECK(site.asked == 1);
}

TEST_CASE("shorter windows follow each other to the end of the occurrence") {
  PowerSchedule schedule = daily(8h, 9h);
  schedule.ttl = 20min;
  Site site({.schedules = {schedule}});
  site.tick();
  site.run(90min);
  CHECK(site.asked >= 3);
  CHECK(site.asked <= 4);
  CHECK_FALSE(site.is_open());
}

TEST_CASE("no schedule opens a window beside another") {
  Site site({.schedules = {daily(8h, 10h)}}, "2026-06-15T07:59:00Z");
  site.open({.services = {"hermes"}, .ttl = 30min});
  site.run(20min);
  CHECK(site.asked == 1);
  CHECK(site.decisions.front().source == PowerSource::elsewhere);
  site.run(20min);
  CHECK(site.asked == 2);
  CHECK(site.window->services == std::vector<std::string>{"switch"});
}

TEST_CASE("a window that madre refuses is tried again later") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  auto order = site.governor->due();
  REQUIRE(order);
  vx11::MadreReply busy(429, "{}");
  busy.retry_after = 5min;
  site.governor->concluded(*order, busy);
  CHECK(site.decisions.back().kind == PowerDecisionKind::failed);
  site.run(4min);
  CHECK(site.asked == 0);
  site.run(2min);
  CHECK(site.asked == 1);
}

TEST_CASE("a jump of the wall clock neither counts as use nor is lost") {
  Site site({.budget = {.per_day = 4h}}, "2026-06-15T08:00:00Z");
  site.open({.services = {"switch"}, .ttl = std::nullopt});
  site.look();
  site.run(1h);
  site.clock.set_wall(at("2026-06-15T12:00:00Z"));
  site.run(1h);
  site.clock.set_wall(at("2026-06-15T09:00:00Z"));
  site.run(1h);
  CHECK(site.report().at("budget").at("day").at("used_sec") == 3 * 3600);
}

TEST_CASE("use is counted by civil days, months and from when the window was opened") {
  Site site({.budget = {.per_day = 24h, .per_month = 100h}}, "2026-02-28T22:00:00Z");
  site.open({.services = {"hermes"}, .ttl = std::nullopt});
  site.clock.advance(1h);
  site.look();
  CHECK(site.report().at("budget").at("day").at("used_sec") == 3600);
  site.run(3h);
  const auto budget = site.report().at("budget");
  CHECK(budget.at("day").at("used_sec") == 2 * 3600);
  CHECK(budget.at("month").at("used_sec") == 2 * 3600);  // March
  CHECK(budget.at("month").at("resets_at") == "2026-04-01T00:00:00.000Z");
  const auto used = site.governor->ledger().used;
  CHECK(used.begin()->second == 2h);
}

TEST_CASE("use while the process was down counts as far as it is known") {
  Site site({.budget = {.per_day = 10h}});
  site.open({.services = {"switch"}, .ttl = 2h});
  site.look();
  site.run(1h);
  site.clock.advance(30min);
  SUBCASE("the window is still open") {
    site.restart(true);
    site.look();
    CHECK(site.report().at("budget").at("day").at("used_sec") == 5400);
  }
  SUBCASE("it has ended meanwhile") {
    site.clock.advance(5h);
    site.restart(true);
    site.look();
    CHECK(site.report().at("budget").at("day").at("used_sec") == 7200);
  }
}

TEST_CASE("a budget bounds windows, and says when it is free again") {
  Site site({.budget = {.per_day = 2h, .per_month = 5h}}, "2026-06-15T08:00:00Z");
  CHECK(site.refusal(2h).empty());
  CHECK(site.refusal(2h + 1s) == "budget_too_small");
  CHECK(site.refusal(std::nullopt) == "hold_not_allowed");
  site.open({.services = {"switch"}, .ttl = 2h});
  site.look();
  site.run(1h);
  CHECK(site.kinds().back() == PowerDecisionKind::opened);
  site.run(40min);
  CHECK(site.decisions.back().kind == PowerDecisionKind::budget_low);
  CHECK(site.decisions.back().reason == "day_budget");
  site.run(30min);
  CHECK(site.kinds() == Kinds{PowerDecisionKind::refused, PowerDecisionKind::refused,
                              PowerDecisionKind::opened, PowerDecisionKind::budget_low,
                              PowerDecisionKind::ended, PowerDecisionKind::budget_spent});
  const auto refused = site.ask(10min);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "day_budget_spent");
  CHECK(refused.error().available_at == at("2026-06-16T00:00:00Z"));
  CHECK(refused.error().service == "switch");
  CHECK_FALSE(refused.error().recommended_action.empty());
  site.clock.set_wall(at("2026-06-15T23:30:00Z"));
  CHECK(site.refusal(1h) == "day_budget_spent");
  site.clock.set_wall(at("2026-06-16T00:00:00Z"));
  CHECK(site.refusal(2h).empty());
}

TEST_CASE("a month's budget is free again with the next month") {
  using vx11::PowerBudget;
  const PowerBudget budget{.per_day = 8h, .per_month = 20h};
  vx11::UsedDays used;
  vx11::add_used(used,
                 {{at("2028-02-27T00:00:00Z"), at("2028-02-27T08:00:00Z")},
                  {at("2028-02-28T00:00:00Z"), at("2028-02-28T08:00:00Z")},
                  {at("2028-02-28T07:00:00Z"), at("2028-02-28T07:30:00Z")}},
                 {});
  const WallTime now = at("2028-02-29T22:00:00Z");
  CHECK(vx11::used_in_month(used, TimeZone().day_of(now)) == 16h);
  CHECK(vx11::affordable(budget, used, now, 24h) == 2h + 8h);  // and 8 hours of March
  vx11::add_used(used, {{at("2028-02-29T00:00:00Z"), at("2028-02-29T04:00:00Z")}}, {});
  CHECK(vx11::affordable(budget, used, now, 24h) == 0h);
  CHECK(vx11::spent_reason(budget, used, now) == "month_budget_spent");
  CHECK(vx11::free_at(budget, used, now) == at("2028-03-01T00:00:00Z"));
}

TEST_CASE("a day of 23 or 25 hours is one day of a budget" * doctest::skip(!kHasZones)) {
  vx11::UsedDays used;
  const TimeZone berlin = zone("Europe/Berlin");
  vx11::add_used(used,
                 {{at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")},
                  {at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")}},
                 berlin);
  REQUIRE(used.size() == 2);
  CHECK(used.begin()->second == 23h);
  CHECK(used.rbegin()->second == 25h);
}

TEST_CASE("a schedule opens within its budget, and says once why not") {
  Site site({.schedules = {daily(8h, 18h)}, .budget = {.per_day = 1h}});
  const auto order = site.tick();
  REQUIRE(order);
  CHECK(order->window.ttl == 1h);
  site.run(3h);
  CHECK(site.asked == 1);
  const Kinds kinds = site.kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), PowerDecisionKind::refused) == 1);
}

TEST_CASE("bounds refuse by name") {
  Site site({.bounds = {.min_ttl = 60s, .max_ttl = 1h, .hold = false, .services = {"switch"}}});
  CHECK(site.refusal(59s) == "ttl_too_short");
  CHECK(site.refusal(1h + 1s) == "ttl_too_long");
  CHECK(site.refusal(std::nullopt) == "hold_not_allowed");
  CHECK(site.refusal(60s, "hermes") == "service_not_allowed");
  CHECK(site.refusal(1h).empty());
  CHECK(Site({}).refusal(std::nullopt).empty());
  CHECK(site.ask(2h).error().most == 1h);
}

TEST_CASE("a refusal names the service that is not allowed") {
  Site site({.bounds = {.services = {"switch"}}});
  const auto refused = site.governor->admit({.services = {"switch", "hermes"}, .ttl = 60s});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().service == "hermes");
}

TEST_CASE("what is left of a budget may be too little for a window, and that is the reason") {
  Site site(
      {.schedules = {daily(8h, 10h)}, .bounds = {.min_ttl = 30min}, .budget = {.per_day = 45min}});
  vx11::PowerLedger ledger;
  ledger.used[site.rules.budget.zone.day_of(site.clock.wall_now())] = 20min;
  site.governor->restore(ledger);
  site.look();
  site.tick();
  CHECK(site.asked == 0);
  REQUIRE(site.decisions.size() == 1);
  CHECK(site.decisions.back().kind == PowerDecisionKind::refused);
  CHECK(site.decisions.back().reason == "budget_too_small");
}

TEST_CASE("rules that bounds never allow are mistakes") {
  const auto made = PowerGovernor::create({.schedules = {daily(8h, 10h)},
                                           .bounds = {.min_ttl = 15min, .services = {"hermes"}},
                                           .budget = {.per_day = 10min, .per_month = 14min},
                                           .demand = {.services = {"switch"}, .ttl = 10min}});
  REQUIRE_FALSE(made);
  const std::string& text = made.error().detail;
  for (const char* part :
       {"schedule \"daily\": bounds.services lacks \"switch\"",
        "demand: bounds.services lacks \"switch\"", "demand: ttl is below bounds.min_ttl",
        "budget.per_day is below", "budget.per_month is below"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
}

TEST_CASE("one command is in progress at a time") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  {
    const auto first = site.ask(60s);
    REQUIRE(first);
    CHECK(site.refusal(60s) == "command_in_progress");
    CHECK_FALSE(site.governor->due());
  }
  CHECK(site.governor->take_change());
  CHECK_FALSE(site.governor->take_change());
  {
    const auto other = site.governor->begin();
    CHECK(site.refusal(60s) == "command_in_progress");
  }
  const auto order = site.governor->due();
  REQUIRE(order);
  CHECK(site.refusal(60s) == "command_in_progress");
  CHECK_FALSE(site.governor->due());
  site.carry_out(*order);
  CHECK(site.refusal(60s).empty());
}

TEST_CASE("a window of a caller is known before madre's next state, and no older state ends it") {
  Site site({.alert_before = 1min, .power_aware = true});
  site.look();
  CHECK(site.governor->passes_by());
  vx11::PowerState older;
  older.age = 1s;
  site.clock.advance(2s);
  auto command = site.ask(10min);
  REQUIRE(command);
  const vx11::WindowRequest window{.services = {"switch"}, .ttl = 10min};
  command->opened(window, site.open(window));
  site.governor->observe(older);
  CHECK_FALSE(site.governor->passes_by());
  CHECK(site.report().at("windows").size() == 1);
  CHECK(site.report().at("windows").at(0).at("source") == "caller");
  site.run(20s);
  CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
}

TEST_CASE("a window that was opened while nothing was read says nothing of how it ended") {
  Site site({.schedules = {daily(8h, 10h)}});
  for (int i = 0; i < 3; ++i) {
    auto command = site.ask(1h);
    REQUIRE(command);
    const vx11::WindowRequest window{.services = {"switch"}, .ttl = 1h};
    command->opened(window, site.open(window));
    CHECK(site.report().at("windows").size() == 1);
    site.window.reset();
    site.clock.advance(1min);
  }
  site.tick();
  CHECK(site.window);
  const Kinds kinds = site.kinds();
  CHECK(std::count(kinds.begin(), kinds.end(), PowerDecisionKind::closed) == 3);
}

TEST_CASE("a window that follows another at once shows that a hand has closed that one") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.tick();
  site.run(30s);
  site.window.reset();
  auto command = site.ask(10min);
  REQUIRE(command);
  const vx11::WindowRequest window{.services = {"hermes"}, .ttl = 10min};
  command->opened(window, site.open(window));
  command = PowerGovernor::Command();
  site.run(20min);
  CHECK(site.asked == 2);
  CHECK(site.report().at("schedules").at(0).at("closed") == true);
}

TEST_CASE("there is one alert before a window ends, and another if it was extended") {
  Site site({.alert_before = 5min});
  site.open({.services = {"switch"}, .ttl = 20min});
  site.look();
  site.run(14min);
  CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
  site.run(2min);
  CHECK(site.decisions.back().kind == PowerDecisionKind::ending);
  CHECK(site.report().at("windows").at(0).at("ending") == true);
  site.window->ttl = 40min;
  site.run(4min);
  CHECK(site.decisions.size() == 2);
  site.run(18min);
  CHECK(site.decisions.size() == 3);
}

TEST_CASE("a window that no chat uses is closed, and its schedule leaves it closed") {
  Site site({.schedules = {daily(8h, 18h)}, .idle_after = 10min});
  site.tick();
  for (int chats = 0; chats < 6; ++chats) {
    site.run(5min);
    CHECK_FALSE(site.governor->passes_by());
  }
  CHECK(site.is_open());
  site.run(9min);
  CHECK(site.is_open());
  site.run(2min);
  CHECK_FALSE(site.is_open());
  CHECK(site.decisions.back().kind == PowerDecisionKind::closed);
  CHECK(site.decisions.back().source == PowerSource::idle);
  site.run(1h);
  CHECK(site.asked == 1);
}

TEST_CASE("a window without the chat service is not idle") {
  Site site({.idle_after = 10min});
  site.open({.services = {"hermes"}, .ttl = 2h});
  site.look();
  site.run(1h);
  CHECK(site.is_open());
}

TEST_CASE("a chat passes by a service that is known to sleep") {
  Site site({.power_aware = true});
  CHECK_FALSE(site.governor->passes_by());  // unknown
  site.look();
  CHECK(site.governor->passes_by());
  site.clock.advance(29s);
  CHECK(site.governor->passes_by());
  site.clock.advance(2s);
  CHECK_FALSE(site.governor->passes_by());  // old
  site.open({.services = {"switch"}, .ttl = 1h});
  site.look();
  CHECK_FALSE(site.governor->passes_by());
  CHECK(site.asked == 1);
}

TEST_CASE("nothing is passed by unless it is switched on, and an awake service costs no clock") {
  Site off({});
  off.look();
  CHECK_FALSE(off.governor->passes_by());
  Site on({.power_aware = true});
  on.open({.services = {"switch"}, .ttl = 1h});
  on.look();
  const long reads = on.clock.reads();
  CHECK_FALSE(on.governor->passes_by());
  CHECK(on.clock.reads() == reads);
}

TEST_CASE("chats ask for one window, within the budget") {
  Site site(
      {.budget = {.per_day = 15min}, .demand = {.services = {"switch"}}, .power_aware = true});
  site.look();
  for (int chats = 0; chats < 100; ++chats) CHECK(site.governor->passes_by());
  const auto order = site.governor->due();
  REQUIRE(order);
  CHECK(order->source == PowerSource::demand);
  CHECK(order->window.ttl == 10min);
  site.governor->passes_by();
  CHECK_FALSE(site.governor->due());
  site.carry_out(*order);
  CHECK_FALSE(site.governor->passes_by());  // the next chat finds it
  site.run(11min);
  CHECK(site.asked == 1);
  CHECK(site.governor->passes_by());
  const auto second = site.tick();
  REQUIRE(second);
  CHECK(second->window.ttl == 5min);
  site.run(6min);
  CHECK(site.governor->passes_by());
  CHECK_FALSE(site.tick());
  CHECK(site.decisions.back().kind == PowerDecisionKind::refused);
  CHECK(site.decisions.back().reason == "day_budget_spent");
}

TEST_CASE("after a window was closed by hand, chats open none for a while") {
  Site site({.demand = {.services = {"switch"}}, .power_aware = true});
  site.open({.services = {"switch"}, .ttl = 1h});
  site.look();
  site.window.reset();
  site.look();
  CHECK(site.governor->passes_by());
  CHECK_FALSE(site.tick());
  CHECK(site.report().at("on_demand").at("paused_until") == "2026-06-15T08:10:00.000Z");
  site.run(10min);
  CHECK(site.governor->passes_by());
  CHECK(site.tick());
}

TEST_CASE("a chat that asked while another window was open opens none after it") {
  Site site({.demand = {.services = {"switch"}}, .power_aware = true});
  site.open({.services = {"hermes"}, .ttl = 1min});
  site.look();
  CHECK(site.governor->passes_by());
  site.run(3min);
  CHECK(site.asked == 1);
}

TEST_CASE("what a chat asked for is forgotten without demand, and when it is old") {
  PowerGovernorOptions with_demand{.demand = {.services = {"switch"}}, .power_aware = true};
  SUBCASE("demand was switched on later") {
    Site site({.power_aware = true});
    site.look();
    CHECK(site.governor->passes_by());
    with_demand.clock = site.clock;
    with_demand.wall_clock = site.clock;
    site.governor = site.governor->successor(with_demand).value();
    site.run(1min);
    CHECK(site.asked == 0);
  }
  SUBCASE("nothing was decided for longer than max_age") {
    Site site(with_demand);
    site.look();
    CHECK(site.governor->passes_by());
    site.clock.advance(31s);
    CHECK_FALSE(site.tick());
    CHECK(site.governor->passes_by());
    CHECK(site.tick());
  }
}

TEST_CASE("a window whose order was cancelled or answered late is that of its schedule") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  vx11::Result<vx11::MadreReply> reply = vx11::MadreReply(504, "{}");
  SUBCASE("cancelled") {
    reply = vx11::fail(vx11::Errc::cancelled, "reload");
  }
  SUBCASE("pending") {}
  site.governor->concluded(*order, reply);
  site.clock.advance(2s);
  site.open(order->window);
  site.tick();
  CHECK(site.asked == 1);
  const auto shown = site.report().at("windows").at(0);
  CHECK(shown.at("source") == "schedule");
  CHECK(shown.at("schedule") == "daily");
}

TEST_CASE("a window that was opened elsewhere after a late order is not taken for it") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  site.governor->concluded(*order, vx11::MadreReply(504, "{}"));
  site.open({.services = {"hermes"}, .ttl = 1h});
  site.tick();
  CHECK(site.report().at("windows").at(0).at("source") == "elsewhere");
}

TEST_CASE("an idle window that madre closes late was not closed by hand") {
  Site site({.demand = {.services = {"switch"}}, .idle_after = 10min, .power_aware = true});
  site.open({.services = {"switch"}, .ttl = 8h});
  site.look();
  site.clock.advance(10min);
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  site.governor->concluded(*order, vx11::MadreReply(504, "{}"));
  site.clock.advance(1s);
  SUBCASE("she has carried it out") {
    site.window.reset();
    site.look();
    CHECK(site.decisions.back().kind == PowerDecisionKind::closed);
    CHECK(site.decisions.back().source == PowerSource::idle);
    CHECK(site.report().at("on_demand").at("paused_until").is_null());
  }
  SUBCASE("she has not, and a hand closes it later") {
    site.tick();
    site.window.reset();
    site.clock.advance(1s);
    site.look();
    CHECK(site.decisions.back().reason == "by_hand");
  }
  SUBCASE("she has not, and it is closed when it has been idle as long again") {
    site.run(9min);
    CHECK(site.is_open());
    site.run(2min);
    CHECK_FALSE(site.is_open());
  }
}

TEST_CASE("a command that fails again and again is tried seldom, and reported once") {
  Site site({.schedules = {daily(8h, 20h)}});
  int tries = 0;
  for (Duration passed{}; passed < 6h; passed += 10s) {
    site.look();
    if (const auto order = site.governor->due()) {
      ++tries;
      site.governor->concluded(*order, vx11::MadreReply(passed < 3h ? 403 : 422, "{}"));
    }
    site.clock.advance(10s);
  }
  CHECK(tries >= 24);
  CHECK(tries <= 32);
  REQUIRE(site.decisions.size() == 2);
  CHECK(site.decisions[0].reason == "madre_refused_403");
  CHECK(site.decisions[1].reason == "madre_refused_422");
}

TEST_CASE("a caller who has to wait for another command is no decision") {
  Site site({.schedules = {daily(8h, 10h)}});
  const auto first = site.governor->begin();
  CHECK(site.refusal(60s) == "command_in_progress");
  CHECK(site.decisions.empty());
}

TEST_CASE("a report that throws loses no order and stops nothing") {
  Site site({});
  PowerGovernorOptions rules{.schedules = {daily(8h, 10h)}, .alert_before = 3h};
  rules.clock = site.clock;
  rules.wall_clock = site.clock;
  rules.on_decision = [](const vx11::PowerDecision&) { throw std::runtime_error("full"); };
  site.governor = PowerGovernor::create(rules).value();
  site.tick();
  CHECK(site.asked == 1);
  site.tick();  // alerts
  CHECK(site.report().at("command_in_progress") == false);
}

TEST_CASE("only windows of which something young is known are shown") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.tick();
  site.tick();
  CHECK(site.report().at("windows").size() == 1);
  site.clock.advance(31s);
  CHECK(site.report().at("windows").empty());
  site.look();
  CHECK(site.report().at("windows").size() == 1);
  Site without_rules({});
  auto command = without_rules.ask(10min);
  REQUIRE(command);
  const vx11::WindowRequest window{.services = {"switch"}, .ttl = 10min};
  command->opened(window, without_rules.open(window));
  CHECK(without_rules.report().at("windows").empty());
}

TEST_CASE("a window that is replaced or closed by a command is counted up to then") {
  Site site({.budget = {.per_day = 4h}, .idle_after = 10min}, "2026-06-15T08:00:00Z");
  const auto used = [&] { return site.report().at("budget").at("day").at("used_sec"); };
  site.open({.services = {"switch"}, .ttl = 2h});
  site.look();
  SUBCASE("closed") {
    site.clock.advance(10min);
    const auto order = site.governor->due();
    CHECK_FALSE(order);  // nothing young is known
    site.look();
    site.clock.advance(20s);
    const auto closing = site.governor->due();
    REQUIRE(closing);
    site.carry_out(*closing);
    CHECK(used() == 620);
    site.look();
    CHECK(used() == 620);
  }
  SUBCASE("replaced") {
    auto command = site.ask(10min);
    REQUIRE(command);
    site.clock.advance(20s);
    site.window.reset();
    const vx11::WindowRequest window{.services = {"hermes"}, .ttl = 10min};
    command->opened(window, site.open(window));
    CHECK(used() == 20);
  }
}

TEST_CASE("a ledger that is read late is added to what was counted meanwhile") {
  Site site({.schedules = {daily(8h, 10h)}, .budget = {.per_day = 4h}});
  site.tick();
  site.run(30min);
  vx11::PowerLedger ledger = site.governor->ledger();
  ledger.closed["daily"] = at("2026-06-15T08:00:00Z");
  site.restart(false);
  site.run(10min);
  site.governor->restore(ledger);
  CHECK(site.report().at("budget").at("day").at("used_sec") == 40 * 60);
  CHECK(site.report().at("windows").size() == 1);
  CHECK(site.report().at("schedules").at(0).at("closed") == true);
}

TEST_CASE("a successor has other rules and the same state") {
  Site site({.schedules = {daily(8h, 10h)}, .budget = {.per_day = 3h}});
  site.tick();
  site.run(1h);
  PowerGovernorOptions other = site.rules;
  other.schedules.clear();
  other.budget.per_day = 90min;
  const auto next_one = site.governor->successor(other).value();
  const auto shown = nlohmann::json::parse(next_one->to_json());
  CHECK(shown.at("schedules").empty());
  CHECK(shown.at("windows").size() == 1);
  CHECK(shown.at("budget").at("day").at("left_sec") == 1800);
  CHECK_FALSE(site.governor->successor({.max_age = 0s}));
}

TEST_CASE("every mistake of the rules is named") {
  PowerSchedule wrong{.name = "x", .days = {0}, .from = 25h, .to = 26h, .services = {"no_such"}};
  const auto made = PowerGovernor::create({.schedules = {wrong, wrong},
                                           .bounds = {.min_ttl = 2h, .max_ttl = 1h},
                                           .budget = {.per_day = 0s, .warn_at = 2},
                                           .chat_service = "unknown"});
  REQUIRE_FALSE(made);
  const std::string& text = made.error().detail;
  for (const char* part : {"used twice", "unknown service \"no_such\"", "no days", "from must be",
                           "to must be", "min_ttl", "per_day", "warn_at", "chat_service"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
}

TEST_CASE("the report has rules, budgets, occurrences and decisions") {
  Site site(
      {.schedules =
           {daily(8h, 10h),
            {.name = "late", .days = {1U << 1U}, .from = 20h, .to = 24h, .services = {"hermes"}}},
       .budget = {.per_day = 3h},
       .idle_after = 90s,
       .power_aware = true});
  site.tick();
  const auto shown = site.report();
  CHECK(shown.at("active") == true);
  CHECK(shown.at("power_aware") == true);
  CHECK(shown.at("idle_after_sec") == 90);
  CHECK(shown.at("alert_before_sec").is_null());
  CHECK(shown.at("bounds").at("hold") == false);
  CHECK(shown.at("schedules").at(0).at("active") == true);
  CHECK(shown.at("schedules").at(0).at("to") == "10:00");
  CHECK(shown.at("schedules").at(1).at("days") == nlohmann::json({"mon"}));
  CHECK(shown.at("schedules").at(1).at("begins_at") == "2026-06-15T20:00:00.000Z");
  CHECK(shown.at("next").at("schedule") == "late");
  CHECK(shown.at("decisions").at(0).at("kind") == "opened");
  CHECK(shown.at("decisions").at(0).at("ttl_sec") == 7200);
  CHECK(nlohmann::json::parse(PowerGovernor::create({}).value()->to_json()).at("active") == false);
}

TEST_CASE("metrics count decisions, and show budgets that are set") {
  Site site({.budget = {.per_day = 3h}});
  site.open({.services = {"switch"}, .ttl = 1h});
  site.look();
  site.run(30min);
  double used = 0;
  std::uint64_t opened = 0;
  std::size_t limits = 0;
  for (const auto& family : site.governor->metric_families()) {
    if (family.name == "vx11_power_budget_used_seconds") used = family.series.at(0).real();
    if (family.name == "vx11_power_budget_limit_seconds") limits = family.series.size();
    if (family.name == "vx11_power_decisions_total") opened = family.series.at(0).value();
  }
  CHECK(used == 1800);
  CHECK(opened == 1);
  CHECK(limits == 1);
  CHECK(PowerGovernor::create({}).value()->metric_families().size() == 1);
}
