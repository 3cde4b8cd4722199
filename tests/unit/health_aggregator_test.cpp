#include <vx11/health_aggregator.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "health_fakes.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;
using testing::ManualClock;
using testing::ScriptedTransport;

namespace {

using BreakerPtr = std::shared_ptr<const CircuitBreaker>;

constexpr auto kSoloMadre =
    R"({"policy":"solo_madre","active_windows":[],)"
    R"("running_services":["madre","tentaculo_link","redis"],"available_services":["switch"]})";

HealthOptions watching(std::vector<HealthComponent> components) {
  HealthOptions options;
  options.components = std::move(components);
  return options;
}

HealthOptions watching(std::vector<HealthComponent> components, const ManualClock& clock) {
  HealthOptions options = watching(std::move(components));
  options.clock = clock;
  options.wall_clock = clock;
  return options;
}

std::shared_ptr<const PowerStateView> power_over(std::shared_ptr<Transport> transport) {
  return std::make_shared<PowerStateView>(std::move(transport), "http://madre:8001");
}

}  // namespace

TEST_CASE("a report has every component in the order of its description") {
  const auto breaker = std::make_shared<CircuitBreaker>();
  HealthAggregator health(watching(
      {required("tentaculo_link", SelfCheck{}), required("madre", probe_that_says(Health::ok)),
       required("redis", NotConfigured{}), optional("switch", BreakerPtr(breaker))}));
  const HealthReport report = health.check();

  REQUIRE(report.components.size() == 4);
  CHECK(report.components[0].name == "tentaculo_link");
  CHECK(report.components[0].health == Health::ok);
  CHECK(report.components[1].name == "madre");
  CHECK(report.components[1].health == Health::ok);
  CHECK(report.components[1].source == EvidenceSource::probe);
  CHECK(report.components[1].port == 8001);
  CHECK(report.components[2].name == "redis");
  CHECK(report.components[2].health == Health::unknown);
  CHECK(report.components[3].name == "switch");
  CHECK(report.components[3].health == Health::available);
  CHECK(report.overall == Health::ok);
  CHECK_FALSE(report.power);
}

TEST_CASE("an aggregator of nothing is ok") {
  HealthAggregator health{HealthOptions()};
  CHECK(health.check().overall == Health::ok);
  CHECK(health.check().components.empty());
}

TEST_CASE("create names every mistake of the description") {
  HealthOptions options =
      watching({required("madre", SelfCheck{}), required("madre", SelfCheck{}, 0s),
                required("", std::shared_ptr<Probe>()), required("switch", BreakerPtr(), -1s)});
  options.reuse_for = -1s;
  const auto health = HealthAggregator::create(std::move(options));
  REQUIRE_FALSE(health);
  CHECK(health.error().code == Errc::invalid_argument);
  CHECK(health.error().detail ==
        "reuse_for must not be negative; "
        "component \"madre\": the name is used twice; "
        "component \"madre\": timeout must be positive; "
        "component 3: no name; component 3: its probe is null; "
        "component \"switch\": timeout must be positive; "
        "component \"switch\": its breaker is null");
}

TEST_CASE("create makes an aggregator of a description without mistakes") {
  auto health = HealthAggregator::create(watching(
      {required("madre", probe_that_says(Health::ok)), optional("redis", NotConfigured{})}));
  REQUIRE(health);
  CHECK(health->check().overall == Health::ok);
  CHECK(HealthAggregator::create({}));
}

TEST_CASE("what was asked carries when and how long") {
  ManualClock clock;
  const auto slow = probe([&](const Deadline&) {
    clock.advance(7ms);
    return Health::ok;
  });
  HealthAggregator health(watching({required("madre", slow)}, clock));
  const ComponentHealth madre = health.check().components.at(0);
  CHECK(madre.latency == 7ms);
  CHECK(madre.checked_at == clock.wall_now());
}

TEST_CASE("a probe is given its component's limit on the aggregator's clock") {
  ManualClock clock;
  TimePoint end = {};
  const auto heeding = probe([&](const Deadline& deadline) {
    end = deadline.at();
    return Health::ok;
  });
  HealthAggregator health(watching({required("madre", heeding, 45s)}, clock));
  health.check();
  CHECK(end == clock.now() + 45s);
}

TEST_CASE("a probe that fails is unreachable with a text of our own") {
  HealthAggregator health(watching({required("madre", probe_that_fails(Errc::timeout)),
                                    required("redis", probe_that_fails(Errc::unreachable)),
                                    required("hermes", probe_that_says(Health::degraded))}));
  const HealthReport report = health.check();
  CHECK(report.find("madre")->health == Health::unreachable);
  CHECK(report.find("madre")->error == "connection timeout after 60s");
  CHECK(report.find("redis")->health == Health::unreachable);
  CHECK(report.find("redis")->error == "connection failed");
  CHECK(report.find("hermes")->health == Health::degraded);
  CHECK(report.overall == Health::offline);
}

TEST_CASE("a probe that throws is unreachable") {
  const auto throwing = probe([](const Deadline&) -> Result<ProbeAnswer> {
    throw std::runtime_error("a probe's mistake");
  });
  HealthAggregator health(watching({required("madre", throwing)}));
  CHECK(health.check().components.at(0).error == "connection failed");
}

TEST_CASE("the verdict follows the components from round to round") {
  std::atomic<bool> well = true;
  const auto flipping =
      probe([&](const Deadline&) { return well ? Health::ok : Health::degraded; });
  HealthAggregator health(
      watching({required("madre", flipping), required("redis", probe_that_says(Health::ok))}));
  CHECK(health.check().overall == Health::ok);
  well = false;
  CHECK(health.check().overall == Health::degraded);
  well = true;
  CHECK(health.check().overall == Health::ok);
}

TEST_CASE("looking never acquires a breaker") {
  ManualClock clock;
  const auto breaker = std::make_shared<CircuitBreaker>(
      CircuitBreakerOptions{.failures_to_open = 1, .open_for = 60s, .probes = 1}, clock);
  HealthAggregator health(watching({optional("switch", BreakerPtr(breaker))}, clock));
  const auto seen_each_time = [&](Health expected) {
    for (int i = 0; i < 300; ++i) {
      const HealthReport report = health.check();
      REQUIRE(report.components[0].health == expected);
      REQUIRE(report.overall == Health::ok);
    }
  };

  seen_each_time(Health::available);
  CHECK(breaker->snapshot().generation == 0);

  breaker->try_acquire()->failure();
  const auto opened = breaker->snapshot().generation;
  seen_each_time(Health::offline);
  CHECK(health.check().components[0].reason == "circuit_open");

  clock.advance(60s);
  seen_each_time(Health::available);
  CHECK(breaker->snapshot().generation == opened);
  const auto permit = breaker->try_acquire();  // its one slot is still free
  REQUIRE(permit);
  CHECK(permit->is_probe());
}

TEST_CASE("without a reuse age every check is a round of its own") {
  const auto counted = probe_that_says(Health::ok);
  HealthAggregator health(watching({required("madre", counted)}));
  for (int i = 1; i <= 20; ++i) {
    health.check();
    CHECK(counted->looks() == i);
  }
}

TEST_CASE("a young report answers again as cache, with the age of its evidence") {
  ManualClock clock;
  const auto counted = probe_that_says(Health::ok);
  HealthOptions options =
      watching({required("self", SelfCheck{}), required("madre", counted)}, clock);
  options.reuse_for = 1s;
  HealthAggregator health(std::move(options));
  const HealthReport first = health.check();
  CHECK(first.find("madre")->source == EvidenceSource::probe);

  clock.advance(999ms);
  const HealthReport second = health.check();
  CHECK(counted->looks() == 1);
  CHECK(second.overall == Health::ok);
  CHECK(second.find("madre")->source == EvidenceSource::cache);
  CHECK(second.find("madre")->checked_at == first.find("madre")->checked_at);
  CHECK(second.find("self")->source == EvidenceSource::self);
  CHECK(second.find("self")->checked_at == clock.wall_now());

  clock.advance(1ms);
  CHECK(health.check().find("madre")->source == EvidenceSource::probe);
  CHECK(counted->looks() == 2);
}

TEST_CASE("a report that answers again has the breakers as they are now") {
  ManualClock clock;
  const auto breaker =
      std::make_shared<CircuitBreaker>(CircuitBreakerOptions{.failures_to_open = 1}, clock);
  HealthOptions options = watching(
      {required("madre", probe_that_says(Health::ok)), required("switch", BreakerPtr(breaker))},
      clock);
  options.reuse_for = 1h;
  HealthAggregator health(std::move(options));
  CHECK(health.check().overall == Health::ok);

  breaker->try_acquire()->failure();
  const HealthReport report = health.check();
  CHECK(report.find("madre")->source == EvidenceSource::cache);
  CHECK(report.find("switch")->health == Health::offline);
  CHECK(report.find("switch")->source == EvidenceSource::breaker);
  CHECK(report.overall == Health::degraded);
}

TEST_CASE("setting the time of day does not make a report older") {
  ManualClock clock;
  const auto counted = probe_that_says(Health::ok);
  HealthOptions options = watching({required("madre", counted)}, clock);
  options.reuse_for = 1s;
  HealthAggregator health(std::move(options));
  health.check();
  clock.set_wall(clock.wall_now() + 24h);
  health.check();
  CHECK(counted->looks() == 1);
}

TEST_CASE("a report says what madre says about power") {
  const auto madre = std::make_shared<ScriptedTransport>();
  madre->then_json(kSoloMadre);
  HealthOptions options = watching({required("madre", probe_that_says(Health::ok))});
  options.power = power_over(madre);
  HealthAggregator health(std::move(options));
  const HealthReport report = health.check();
  REQUIRE(report.power);
  CHECK(report.power->policy == PowerPolicy::solo_madre);
  CHECK(report.power->windows.empty());
}

TEST_CASE("a madre that says nothing about power leaves the rest of the report alone") {
  HealthOptions options = watching({required("redis", probe_that_says(Health::ok))});
  options.power = power_over(std::make_shared<ScriptedTransport>());
  HealthAggregator health(std::move(options));
  const HealthReport report = health.check();
  CHECK_FALSE(report.power);
  CHECK(report.overall == Health::ok);
}

TEST_CASE("hundreds of checks send nothing but harmless GETs") {
  const auto madre = std::make_shared<ScriptedTransport>();
  madre->then_json(kSoloMadre);
  HealthOptions options = watching({required("madre", *make_http_probe(madre, "http://madre"))});
  options.power = power_over(madre);
  HealthAggregator health(std::move(options));
  for (int i = 0; i < 200; ++i) health.check();

  const std::vector<HttpRequest> requests = madre->requests();
  CHECK(requests.size() == 400);
  for (const HttpRequest& request : requests) {
    REQUIRE(request.method == "GET");
    REQUIRE((request.target == "/health" || request.target == "/madre/power/state"));
  }
}

TEST_CASE("a component may be checked by a function with a reason of its own") {
  const std::thread::id here = std::this_thread::get_id();
  std::atomic<bool> ran_here = false;
  const auto full = std::make_shared<FunctionProbe>([&](const Deadline& deadline) {
    ran_here = std::this_thread::get_id() == here;
    return deadline.never() ? ProbeAnswer(Health::ok) : ProbeAnswer(Health::degraded, "queue_full");
  });
  const auto simple = std::make_shared<FunctionProbe>([](const Deadline&) { return Health::ok; });
  const auto silent = std::make_shared<FunctionProbe>(
      [](const Deadline&) -> Result<ProbeAnswer> { return fail(Errc::timeout, "no answer"); });
  const auto broken = std::make_shared<FunctionProbe>(
      [](const Deadline&) -> ProbeAnswer { throw std::runtime_error("broken"); });
  HealthAggregator health(watching({required("full", full), required("simple", simple),
                                    required("silent", silent), required("broken", broken),
                                    required("empty", std::make_shared<FunctionProbe>(nullptr))}));
  const HealthReport report = health.check();
  CHECK(report.find("full")->health == Health::degraded);
  CHECK(report.find("full")->reason == "queue_full");
  CHECK_FALSE(ran_here);
  CHECK(report.find("simple")->health == Health::ok);
  for (const char* name : {"silent", "broken", "empty"}) {
    CHECK(report.find(name)->health == Health::unreachable);
  }
}

TEST_CASE("a function that suspends is called on the thread of the caller") {
  const std::thread::id here = std::this_thread::get_id();
  std::atomic<bool> ran_here = false;
  const auto probe = std::make_shared<TaskProbe>([&](Deadline) -> Task<Result<ProbeAnswer>> {
    ran_here = std::this_thread::get_id() == here;
    return ProbeAnswer(Health::degraded, "warming_up");
  });
  HealthAggregator health(watching(
      {required("cache", probe), required("empty", std::make_shared<TaskProbe>(nullptr))}));
  const HealthReport report = health.check();
  CHECK(ran_here);
  CHECK(report.find("cache")->reason == "warming_up");
  CHECK(report.find("empty")->health == Health::unreachable);
}
