#include <vx11/keyed_rate_limiter.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::Duration;
using vx11::Errc;
using vx11::KeyedRateLimiter;
using vx11::RateLimiter;
using vx11::testing::ManualClock;

namespace {

int admitted(RateLimiter& limiter, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limiter.try_acquire().has_value() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a burst of one spaces calls evenly") {
  ManualClock clock;
  RateLimiter limiter({.calls = 10, .period = 1s, .burst = 1}, clock);
  CHECK(limiter.try_acquire());
  const auto second = limiter.try_acquire();
  REQUIRE_FALSE(second);
  CHECK(second.error().retry_after == 100ms);
  clock.advance(99ms);
  CHECK(limiter.try_acquire().error().retry_after == 1ms);
  clock.advance(1ms);
  CHECK(limiter.try_acquire());
}

TEST_CASE("a full burst passes at once, then the rate holds") {
  ManualClock clock;
  RateLimiter limiter({.calls = 10, .period = 1s, .burst = 5}, clock);
  CHECK(admitted(limiter, 20) == 5);
  clock.advance(250ms);
  CHECK(admitted(limiter, 20) == 2);
  clock.advance(1h);
  CHECK(admitted(limiter, 20) == 5);
}

TEST_CASE("in the long run no more pass than the rate and one burst") {
  ManualClock clock;
  RateLimiter limiter({.calls = 3, .period = 1s, .burst = 4}, clock);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    count += admitted(limiter, 1);
    clock.advance(10ms);
  }
  CHECK(count <= 3 * 100 + 4);
  CHECK(count >= 3 * 100 - 1);
}

TEST_CASE("a rejection takes nothing, however often one asks") {
  ManualClock clock;
  RateLimiter limiter({.calls = 1, .period = 1s}, clock);
  CHECK(limiter.try_acquire());
  CHECK(admitted(limiter, 1000) == 0);
  clock.advance(1s);
  CHECK(limiter.try_acquire());
}

TEST_CASE("a cost is taken whole or not at all") {
  ManualClock clock;
  RateLimiter limiter({.calls = 10, .period = 1s, .burst = 5}, clock);
  CHECK(limiter.try_acquire(3));
  CHECK(limiter.try_acquire(3).error().retry_after == 100ms);
  CHECK(limiter.try_acquire(2));
  CHECK(limiter.try_acquire(0));
  CHECK(limiter.try_acquire(6).error().retry_after == Duration::max());
}

TEST_CASE("the smallest and the largest rates neither divide by zero nor overflow") {
  ManualClock clock;
  RateLimiter none({.calls = 0, .period = 0s, .burst = 0}, clock);
  CHECK(none.try_acquire());
  CHECK_FALSE(none.try_acquire());
  RateLimiter seldom({.calls = 1, .period = Duration::max(), .burst = 0xFFFFFFFF}, clock);
  CHECK(seldom.try_acquire());
  CHECK(seldom.try_acquire(0xFFFFFFFF).has_value() == seldom.try_acquire(0xFFFFFFFF).has_value());
  RateLimiter often({.calls = 0xFFFFFFFF, .period = 1ns, .burst = 0xFFFFFFFF}, clock);
  CHECK(admitted(often, 1000) == 1000);
}

TEST_CASE("an hour without calls does not save up more than a burst") {
  ManualClock clock;
  RateLimiter limiter({.calls = 1000, .period = 1s, .burst = 2}, clock);
  clock.advance(1h);
  CHECK(admitted(limiter, 100) == 2);
}

TEST_CASE("many threads together are admitted exactly what one would be") {
  ManualClock clock;
  RateLimiter limiter({.calls = 1, .period = 1s, .burst = 1000}, clock);
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { count += admitted(limiter, 1000); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(count == 1000);
}

TEST_CASE("as a policy it rejects with the time to come back, blocking and awaited") {
  ManualClock clock;
  RateLimiter limiter({.calls = 1, .period = 2s}, clock);
  ScriptedCall call({1});
  auto limited = vx11::pipeline(std::ref(limiter));
  CHECK(limited.run(std::ref(call)) == 1);
  const auto rejected = limited.run(std::ref(call));
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().code == Errc::rejected);
  CHECK(rejected.error().retry_after == 2s);
  CHECK(vx11::sync_wait(limited.async_run(awaited(call))).error().retry_after == 2s);
  CHECK(call.calls() == 1);
  clock.advance(2s);
  CHECK(vx11::sync_wait(limited.async_run(awaited(call))) == 1);
}

TEST_CASE("each key has a rate of its own") {
  ManualClock clock;
  KeyedRateLimiter<> limiter({.rate = {.calls = 1, .period = 1s}}, clock);
  CHECK(limiter.try_acquire("a"));
  CHECK(limiter.try_acquire("b"));
  CHECK(limiter.try_acquire("a").error().retry_after == 1s);
  clock.advance(1s);
  CHECK(limiter.try_acquire("a"));
}

TEST_CASE("a flood of keys is remembered only up to the bound") {
  ManualClock clock;
  KeyedRateLimiter<int> limiter({.rate = {.calls = 1, .period = 1h}, .max_keys = 100}, clock);
  for (int key = 0; key < 10'000; ++key) REQUIRE(limiter.try_acquire(key));
  CHECK(limiter.size() == 100);
  CHECK_FALSE(limiter.try_acquire(9'999));
}

TEST_CASE("keys whose time has come again are dropped as others come") {
  ManualClock clock;
  KeyedRateLimiter<int> limiter({.rate = {.calls = 1, .period = 1s}, .max_keys = 1000}, clock);
  for (int key = 0; key < 500; ++key) REQUIRE(limiter.try_acquire(key));
  clock.advance(1s);
  for (int key = 500; key < 1000; ++key) REQUIRE(limiter.try_acquire(key));
  CHECK(limiter.size() == 500);
}

TEST_CASE("of busy keys the one unused for longest is forgotten first") {
  ManualClock clock;
  KeyedRateLimiter<int> limiter({.rate = {.calls = 1, .period = 1h, .burst = 9}, .max_keys = 2},
                                clock);
  REQUIRE(limiter.try_acquire(1, 9));
  REQUIRE(limiter.try_acquire(2, 8));
  REQUIRE(limiter.try_acquire(2));
  REQUIRE(limiter.try_acquire(3));
  CHECK_FALSE(limiter.try_acquire(2));
  CHECK(limiter.try_acquire(1, 9));
}

TEST_CASE("a bound of no keys remembers one") {
  ManualClock clock;
  KeyedRateLimiter<int> limiter({.rate = {.calls = 1, .period = 1h}, .max_keys = 0}, clock);
  CHECK(limiter.try_acquire(1));
  CHECK_FALSE(limiter.try_acquire(1));
  CHECK(limiter.size() == 1);
}

TEST_CASE("a keyed limiter is a policy for one key at a time") {
  ManualClock clock;
  KeyedRateLimiter<> limiter({.rate = {.calls = 1, .period = 1s}}, clock);
  ScriptedCall call({1});
  auto for_a = vx11::pipeline(limiter.at("a"));
  auto for_b = vx11::pipeline(limiter.at("b"));
  CHECK(for_a.run(std::ref(call)));
  CHECK(for_a.run(std::ref(call)).error().code == Errc::rejected);
  CHECK(vx11::sync_wait(for_a.async_run(awaited(call))).error().retry_after == 1s);
  CHECK(vx11::sync_wait(for_b.async_run(awaited(call))) == 1);
}
