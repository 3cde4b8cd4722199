// Hints between the breakers of replicas: the rule alone, and a thousand replicas on one clock.
// docs/scaling.md has the figures that the simulations print.

#include <vx11/breaker_hints.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "replica_simulation.hpp"

using namespace std::chrono_literals;
using replica_simulation::Milliseconds;
using replica_simulation::Outcome;
using replica_simulation::Scenario;
using replica_simulation::Simulation;
using vx11::BreakerReports;
using vx11::CircuitState;

namespace {

/// One replica with one breaker.
struct One {
  vx11::testing::ManualClock clock;
  std::shared_ptr<vx11::CircuitBreaker> breaker = std::make_shared<vx11::CircuitBreaker>(
      vx11::CircuitBreakerOptions{.failures_to_open = 3, .open_for = 60s}, clock);
  vx11::BreakerHints hints{made()};

  void fail() { breaker->try_acquire().value().failure(); }
  void succeed() { breaker->try_acquire().value().success(); }
  bool apply(std::uint32_t open, std::uint32_t live) {
    return hints.apply(0, BreakerReports{.live = live, .open = open});
  }

 private:
  std::vector<vx11::HintedBreaker> made() { return {{"switch", breaker}}; }
};

Outcome run(const Scenario& scenario) {
  return Simulation(scenario).run();
}

Scenario dead_target_at_quiet_and_busy_replicas() {
  Scenario scenario;
  scenario.rate = [](std::size_t i) { return i % 2 == 0 ? 5.0 : 0.1; };
  scenario.fails = [](std::size_t, Milliseconds now) { return now >= 10s ? 1.0 : 0.001; };
  return scenario;
}

/// Of 1,000 replicas the first `count` cannot reach the target, which works.
Scenario bad_hosts(std::size_t count) {
  Scenario scenario;
  scenario.fails = [count](std::size_t i, Milliseconds) { return i < count ? 1.0 : 0.005; };
  return scenario;
}

}  // namespace

TEST_CASE("a hint takes two other replicas, and half of those that live") {
  const vx11::BreakerHintOptions options;
  const auto hints = [&](std::uint32_t open, std::uint32_t live) {
    return is_hint(BreakerReports{.live = live, .open = open}, options);
  };
  CHECK_FALSE(hints(0, 0));
  CHECK_FALSE(hints(1, 2));
  CHECK(hints(2, 3));
  CHECK(hints(2, 4));
  CHECK_FALSE(hints(2, 5));
  CHECK_FALSE(hints(499, 1000));
  CHECK(hints(500, 1000));
  CHECK_FALSE(is_hint(BreakerReports{}, {.min_reports = 0, .one_in = 0}));
}

TEST_CASE_FIXTURE(One, "a suspected target opens at the next failure, and not before") {
  CHECK(apply(2, 3));
  CHECK(breaker->state() == CircuitState::closed);
  CHECK(breaker->snapshot().is_suspected);
  CHECK(breaker->snapshot().failures == 0);
  fail();
  CHECK(breaker->state() == CircuitState::open);
  CHECK(breaker->snapshot().failures == 1);
}

TEST_CASE_FIXTURE(One, "a success answers a hint, which acts again only after it had ended") {
  apply(2, 3);
  succeed();
  CHECK_FALSE(apply(2, 3));
  fail();
  CHECK(breaker->state() == CircuitState::closed);
  succeed();
  apply(1, 3);
  CHECK(apply(2, 3));
  fail();
  CHECK(breaker->state() == CircuitState::open);
}

TEST_CASE_FIXTURE(One, "a hint ends with its reports") {
  SUBCASE("the others have closed") {
    apply(2, 3), apply(1, 3);
  }
  SUBCASE("there is no news") {
    apply(2, 3), hints.forget();
  }
  CHECK_FALSE(breaker->snapshot().is_suspected);
  fail();
  fail();
  CHECK(breaker->state() == CircuitState::closed);
}

TEST_CASE_FIXTURE(One, "an isolated breaker and a half-open one are no report") {
  breaker->isolate();
  CHECK_FALSE(hints.is_open(0));
  breaker->automatic();
  for (int i = 0; i < 3; ++i) fail();
  CHECK(hints.is_open(0));
  clock.advance(60s);
  CHECK_FALSE(hints.is_open(0));
}

TEST_CASE("1,000 replicas: a dead target costs quiet replicas one failure instead of three") {
  Scenario scenario = dead_target_at_quiet_and_busy_replicas();
  const Outcome with = run(scenario);
  scenario.with_hints = false;
  const Outcome without = run(scenario);
  MESSAGE("dead target: failed chats after half had opened "
          << with.failed_late << " with hints, " << without.failed_late
          << " without; 95 % open after " << (with.nearly_all_at - 10s).count() << " and "
          << (without.nearly_all_at - 10s).count() << " ms; exchanges " << with.exchanges);
  CHECK(with.failed_late * 2 < without.failed_late);
  CHECK(with.nearly_all_at > 10s);
  const bool without_took_longer =
      without.nearly_all_at < 0s || without.nearly_all_at > with.nearly_all_at + 5s;
  CHECK(without_took_longer);
}

TEST_CASE("1,000 replicas: hosts that cannot reach the target convince no other") {
  for (const std::size_t bad : {1U, 100U, 400U}) {
    CAPTURE(bad);
    const Outcome seen = run(bad_hosts(bad));
    MESSAGE(bad << " bad hosts: " << seen.count_opened(bad, 1000) << " of the others opened, "
                << seen.suspicions << " suspicions; one report as a verdict would have cost "
                << seen.blind_seconds_by_verdict << " replica-seconds");
    CHECK(seen.count_opened(0, bad) == bad);
    CHECK(seen.count_opened(bad, 1000) == 0);
    CHECK(seen.suspicions == 0);
    CHECK(seen.blind_seconds_by_verdict > 10'000);
  }
}

TEST_CASE("1,000 replicas: even a majority of bad hosts blinds hardly any other") {
  const Outcome seen = run(bad_hosts(600));
  const std::size_t opened = seen.count_opened(600, 1000);
  MESSAGE("600 bad hosts: " << opened << " of 400 others opened, by a failure of their own");
  CHECK(seen.suspicions >= 400);
  CHECK(opened < 20);  // of 400, at five failures in a thousand chats
}

TEST_CASE("1,000 replicas: those that vanish stop counting") {
  Scenario scenario;
  scenario.rate = [](std::size_t i) { return i < 100 ? 5.0 : 0.1; };
  scenario.fails = [](std::size_t, Milliseconds now) { return now >= 20s ? 1.0 : 0.0; };
  scenario.runs = [](std::size_t i, Milliseconds now) { return now < 10s || i < 200; };
  scenario.length = 30s;
  const Outcome seen = run(scenario);
  CHECK(seen.suspicions > 80);  // the quiet half of the 200 that are left
}

TEST_CASE("1,000 replicas: without an exchange they are as without hints") {
  Scenario scenario = dead_target_at_quiet_and_busy_replicas();
  scenario.exchange_is_up = [](Milliseconds) { return false; };
  const Outcome lost = run(scenario);
  CHECK(lost.suspicions == 0);
  CHECK(lost.exchanges == 0);
}

TEST_CASE("1,000 replicas: a shared rate holds in sum, one of each replica is multiplied") {
  const vx11::detail::Gcra gcra({.calls = 600, .period = 60s, .burst = 600});
  vx11::detail::Gcra::Instant shared = 0;
  std::vector<vx11::detail::Gcra::Instant> own(1000, 0);
  std::uint64_t in_sum = 0;
  std::uint64_t alone = 0;
  vx11::detail::SplitMix64 random(7);
  constexpr std::int64_t kStart = 3'600'000'000'000;
  constexpr std::int64_t kBetween = 100'000;  // 10,000 requests a second of one token
  for (std::int64_t at = kStart; at < kStart + 60'000'000'000; at += kBetween) {
    const auto decide = [at, &gcra](std::int64_t& arrival) {
      const auto decision = gcra.decide(arrival, at, 1);
      arrival = decision.next;
      return decision.too_soon == 0s ? 1U : 0U;
    };
    in_sum += decide(shared);
    alone += decide(own[static_cast<std::size_t>(random.next() * 1000)]);
  }
  MESSAGE("600/m, offered 600,000: " << in_sum << " admitted in sum, " << alone << " per replica");
  CHECK(in_sum == 1199);  // the burst, and one each 100 ms of the minute
  CHECK(alone > 590'000);
}
