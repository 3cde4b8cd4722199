#include <vx11/health_aggregator.hpp>
#include <vx11/transport/in_process.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "health_fakes.hpp"
#include "held_transport.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;

namespace {

using Check = Running<HealthReport>;

constexpr auto kPower =
    R"({"policy":"solo_madre","active_windows":[],)"
    R"("running_services":["madre","tentaculo_link","redis"],"available_services":[]})";

HealthOptions watching(std::vector<HealthComponent> components) {
  HealthOptions options;
  options.components = std::move(components);
  return options;
}

Deadline within(Duration time, std::stop_token stop = {}) {
  return Deadline::after(SteadyClock().now(), time, std::move(stop));
}

/// The aggregator's current results, without waiting.
HealthReport peek(HealthAggregator& health) {
  return health.check(within(0s));
}

/// Waits until the running round, kept open by another probe, has `expected` for `name`.
HealthReport until_known(HealthAggregator& health, std::string_view name, Health expected) {
  for (;;) {
    HealthReport report = peek(health);
    if (report.find(name)->health == expected) return report;
    std::this_thread::yield();
  }
}

Task<HealthReport> check_twice(HealthAggregator& health) {
  co_await health.async_check();
  co_return co_await health.async_check();
}

/// Owns the aggregator and destroys it on the thread that ended the round.
Task<HealthReport> check_once_and_destroy(std::unique_ptr<HealthAggregator> health) {
  HealthReport report = co_await health->async_check();
  health.reset();
  co_return report;
}

}  // namespace

TEST_CASE("all probes and the power view are asked side by side") {
  Rendezvous all_four(4);
  const auto meeting = [&](const Deadline&) {
    return all_four.meet() ? Health::ok : Health::degraded;
  };
  const auto madre = std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline&) {
    all_four.meet();
    return HttpResponse(200, "application/json", kPower);
  });
  HealthOptions options =
      watching({required("madre", probe(meeting)), required("redis", probe(meeting)),
                required("hermes", probe(meeting))});
  options.power = std::make_shared<PowerStateView>(madre, "http://madre:8001");
  HealthAggregator health(std::move(options));
  const HealthReport report = health.check();
  CHECK(report.overall == Health::ok);
  CHECK(report.power);
}

TEST_CASE("all calls during a round share it") {
  Gate gate;
  const auto counted = probe_behind(gate);
  HealthAggregator health(watching({required("madre", counted)}));
  std::vector<std::unique_ptr<Check>> checks;
  for (int i = 0; i < 50; ++i) checks.push_back(std::make_unique<Check>(health.async_check()));
  gate.wait_for_visitors(1);
  for (const auto& check : checks) CHECK_FALSE(check->has_ended());

  gate.open();
  for (const auto& check : checks) CHECK(check->result().overall == Health::ok);
  CHECK(counted->looks() == 1);

  health.check();
  CHECK(counted->looks() == 2);
}

TEST_CASE("blocking callers on many threads all get a report") {
  const auto counted = probe_that_says(Health::ok);
  HealthAggregator health(watching({required("madre", counted)}));
  std::atomic<int> reports = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 20; ++n) reports += health.check().overall == Health::ok ? 1 : 0;
      });
    }
  }
  CHECK(reports == 320);
  CHECK(counted->looks() <= 320);
}

TEST_CASE("a probe that ignores its limit is given up, and the others count") {
  Gate gate;
  const auto hanging = probe_behind(gate);
  HealthAggregator health(
      watching({required("madre", hanging, 10ms), required("redis", probe_that_says(Health::ok))}));
  const HealthReport report = health.check();
  CHECK(report.find("madre")->health == Health::unreachable);
  CHECK(report.find("madre")->error == "connection timeout after 10ms");
  CHECK(report.find("madre")->latency >= 10ms);
  CHECK(report.find("redis")->health == Health::ok);
  CHECK(report.overall == Health::degraded);
  gate.open();
}

TEST_CASE("a probe that still hangs is not asked again until it has come back") {
  Gate gate;
  const auto hanging = probe_behind(gate);
  const auto well = probe_that_says(Health::ok);
  HealthAggregator health(watching({required("madre", hanging, 10ms), required("redis", well)}));
  health.check();
  for (int round = 2; round <= 10; ++round) {
    const HealthReport report = health.check();
    CHECK(report.find("madre")->error == "connection timeout after 10ms");
    CHECK(report.find("redis")->health == Health::ok);
    CHECK(well->looks() == round);
  }
  CHECK(hanging->looks() == 1);

  gate.open();
  while (health.check().overall != Health::ok) std::this_thread::yield();
  CHECK(hanging->looks() >= 2);
}

TEST_CASE("a round of nothing but hanging probes ends at once the second time") {
  Gate gate;
  HealthAggregator health(watching({required("madre", probe_behind(gate), 10ms)}));
  CHECK(health.check().overall == Health::offline);
  Check second(health.async_check());
  CHECK(second.has_ended());
  CHECK(second.result().overall == Health::offline);
  gate.open();
}

TEST_CASE("a short limit does not wait for a long one, nor end it") {
  Gate gate;
  HealthAggregator health(watching({required("madre", probe_behind(gate), 1ms),
                                    required("redis", probe_behind(gate), kPatience)}));
  Check check(health.async_check());
  const HealthReport halfway = until_known(health, "madre", Health::unreachable);
  CHECK(halfway.find("redis")->health == Health::unknown);
  CHECK(halfway.overall == Health::degraded);
  CHECK_FALSE(check.has_ended());
  gate.open();
  CHECK(check.result().find("redis")->health == Health::ok);
}

TEST_CASE("a power view that hangs delays no component") {
  Gate gate;
  const auto madre = std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline&) {
    gate.wait();
    return HttpResponse(200, "application/json", kPower);
  });
  HealthOptions options =
      watching({required("madre", probe_that_says(Health::ok), kPatience / 60)});
  options.power = std::make_shared<PowerStateView>(madre, "http://madre:8001");
  HealthAggregator health(std::move(options));
  for (int i = 0; i < 3; ++i) {
    const HealthReport report = health.check();
    CHECK(report.overall == Health::ok);
    CHECK_FALSE(report.power);
  }
  gate.open();
  while (!health.check().power) std::this_thread::yield();
}

TEST_CASE("a caller whose deadline passes gets what is known so far") {
  Gate gate;
  HealthAggregator health(
      watching({required("self", SelfCheck{}), required("madre", probe_that_says(Health::ok)),
                required("redis", probe_behind(gate))}));
  Check patient(health.async_check());
  until_known(health, "madre", Health::ok);

  const HealthReport report = health.check(within(5ms));
  CHECK(report.find("self")->health == Health::ok);
  CHECK(report.find("madre")->health == Health::ok);
  CHECK(report.find("redis")->health == Health::unknown);
  CHECK(report.overall == Health::degraded);
  CHECK_FALSE(patient.has_ended());

  gate.open();
  CHECK(patient.result().overall == Health::ok);
}

TEST_CASE("if nothing is known yet, so is the verdict") {
  Gate gate;
  HealthAggregator health(
      watching({required("self", SelfCheck{}), required("madre", probe_behind(gate))}));
  CHECK(peek(health).overall == Health::unknown);
  gate.open();
}

TEST_CASE("callers with different deadlines each leave at their own") {
  Gate gate;
  HealthAggregator health(watching({required("madre", probe_behind(gate))}));
  Check never(health.async_check());
  Check late(health.async_check(within(10ms)));
  Check early(health.async_check(within(1ms)));
  Check last(health.async_check(within(20ms)));
  for (Check* check : {&early, &late, &last}) CHECK(check->result().overall == Health::unknown);
  CHECK_FALSE(never.has_ended());
  gate.open();
  CHECK(never.result().overall == Health::ok);
}

TEST_CASE("deadlines hold even while everything that can hang does") {
  Gate gate;
  const auto madre = std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline&) {
    gate.wait();
    return HttpResponse(200, "application/json", kPower);
  });
  HealthOptions options = watching({required("madre", probe_behind(gate))});
  options.power = std::make_shared<PowerStateView>(madre, "http://madre:8001");
  HealthAggregator health(std::move(options));
  Check never(health.async_check());
  gate.wait_for_visitors(2);
  CHECK(health.check(within(1ms)).overall == Health::unknown);
  gate.open();
  CHECK(never.result().overall == Health::ok);
}

TEST_CASE("a caller that is cancelled leaves, the round continues") {
  Gate gate;
  std::stop_source interest;
  HealthAggregator health(watching({required("madre", probe_behind(gate))}));
  Check leaving(health.async_check(within(kPatience, interest.get_token())));
  Check staying(health.async_check());
  CHECK_FALSE(leaving.has_ended());

  interest.request_stop();
  CHECK(leaving.result().find("madre")->health == Health::unknown);
  CHECK_FALSE(staying.has_ended());
  gate.open();
  CHECK(staying.result().overall == Health::ok);
}

TEST_CASE("a caller that is cancelled beforehand does not wait") {
  Gate gate;
  std::stop_source interest;
  interest.request_stop();
  HealthAggregator health(watching({required("madre", probe_behind(gate))}));
  CHECK(health.check(within(kPatience, interest.get_token())).overall == Health::unknown);
  gate.open();
}

TEST_CASE("a stop token that fires after the round does no harm") {
  std::stop_source interest;
  HealthAggregator health(watching({required("madre", probe_that_says(Health::ok))}));
  CHECK(health.check(within(kPatience, interest.get_token())).overall == Health::ok);
  interest.request_stop();
}

TEST_CASE("a coroutine may check again where it is resumed") {
  const auto counted = probe_that_says(Health::ok);
  HealthAggregator health(watching({required("madre", counted)}));
  CHECK(sync_wait(check_twice(health)).overall == Health::ok);
  CHECK(counted->looks() == 2);
}

TEST_CASE("probes that suspend are all under way before the first is resumed") {
  std::array<std::shared_ptr<SuspendingProbe>, 3> probes;
  std::vector<HealthComponent> components;
  for (auto& suspending : probes) {
    suspending = std::make_shared<SuspendingProbe>();
    components.push_back(required("event-driven", suspending));
  }
  HealthAggregator health(watching(std::move(components)));
  Check check(health.async_check());
  std::jthread loop([&] {
    for (auto it = probes.rbegin(); it != probes.rend(); ++it) (*it)->answer();
  });
  CHECK(check.result().overall == Health::ok);
}

TEST_CASE("a suspending probe begins on the thread of the caller") {
  const auto probe = std::make_shared<SuspendingProbe>();
  HealthAggregator health(watching({required("madre", probe)}));
  Check check(health.async_check());
  CHECK(probe->thread() == std::this_thread::get_id());
  CHECK_FALSE(check.has_ended());
  probe->answer();
  CHECK(check.result().overall == Health::ok);
}

TEST_CASE("a blocking probe runs on another thread, and the caller is not held up") {
  Gate gate;
  std::thread::id thread = {};
  const auto blocking = probe([&](const Deadline&) {
    thread = std::this_thread::get_id();
    gate.wait();
    return Health::ok;
  });
  HealthAggregator health(watching({required("madre", blocking)}));
  Check check(health.async_check());  // would never return if it ran here
  CHECK_FALSE(check.has_ended());
  gate.open();
  CHECK(check.result().overall == Health::ok);
  CHECK(thread != std::this_thread::get_id());
}

TEST_CASE("a blocking probe does not keep a suspending one from beginning or ending") {
  Gate gate;
  const auto suspending = std::make_shared<SuspendingProbe>();
  HealthAggregator health(
      watching({required("redis", probe_behind(gate)), required("madre", suspending)}));
  Check check(health.async_check());
  suspending->answer();
  CHECK(peek(health).find("madre")->health == Health::ok);
  CHECK(peek(health).find("redis")->health == Health::unknown);
  gate.open();
  CHECK(check.result().overall == Health::ok);
}

TEST_CASE("the power view over a transport that suspends is asked on the thread of the caller") {
  const auto madre = std::make_shared<HeldTransport>();
  HealthOptions options = watching({required("madre", *make_http_probe(madre, "http://madre"))});
  options.power = std::make_shared<PowerStateView>(madre, "http://madre:8001");
  HealthAggregator health(std::move(options));
  Check check(health.async_check());
  REQUIRE(madre->calls() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(madre->thread(i) == std::this_thread::get_id());
  madre->answer(0, "{}");
  CHECK_FALSE(check.has_ended());
  madre->answer(1, kPower);
  CHECK(check.result().power);
}

TEST_CASE("a suspending probe past its limit is given up") {
  const auto probe = std::make_shared<SuspendingProbe>();
  HealthAggregator health(watching({required("madre", probe, 1ms)}));
  CHECK(health.check().find("madre")->error == "connection timeout after 1ms");
  CHECK(health.check().overall == Health::offline);
  probe->answer();
  Check again(health.async_check());
  probe->answer();
  CHECK(again.result().overall == Health::ok);
}

TEST_CASE("the destructor cancels suspending probes and keeps them alive until they end") {
  auto probe = std::make_shared<SuspendingProbe>();
  SuspendingProbe& seen = *probe;
  const std::weak_ptr<SuspendingProbe> life = probe;
  {
    HealthAggregator health(watching({required("madre", std::move(probe), 1ms)}));
    health.check();
    CHECK_FALSE(seen.cancelled());
  }
  CHECK_FALSE(life.expired());
  CHECK(seen.cancelled());
  seen.answer();
  CHECK(life.expired());
}

TEST_CASE("an aggregator can be moved while a probe is running") {
  const auto probe = std::make_shared<SuspendingProbe>();
  HealthAggregator first(watching({required("madre", probe)}));
  Check check(first.async_check());
  HealthAggregator second(std::move(first));
  Check shared(second.async_check());
  probe->answer();
  CHECK(check.result().overall == Health::ok);
  CHECK(shared.result().overall == Health::ok);
}

TEST_CASE("the destructor waits for running probes") {
  Gate gate;
  const auto hanging = probe_behind(gate);
  auto health = std::make_unique<HealthAggregator>(watching({required("madre", hanging, 1ms)}));
  health->check();
  int returned_at_end = -1;
  std::jthread destroyer([&] {
    health.reset();
    returned_at_end = hanging->returned();
  });
  gate.wait_for_visitors(1);
  gate.open();
  destroyer.join();
  CHECK(returned_at_end == 1);
}

TEST_CASE("a resumed coroutine may destroy the aggregator") {
  for (int i = 0; i < 50; ++i) {
    auto health = std::make_unique<HealthAggregator>(
        watching({required("madre", probe_that_says(Health::ok)),
                  required("redis", probe_that_says(Health::ok))}));
    CHECK(sync_wait(check_once_and_destroy(std::move(health))).overall == Health::ok);
  }
}

TEST_CASE("an aggregator that was never asked has no threads to wait for") {
  HealthAggregator health(watching({required("madre", probe_that_says(Health::ok))}));
}

TEST_CASE("many threads check while probes flip, fail, throw and hang a little") {
  std::atomic<unsigned> turn = 0;
  const auto flipping = [&](const Deadline&) -> Result<ProbeAnswer> {
    switch (turn++ % 5) {
      case 0:
        return Health::degraded;
      case 1:
        return fail(Errc::timeout);
      case 2:
        throw std::runtime_error("flipped");
      case 3:
        std::this_thread::yield();
        return Health::ok;
      default:
        return Health::ok;
    }
  };
  const auto breaker = std::make_shared<CircuitBreaker>(
      CircuitBreakerOptions{.failures_to_open = 1, .open_for = 1ms});
  HealthOptions options =
      watching({required("self", SelfCheck{}), required("madre", probe(flipping)),
                required("redis", probe(flipping), 1us), required("hermes", probe(flipping)),
                optional("switch", std::shared_ptr<const CircuitBreaker>(breaker))});
  options.reuse_for = 200us;
  HealthAggregator health(std::move(options));

  std::atomic<int> whole = 0;
  const auto caller = [&](unsigned number) {
    for (unsigned i = 0; i < 100; ++i) {
      std::stop_source interest;
      const auto limit = std::chrono::microseconds(i * number * 37 % 3000);
      Check check(health.async_check(within(limit, interest.get_token())));
      if (i % 3 == 0) interest.request_stop();
      if (auto permit = breaker->try_acquire()) permit->failure();
      const HealthReport report = check.result();
      whole += report.components.size() == 5 && report.find("self")->health == Health::ok;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned number = 1; number <= 6; ++number) threads.emplace_back(caller, number);
  }
  CHECK(whole == 600);
}
