// Commands, windows that others open, and what a governor reports.
#include "power_governor_site.hpp"

using namespace power_site;

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

TEST_CASE("rules that bounds never allow are mistakes") {
  const auto made = PowerGovernor::create({.schedules = {daily(23h + 55min, 5min)},
                                           .bounds = {.min_ttl = 15min, .services = {"hermes"}},
                                           .budget = {.per_day = 10min, .per_month = 14min},
                                           .demand = {.services = {"switch"}, .ttl = 10min}});
  REQUIRE_FALSE(made);
  const std::string& text = made.error().detail;
  for (const char* part :
       {"schedule \"daily\": bounds.services lacks \"switch\"",
        "from to is shorter than bounds.min_ttl", "demand: bounds.services lacks \"switch\"",
        "demand: ttl is below bounds.min_ttl", "budget.per_day is below",
        "budget.per_month is below"}) {
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

TEST_CASE("a window that madre does not name is known by her state, and tried again seldom") {
  Site site({.schedules = {daily(8h, 20h)}});
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  site.governor->concluded(*order, vx11::MadreReply(200, R"({"status":"ok"})"));
  SUBCASE("her state shows it") {
    site.open(order->window);
    site.tick();
    CHECK(site.report().at("windows").at(0).at("schedule") == "daily");
    CHECK(site.decisions.back().kind == PowerDecisionKind::opened);
  }
  SUBCASE("it never shows it") {
    int tries = 1;
    for (Duration passed{}; passed < 10min; passed += 10s) {
      site.clock.advance(10s);
      site.look();
      const auto again = site.governor->due();
      if (!again) continue;
      ++tries;
      site.governor->concluded(*again, vx11::MadreReply(200, R"({"status":"ok"})"));
    }
    CHECK(tries <= 5);
    REQUIRE(site.decisions.size() == 1);
    CHECK(site.decisions[0].reason == "no_window_id");
  }
}

TEST_CASE("a window that madre shows before she answers is that of its order, and opened once") {
  Site site({.schedules = {daily(8h, 20h)}});
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  site.clock.advance(2s);
  vx11::Result<vx11::MadreReply> reply = site.open(order->window);
  site.clock.advance(1s);
  site.look();
  CHECK_FALSE(site.governor->due());
  SUBCASE("she answers") {}
  SUBCASE("she fails to") {
    reply = vx11::fail(vx11::Errc::timeout, "limit");
  }
  site.governor->concluded(*order, reply);
  site.run(1min);
  CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
  CHECK(site.report().at("windows").at(0).at("schedule") == "daily");
  CHECK(site.asked == 1);
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

TEST_CASE("a window that is open already, by madre's word, is no failure") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  auto order = site.governor->due();
  REQUIRE(order);
  site.open({.services = {"switch"}, .ttl = 2h});  // by another process with the same rules
  site.clock.advance(1s);
  site.carry_out(*order);
  CHECK(site.decisions.empty());
  CHECK(site.governor->take_change());
  site.clock.advance(1s);
  site.look();
  REQUIRE(site.decisions.size() == 1);
  CHECK(site.decisions[0].kind == PowerDecisionKind::opened);
  CHECK(site.decisions[0].source == PowerSource::schedule);
  CHECK(site.decisions[0].schedule == "daily");
  CHECK(site.report().at("windows").size() == 1);
}

TEST_CASE("a window of other services that is open already is not that of the schedule") {
  Site site({.schedules = {daily(8h, 10h)}});
  site.look();
  auto order = site.governor->due();
  REQUIRE(order);
  site.open({.services = {"hermes"}, .ttl = 5min});
  site.carry_out(*order);
  site.clock.advance(1s);
  site.look();
  CHECK(site.decisions.back().source == PowerSource::elsewhere);
  site.window.reset();
  site.open({.services = {"switch"}, .ttl = 5min});  // by hand, later
  site.clock.advance(1s);
  site.look();
  CHECK(site.decisions.back().source == PowerSource::elsewhere);
}

TEST_CASE("an order that another process carries out is decided on anew, without a word") {
  Site site({.schedules = {daily(8h, 10h)}, .idle_after = 1h});
  site.look();
  for (int i = 0; i < 3; ++i) {
    const auto order = site.governor->due();
    REQUIRE(order);
    CHECK(order->action == PowerOrder::Action::open);
    site.governor->withdrawn(*order);
  }
  CHECK(site.decisions.empty());
  CHECK(site.refusal(60s).empty());
  site.tick();
  site.clock.advance(61min);
  site.look();
  const auto closing = site.governor->due();
  REQUIRE(closing);
  CHECK(closing->action == PowerOrder::Action::close);
  site.governor->withdrawn(*closing);
  REQUIRE(site.tick());
  CHECK_FALSE(site.is_open());
}

TEST_CASE("madre's Retry-After is obeyed for an hour at most") {
  Site site({.schedules = {daily(8h, 20h)}});
  site.look();
  const auto order = site.governor->due();
  REQUIRE(order);
  vx11::MadreReply busy(429, "{}");
  busy.retry_after = Duration::max();
  site.governor->concluded(*order, busy);
  site.run(59min);
  CHECK(site.asked == 0);
  site.run(2min);
  CHECK(site.asked == 1);
}

TEST_CASE("a window without an end in sight causes no alert, and no overflow") {
  Site site({.alert_before = 5min});
  const auto state = vx11::parse_power_state(
      R"({"policy":"windowed","window_id":"win-1","created_at":"2026-06-15T08:00:00Z",)"
      R"("deadline":"9999-12-31T23:59:59Z","active_services":["madre","redis","switch"]})",
      site.clock.wall_now());
  REQUIRE(state);
  REQUIRE(state->windows.size() == 1);
  CHECK(*state->windows[0].ttl <= hours(24 * 365 * 40));
  CHECK(*state->windows[0].remaining <= hours(24 * 365 * 40));
  site.governor->observe(*state);
  CHECK_FALSE(site.governor->due());
  CHECK(site.kinds() == Kinds{PowerDecisionKind::opened});
}

TEST_CASE("times that no clock can hold are mistakes of the rules") {
  for (const auto& [options, name] : std::vector<std::pair<PowerGovernorOptions, std::string>>{
           {{.bounds = {.max_ttl = seconds::max()}}, "bounds.max_ttl"},
           {{.budget = {.per_day = seconds::max()}}, "per_day"},
           {{.budget = {.per_month = seconds::max()}}, "per_month"}}) {
    const auto made = PowerGovernor::create(options);
    REQUIRE_FALSE(made);
    CHECK(made.error().detail.find(name) != std::string::npos);
  }
}

TEST_CASE("the report says whether a ledger is kept") {
  const Site site({.budget = {.per_day = 3h}});
  CHECK(site.report().at("ledger") == "none");
  site.governor->set_ledger_state(vx11::LedgerState::kept);
  CHECK(site.report().at("ledger") == "kept");
  site.governor->set_ledger_state(vx11::LedgerState::failed);
  const auto next = site.governor->successor({}).value();
  CHECK(nlohmann::json::parse(next->to_json()).at("ledger") == "failed");
}
