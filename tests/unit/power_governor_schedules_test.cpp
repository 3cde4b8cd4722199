// Schedules: when windows are opened, and when not.
#include "power_governor_site.hpp"

using namespace power_site;

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

TEST_CASE("windows end as they do where madre's clock differs, so the next one follows") {
  for (const seconds ahead : {-3600s, -10s, 0s, 10s, 3600s}) {
    CAPTURE(ahead.count());
    PowerSchedule schedule = daily(8h, 18h);
    schedule.ttl = 20min;
    Site site({.schedules = {schedule}, .alert_before = 5min});
    site.ahead = ahead;
    site.run(14min);
    CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
    CHECK(site.report().at("windows").at(0).at("ends_at") == "2026-06-15T08:20:10.000Z");
    site.run(4min);
    CHECK(site.kinds() == Kinds{PowerDecisionKind::opened, PowerDecisionKind::ending});
    site.run(2h);
    CHECK(site.asked >= 6);
  }
}

TEST_CASE("a window that was opened elsewhere ends at its time by either clock") {
  for (const auto ahead : {-60min, 60min}) {
    CAPTURE(ahead.count());
    Site site({.alert_before = 5min});
    site.ahead = ahead;
    site.look();
    site.open({.services = {"hermes"}, .ttl = 20min});
    site.run(14min);
    CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
    site.run(7min);
    CHECK(site.decisions.back().kind == PowerDecisionKind::ended);
  }
}

TEST_CASE("a jump of the wall clock does not make an end look like a close by hand") {
  for (const auto jump : {-60min, 60min}) {
    CAPTURE(jump.count());
    PowerSchedule schedule = daily(6h, 18h);
    schedule.ttl = 20min;
    Site site({.schedules = {schedule}, .alert_before = 5min});
    site.run(5min);
    site.clock.set_wall(site.clock.wall_now() + jump);
    site.run(5min);
    CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
    CHECK(site.report().at("windows").at(0).at("ends_at") ==
          vx11::to_rfc3339(at("2026-06-15T08:20:10Z") + jump));
    site.run(30min);
    CHECK(site.asked == 2);
  }
}
