// What the gateway keeps and knows of power windows.

#include <vx11/testing/manual_clock.hpp>
#include <vx11/transport/in_process.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "gateway/power/power_ledger.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/power/power_transports.hpp"
#include "scratch_folder.hpp"

using namespace gateway;
using namespace std::chrono_literals;

TEST_CASE("a ledger of power windows is what was written") {
  using std::chrono::local_days;
  const vx11::WallTime when(1'781'510'400'123ms);
  const vx11::PowerLedger ledger{.used = {{local_days(std::chrono::days(20'000)), 90min}},
                                 .windows = {{.id = "win-1",
                                              .since = when,
                                              .end = when + 1h,
                                              .services = {"switch"},
                                              .source = vx11::PowerSource::schedule,
                                              .schedule = "office"},
                                             {.id = "win-2", .since = when}},
                                 .seen_at = when,
                                 .closed = {{"office", when}},
                                 .demand_paused_until = when + 10min};
  const auto read = read_ledger(print_ledger(ledger));
  REQUIRE(read);
  CHECK(print_ledger(*read) == print_ledger(ledger));
  CHECK(read->used == ledger.used);
  CHECK(read->windows.at(0).end == when + 1h);
  CHECK(read->windows.at(1).end == std::nullopt);
  CHECK(read->closed == ledger.closed);
  CHECK(read_ledger(print_ledger({})));
}

TEST_CASE("a ledger that is none is named") {
  CHECK(read_ledger("").error().detail == "is no ledger of power windows");
  CHECK(read_ledger("{}").error().detail == "is no ledger of power windows");
  CHECK(read_ledger(R"({"format":"vx11 power","version":2})").error().detail ==
        "was written by a later version");
  const std::string good = print_ledger({.windows = {{.id = "win-1"}}});
  for (const auto& [part, in_its_place] : std::vector<std::pair<std::string, std::string>>{
           {R"("used":[])", R"("used":[[1,-1]])"},
           {R"("used":[])", R"("used":[[1,999999999999]])"},
           {R"("used":[])", R"("used":[[99999999999,1]])"},
           {R"("source":3)", R"("source":77)"},
           {R"("seen_ms":null)", R"("seen_ms":9e300)"},
           {R"("seen_ms":null)", R"("seen_ms":9223372036854775807)"},
           {R"("closed":{})", R"("closed":{"office":"now"})"},
           {R"("seen_ms":null,)", ""}}) {
    std::string bad = good;
    const auto at = bad.find(part);
    REQUIRE_MESSAGE(at != std::string::npos, part);
    bad.replace(at, part.size(), in_its_place);
    const auto read = read_ledger(bad);
    REQUIRE_MESSAGE(!read, bad);
    CHECK(read.error().detail == "is damaged");
  }
}

TEST_CASE("two gateways do not keep one ledger, and the next one takes it over") {
  const ScratchFolder folder;
  const auto governor = vx11::PowerGovernor::create({.power_aware = true}).value();
  const std::string path = folder / "power.json";
  {
    LedgerFile first(path);
    first.load(*governor);
    LedgerFile second(path);
    second.load(*governor);
    governor->observe({});
    second.save(*governor);
    CHECK_FALSE(std::filesystem::exists(path));
    first.save(*governor);
    CHECK(std::filesystem::exists(path));
  }
  const auto next = vx11::PowerGovernor::create({.power_aware = true}).value();
  LedgerFile third(path);
  third.load(*next);
  CHECK(next->ledger().seen_at == governor->ledger().seen_at);
}

TEST_CASE("a ledger that cannot be read at the start is read as soon as it can be") {
  const std::chrono::local_days today(
      std::chrono::floor<std::chrono::days>(vx11::WallClock().now()).time_since_epoch());
  const ScratchFolder folder;
  const std::string path = folder / "power.json";
  const auto governor = vx11::PowerGovernor::create({.power_aware = true}).value();
  const auto next = vx11::PowerGovernor::create({.power_aware = true}).value();
  const auto late = std::make_shared<LedgerFile>(path);
  {
    LedgerFile first(path);
    first.load(*governor);
    governor->restore({.used = {{today, 90min}}});
    governor->observe({});
    first.save(*governor);
    late->load(*next);
    CHECK_FALSE(late->is_kept());
    CHECK(ledger_metrics(late).at(0).series.at(0).value() == 0);
  }
  next->observe({});
  late->save(*next);
  CHECK(next->ledger().used.at(today) == 90min);
  CHECK(late->is_kept());
  CHECK(ledger_metrics(late).at(0).series.at(0).value() == 1);
  CHECK(ledger_metrics(std::make_shared<LedgerFile>("")).empty());
}

TEST_CASE("a command to madre is in progress until she has answered it") {
  const auto governor = vx11::PowerGovernor::create({}).value();
  std::vector<bool> admitted;
  const auto madre = std::make_shared<vx11::InProcessTransport>([&](const auto&, const auto&) {
    admitted.push_back(governor->admit({.services = {"switch"}}).has_value());
    return vx11::HttpResponse(200, "application/json", "{}");
  });
  const auto transport = make_command_transport(madre, governor);
  const vx11::HttpRequest command("POST", "http://madre:8001", "/madre/power/window/open");
  const vx11::HttpRequest reading("GET", "http://madre:8001", "/madre/power/state");
  CHECK(vx11::sync_wait(transport->send(command, vx11::Deadline())));
  CHECK(vx11::sync_wait(transport->send(reading, vx11::Deadline())));
  CHECK(admitted == std::vector<bool>{false, true});
  CHECK(governor->admit({.services = {"switch"}}));
}

TEST_CASE("switch is in use until an answer has ended") {
  const auto use = std::make_shared<SwitchUse>();
  std::vector<bool> used;
  const auto inner = std::make_shared<vx11::InProcessTransport>([&](const auto&, const auto&) {
    used = {use->take(), use->take()};
    return vx11::HttpResponse(200, "application/json", "{}");
  });
  const auto transport = make_used_transport(inner, use);
  CHECK_FALSE(use->take());
  const vx11::HttpRequest task("POST", "http://switch:8002", "/switch/task");
  CHECK(vx11::sync_wait(transport->send(task, vx11::Deadline())));
  CHECK(used == std::vector<bool>{true, true});
  CHECK(use->take());
  CHECK_FALSE(use->take());
}

TEST_CASE("the ledger is kept beside the sessions, where the setting says, or nowhere") {
  GatewayConfig config;
  CHECK(ledger_file_of(config).empty());
  config.sessions.store.sqlite_path = "/var/lib/vx11/sessions.db";
  CHECK(ledger_file_of(config) == "/var/lib/vx11/power.json");
  config.power.ledger.value = "/elsewhere/p.json";
  CHECK(ledger_file_of(config) == "/elsewhere/p.json");
  config.power.ledger.value = "none";
  CHECK(ledger_file_of(config).empty());
}

TEST_CASE("rules of power windows are what the configuration says, and bound nothing by default") {
  GatewayConfig config;
  CHECK_FALSE(vx11::PowerGovernor::create(power_rules(config)).value()->is_active());
  CHECK_FALSE(watches_chats(config));
  config.schedules["office"] = {.days = {"mon", "sun"}, .from = "08:05", .to = "24:00", .ttl = 90s};
  config.power.budget.per_day = 3h;
  config.power.open_on_demand = true;
  config.chat.power_aware = true;
  const auto rules = power_rules(config);
  REQUIRE(rules.schedules.size() == 1);
  CHECK(rules.schedules[0].name == "office");
  CHECK(rules.schedules[0].days.bits == 0b11);
  CHECK(rules.schedules[0].from == 8h + 5min);
  CHECK(rules.schedules[0].to == 24h);
  CHECK(rules.schedules[0].ttl == 90s);
  CHECK(rules.budget.per_day == 3h);
  CHECK_FALSE(rules.budget.per_month);
  CHECK(rules.demand.services == std::vector<std::string>{"switch"});
  CHECK(watches_chats(config));
}
