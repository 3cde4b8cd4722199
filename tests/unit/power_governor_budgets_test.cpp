// Budgets and bounds: what is counted and refused.
#include "power_governor_site.hpp"

using namespace power_site;

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

TEST_CASE("what was used is known after a wall clock that was years ahead or behind") {
  for (const char* wrong : {"2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}) {
    CAPTURE(wrong);
    Site site({.budget = {.per_day = 4h}}, "2026-06-15T08:00:00Z");
    site.open({.services = {"switch"}, .ttl = 1h});
    site.run(90min);
    site.clock.set_wall(at(wrong));
    site.run(1min);
    site.clock.set_wall(at("2026-06-15T10:00:00Z"));
    site.run(1min);
    CHECK(site.report().at("budget").at("day").at("used_sec") == 3600);
  }
}

TEST_CASE("a window that outlives a restart under a wrong clock counts for a month at most") {
  Site site({.budget = {.per_day = 4h}});
  site.open({.services = {"switch"}, .ttl = std::nullopt});
  site.look();
  site.clock.set_wall(at("2099-06-15T08:00:00Z"));
  site.restart(true);
  site.look();
  CHECK(site.governor->ledger().used.size() <= 33);
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

TEST_CASE("a refusal grants no ttl that the bounds refuse") {
  Site site({.bounds = {.min_ttl = 30min}, .budget = {.per_day = 45min}});
  vx11::PowerLedger ledger;
  ledger.used[site.rules.budget.zone.day_of(site.clock.wall_now())] = 20min;
  site.governor->restore(ledger);
  const auto refused = site.ask(30min);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "budget_too_small");
  CHECK(refused.error().most == 0s);
  CHECK(refused.error().available_at == at("2026-06-16T00:00:00Z"));
  CHECK(refused.error().message ==
        "The budget leaves 1500 seconds, and a window lasts at least 1800 seconds");
  CHECK(refused.error().recommended_action ==
        "Try again from 2026-06-16T00:00:00.000Z on, or raise the budget");
  site.clock.set_wall(at("2026-06-15T23:45:00Z"));  // and 45 min of the next day
  CHECK(site.refusal(60min).empty());
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
