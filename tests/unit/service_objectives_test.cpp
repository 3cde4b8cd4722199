// Which requests an objective counts, what it calls good, and how objectives are reported.

#include <vx11/service_objectives.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using nlohmann::json;
using vx11::AnswerEnd;
using vx11::ObjectiveKind;
using vx11::RequestRecord;
using vx11::ServiceObjective;
using vx11::ServiceObjectives;

namespace {

RequestRecord chat(int status = 200) {
  RequestRecord record;
  record.method = "POST";
  record.route = "/operator/chat/ask";
  record.status = status;
  record.duration = 2s;
  record.source = status == 200 ? "switch" : "";
  return record;
}
RequestRecord fallback(std::string_view reason, std::string_view source = "madre_fallback") {
  RequestRecord record = chat();
  record.source = source;
  record.fallback = reason;
  return record;
}
RequestRecord ended(AnswerEnd end) {
  RequestRecord record = chat();
  record.end = end;
  return record;
}
RequestRecord by(std::string_view method) {
  RequestRecord record = chat();
  record.method = method;
  return record;
}
RequestRecord on(std::string_view route) {
  RequestRecord record = chat();
  record.route = route;
  return record;
}
RequestRecord taking(vx11::Duration duration, int status = 200) {
  RequestRecord record = chat(status);
  record.duration = duration;
  return record;
}

const ServiceObjective kAvailability = {.name = "availability"};
const ServiceObjective kLatency = {
    .name = "latency", .kind = ObjectiveKind::latency, .threshold = 2s};
const ServiceObjective kFirstChoice = {.name = "first", .kind = ObjectiveKind::first_choice};

const std::optional<bool> kGood = true;
const std::optional<bool> kBad = false;
const std::optional<bool> kNotCounted = std::nullopt;

struct Site {
  vx11::testing::ManualClock clock;

  ServiceObjective described(ServiceObjective objective) const {
    objective.level.clock = clock;
    objective.level.wall_clock = clock;
    return objective;
  }
  std::shared_ptr<const ServiceObjectives> made(
      std::vector<ServiceObjective> objectives,
      const std::shared_ptr<const ServiceObjectives>& earlier = nullptr) const {
    for (ServiceObjective& objective : objectives) objective = described(std::move(objective));
    return ServiceObjectives::create(std::move(objectives), earlier.get()).value();
  }
};

std::string mistakes_of(std::vector<ServiceObjective> objectives) {
  const auto made = ServiceObjectives::create(std::move(objectives));
  return made ? std::string() : made.error().detail;
}

}  // namespace

TEST_CASE("availability: what is ours to answer and was not") {
  for (const int status : {200, 204, 302}) CHECK(judge(kAvailability, chat(status)) == kGood);
  for (const int status : {500, 502, 503, 504, 507}) {
    CHECK(judge(kAvailability, chat(status)) == kBad);
  }
  for (const int status : {400, 401, 403, 404, 408, 413, 422, 429, 499, 501, 505}) {
    CHECK(judge(kAvailability, chat(status)) == kNotCounted);
  }
  CHECK(judge(kAvailability, ended(AnswerEnd::done)) == kGood);
  CHECK(judge(kAvailability, ended(AnswerEnd::error)) == kBad);
  CHECK(judge(kAvailability, ended(AnswerEnd::client_left)) == kNotCounted);
  CHECK(judge(kAvailability, fallback("switch_timeout")) == kGood);
}

TEST_CASE("only uses of the objective's routes count") {
  CHECK(judge(kAvailability, on("/v1/chat/completions")) == kGood);
  for (const char* route : {"", "/metrics", "/readyz", "/operator/status", "/v1/models"}) {
    CHECK(judge(kAvailability, on(route)) == kNotCounted);
  }
  CHECK(judge(kAvailability, by("OPTIONS")) == kNotCounted);
  CHECK(judge(kAvailability, by("HEAD")) == kNotCounted);
  const ServiceObjective power = {.name = "power", .routes = {"/operator/power/*", "/vx11/status"}};
  CHECK(judge(power, on("/operator/power/state")) == kGood);
  CHECK(judge(power, on("/vx11/status")) == kGood);
  CHECK(judge(power, on("/operator/chat")) == kNotCounted);
  CHECK(judge({.name = "all", .routes = {"*"}}, on("")) == kNotCounted);
}

TEST_CASE("latency: of the answered requests those within the threshold") {
  CHECK(judge(kLatency, taking(2s)) == kGood);
  CHECK(judge(kLatency, taking(2s + 1ns)) == kBad);
  CHECK(judge(kLatency, taking(1ms, 503)) == kNotCounted);
  CHECK(judge(kLatency, taking(9s, 503)) == kNotCounted);
}

TEST_CASE(
    "a client that leaves after the threshold has waited too long, and spends no other budget") {
  for (const int status : {200, 499}) {
    CAPTURE(status);
    RequestRecord left = taking(1s, status);
    left.end = AnswerEnd::client_left;
    CHECK(judge(kLatency, left) == kNotCounted);
    left.duration = 2s + 1ns;
    CHECK(judge(kLatency, left) == kBad);
    CHECK(judge(kAvailability, left) == kNotCounted);
    CHECK(judge(kFirstChoice, left) == kNotCounted);
    left.fallback = "switch_timeout";
    left.source = "madre_fallback";
    CHECK(judge(kFirstChoice, left) == kNotCounted);
    left.route = "/metrics";
    CHECK(judge(kLatency, left) == kNotCounted);
  }
  RequestRecord refused = taking(9s, 408);
  refused.end = AnswerEnd::client_left;
  CHECK(judge(kLatency, refused) == kNotCounted);
  CHECK(judge(kLatency, taking(9s, 499)) == kNotCounted);
}

TEST_CASE("first choice: of the answered chats those without a fallback") {
  CHECK(judge(kFirstChoice, chat()) == kGood);
  CHECK(judge(kFirstChoice, fallback("switch_timeout")) == kBad);
  CHECK(judge(kFirstChoice, fallback("switch_circuit_open")) == kBad);
  CHECK(judge(kFirstChoice, fallback("switch_asleep")) == kNotCounted);
  CHECK(judge(kFirstChoice, chat(503)) == kNotCounted);
  RequestRecord no_chat = chat();
  no_chat.source = "";
  CHECK(judge(kFirstChoice, no_chat) == kNotCounted);
  const ServiceObjective group = {
      .name = "first", .kind = ObjectiveKind::first_choice, .first_choices = {"a", "b"}};
  CHECK(judge(group, fallback("a_timeout", "b")) == kGood);
  CHECK(judge(group, fallback("a_timeout", "c")) == kBad);
}

TEST_CASE_FIXTURE(Site, "every objective judges every record") {
  const auto all = made({kAvailability, kLatency, kFirstChoice});
  all->count(chat());
  all->count(chat(503));
  all->count(fallback("switch_error"));
  all->count(taking(3s));
  const auto counted = [&](std::size_t i) { return all->entries()[i].level->counted(); };
  CHECK(counted(0) == vx11::EventCounts{.total = 4, .bad = 1});
  CHECK(counted(1) == vx11::EventCounts{.total = 3, .bad = 1});
  CHECK(counted(2) == vx11::EventCounts{.total = 3, .bad = 1});
}

TEST_CASE_FIXTURE(Site, "a request counts for the time at which it has ended") {
  const auto all = made({kAvailability});
  const auto& level = *all->entries().front().level;
  RequestRecord later = chat(503);
  later.ended = clock.now() + 1h;
  all->count(later);
  clock.advance(1h);
  CHECK(level.events(5min) == vx11::EventCounts{.total = 1, .bad = 1});
  clock.advance(6min);
  CHECK(level.events(5min).total == 0);
}

TEST_CASE_FIXTURE(Site, "a new configuration keeps the history of what counts the same") {
  const auto before = made({kAvailability, kLatency, kFirstChoice});
  before->count(fallback("switch_error"));
  ServiceObjective stricter = kAvailability;
  stricter.level.objective = 0.9999;
  ServiceObjective faster = kLatency;
  faster.threshold = 1s;
  const auto after = made({stricter, faster, kFirstChoice}, before);
  const auto& entries = after->entries();
  CHECK(entries[0].level->counted().total == 1);
  CHECK(entries[0].level->events(1h).total == 1);
  CHECK(entries[0].level->options().objective == 0.9999);
  CHECK(entries[1].level->events(1h).total == 0);
  CHECK(entries[2].level == before->entries()[2].level);
}

TEST_CASE("mistakes are named, all of them") {
  CHECK(mistakes_of({kAvailability, kLatency}).empty());
  ServiceObjective hopeless = kAvailability;
  hopeless.level.objective = 1;
  CHECK(mistakes_of({{},
                     hopeless,
                     {.name = "slow", .kind = ObjectiveKind::latency},
                     kFirstChoice,
                     kFirstChoice,
                     {.name = "none", .routes = {}}}) ==
        "objective \"\": the name is missing; objective \"availability\": objective must be above "
        "0 and below 1; objective \"slow\": a latency objective needs a threshold; objective "
        "\"first\": the name is used twice; objective \"none\": there are no routes");
}

TEST_CASE_FIXTURE(Site, "the report says all of it") {
  const auto all = made({kLatency});
  for (int i = 0; i < 99; ++i) all->count(chat());
  all->count(taking(3s));
  clock.advance(10min);
  const json report = json::parse(to_json(*all, clock.wall_now()));
  CHECK(report.at("timestamp") == "2025-12-28T12:44:56.789Z");
  const json& shown = report.at("objectives").at(0);
  CHECK(shown.at("name") == "latency");
  CHECK(shown.at("kind") == "latency");
  CHECK(shown.at("objective") == 0.999);
  CHECK(shown.at("threshold_seconds") == 2);
  CHECK(shown.at("routes").size() == 5);
  CHECK(shown.at("period_seconds") == 2592000);
  CHECK(shown.at("known_seconds") == 600);
  CHECK(shown.at("events") == json({{"total", 100}, {"bad", 1}}));
  CHECK(shown.at("budget_remaining") == -9);
  CHECK(shown.at("burn_rates").at(0) ==
        json({{"window", "5m"}, {"total", 0}, {"bad", 0}, {"burn_rate", 0}}));
  CHECK(shown.at("burn_rates").at(2) ==
        json({{"window", "1h"}, {"total", 100}, {"bad", 1}, {"burn_rate", 10}}));
  CHECK(shown.at("alerts").at(0) == json({{"severity", "page"},
                                          {"long_window", "1h"},
                                          {"short_window", "5m"},
                                          {"burn_rate", 14.4},
                                          {"firing", false}}));
  CHECK(shown.at("alerts").size() == 3);
}

TEST_CASE_FIXTURE(Site, "metrics exist from the start, at 0") {
  const auto all = made({kAvailability, kFirstChoice});
  const auto families = service_level_metrics(all);
  REQUIRE(families.size() == 6);
  CHECK(families[0].name == "vx11_slo_events_total");
  CHECK(families[0].series.size() == 2);
  CHECK(families[0].series[0].value() == 0);
  CHECK(families[1].name == "vx11_slo_bad_events_total");
  CHECK(families[1].series[1].value() == 0);
  CHECK(families[2].series[0].real() == 0.999);
  CHECK(families[3].series[0].real() == 1);
  CHECK(families[4].series.size() == 10);
  CHECK(families[5].series.size() == 6);
  for (int i = 0; i < 3; ++i) all->count(chat(503));
  CHECK(families[0].series[0].value() == 3);
  CHECK(families[1].series[0].value() == 3);
  CHECK(families[4].series[0].real() == doctest::Approx(1000));
  CHECK(families[5].series[0].value() == 1);
  CHECK(families[5].series[3].value() == 0);
}
