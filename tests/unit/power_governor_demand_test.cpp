// Windows that chats use, ask for and leave idle; alerts.
#include "power_governor_site.hpp"

using namespace power_site;

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

TEST_CASE("a clock that was years ahead pauses demand for no longer than any") {
  PowerGovernorOptions rules{.demand = {.services = {"switch"}, .pause = 10min}};
  rules.power_aware = true;
  Site site(rules, "2031-01-01T00:00:00Z");
  site.open({.services = {"switch"}, .ttl = 1h});
  site.look();
  site.window.reset();
  site.look();
  site.clock.set_wall(at("2026-06-15T08:00:00Z"));
  SUBCASE("in one process") {}
  SUBCASE("after a restart") {
    site.restart(true);
  }
  site.look();
  CHECK(site.report().at("on_demand").at("paused_until") == "2026-06-15T08:10:00.000Z");
  site.run(11min);
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
