#include <vx11/adaptive_limit.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <deque>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::AdaptiveLimit;
using vx11::AdaptiveLimitOptions;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::LimitAlgorithm;
using vx11::Result;
using vx11::sync_wait;
using vx11::testing::ManualClock;

namespace {

/// Keeps the limit fully used for `rounds`; every call takes `latency`.
void run_at_the_limit(AdaptiveLimit& limit, ManualClock& clock, Duration latency, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    std::deque<AdaptiveLimit::Permit> permits;
    while (auto permit = limit.try_acquire()) permits.push_back(std::move(*permit));
    clock.advance(latency);
    for (auto& permit : permits) permit.success();
  }
}

/// An upstream with limited concurrency that queues the other calls.
void run_against_capacity(AdaptiveLimit& limit, ManualClock& clock, double capacity, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const double load = std::max(1.0, limit.limit() / capacity);
    run_at_the_limit(limit, clock, Duration(static_cast<long long>(10e6 * load)), 1);
  }
}

}  // namespace

TEST_CASE("no more than the limit run at once") {
  AdaptiveLimit limit({.initial = 2});
  auto first = limit.try_acquire();
  auto second = limit.try_acquire();
  REQUIRE(first);
  REQUIRE(second);
  const auto third = limit.try_acquire();
  REQUIRE_FALSE(third);
  CHECK(third.error().reason == vx11::RejectionReason::limit_reached);
  first->neutral();
  CHECK(limit.running() == 1);
  CHECK(limit.try_acquire());
}

TEST_CASE("steady latencies let the limit grow when it is used") {
  for (const auto algorithm : {LimitAlgorithm::gradient, LimitAlgorithm::aimd}) {
    ManualClock clock;
    AdaptiveLimit limit({.algorithm = algorithm, .initial = 10, .max = 50}, clock);
    run_at_the_limit(limit, clock, 10ms, 100);
    CHECK(limit.limit() == 50);
  }
}

TEST_CASE("a limit that is not used does not grow") {
  for (const auto algorithm : {LimitAlgorithm::gradient, LimitAlgorithm::aimd}) {
    ManualClock clock;
    AdaptiveLimit limit({.algorithm = algorithm, .initial = 10}, clock);
    for (int call = 0; call < 1000; ++call) {
      auto permit = limit.try_acquire();
      REQUIRE(permit);
      clock.advance(10ms);
      permit->success();
    }
    CHECK(limit.limit() == 10);
  }
}

TEST_CASE("growing latencies bring the gradient limit down, and it recovers with them") {
  ManualClock clock;
  AdaptiveLimit limit({.initial = 50, .max = 100}, clock);
  run_at_the_limit(limit, clock, 10ms, 20);
  const auto before = limit.limit();
  run_at_the_limit(limit, clock, 200ms, 2);
  const auto during = limit.limit();
  CHECK(during < before / 2);
  run_at_the_limit(limit, clock, 10ms, 200);
  CHECK(limit.limit() > during);
}

TEST_CASE("the gradient limit settles near what the upstream bears") {
  ManualClock clock;
  AdaptiveLimit limit({.initial = 10, .max = 1000, .tolerance = 1.0}, clock);
  run_against_capacity(limit, clock, 40, 300);
  CHECK(limit.limit() >= 30);
  CHECK(limit.limit() <= 120);
}

TEST_CASE("failures multiply the limit down to its least, never below") {
  for (const auto algorithm : {LimitAlgorithm::gradient, LimitAlgorithm::aimd}) {
    AdaptiveLimit limit({.algorithm = algorithm, .initial = 20, .min = 3});
    limit.try_acquire()->failure();
    CHECK(limit.limit() == 18);
    for (int i = 0; i < 100; ++i) limit.try_acquire()->failure();
    CHECK(limit.limit() == 3);
  }
}

TEST_CASE("neutral verdicts and permits dropped without a verdict change nothing") {
  AdaptiveLimit limit({.initial = 5});
  for (int i = 0; i < 100; ++i) {
    limit.try_acquire()->neutral();
    { const auto dropped = limit.try_acquire(); }
  }
  CHECK(limit.limit() == 5);
  CHECK(limit.running() == 0);
}

TEST_CASE("a verdict counts once, wherever the permit was moved") {
  AdaptiveLimit limit({.initial = 10});
  auto first = limit.try_acquire();
  auto second = limit.try_acquire();
  *first = std::move(*second);
  CHECK(limit.running() == 1);
  first->failure();
  first->failure();
  second->failure();
  CHECK(limit.running() == 0);
  CHECK(limit.limit() == 9);
}

TEST_CASE("options out of range are drawn to the nearest that works") {
  AdaptiveLimit none({.initial = 0, .min = 0, .max = 0});
  CHECK(none.limit() == 1);
  none.try_acquire()->failure();
  CHECK(none.limit() == 1);
  AdaptiveLimit upside_down({.initial = 7, .min = 9, .max = 3});
  CHECK(upside_down.limit() == 9);
  AdaptiveLimit harsh({.initial = 10, .after_failure = -5});
  harsh.try_acquire()->failure();
  CHECK(harsh.limit() == 1);
}

TEST_CASE("a latency of no time at all does not divide by zero") {
  ManualClock clock;
  AdaptiveLimit limit({.initial = 4, .max = 10}, clock);
  run_at_the_limit(limit, clock, 0s, 100);
  CHECK(limit.limit() == 10);
}

TEST_CASE("in a pipeline it learns from the results, and a call that throws is a failure") {
  AdaptiveLimit limit({.initial = 10});
  auto limited = vx11::pipeline(std::ref(limit));
  ScriptedCall call({failed(Errc::timeout), failed(Errc::cancelled), 1});
  CHECK_FALSE(limited.run(std::ref(call)));
  CHECK(limit.limit() == 9);
  CHECK_FALSE(sync_wait(limited.async_run(awaited(call))));
  CHECK(limit.limit() == 9);
  const auto throwing = [](Deadline) -> Result<int> { throw std::runtime_error("call"); };
  CHECK_THROWS_AS(limited.run(throwing), std::runtime_error);
  CHECK(limit.limit() == 8);
  CHECK(limit.running() == 0);
}

TEST_CASE("many threads never run more than the most, and all permits come back") {
  AdaptiveLimit limit({.algorithm = LimitAlgorithm::aimd, .initial = 4, .max = 8});
  std::atomic<int> running{0};
  std::atomic<bool> too_many{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 2000; ++n) {
        auto permit = limit.try_acquire();
        if (!permit) continue;
        if (++running > 8) too_many = true;
        --running;
        (n + i) % 5 == 0 ? permit->failure() : permit->success();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(too_many);
  CHECK(limit.running() == 0);
  CHECK(limit.limit() >= 1);
  CHECK(limit.limit() <= 8);
}
