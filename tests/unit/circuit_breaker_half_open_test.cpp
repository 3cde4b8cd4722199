#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitBreakerOptions;
using vx11::CircuitState;
using vx11::OpenJitter;
using vx11::testing::ManualClock;

namespace {

/// A breaker that one failure opened.
struct Opened {
  ManualClock clock;
  CircuitBreaker breaker;
  explicit Opened(CircuitBreakerOptions options) : breaker(opens_at_once(options), clock) {
    breaker.try_acquire()->failure();
    REQUIRE(breaker.state() == CircuitState::open);
  }
  static CircuitBreakerOptions opens_at_once(CircuitBreakerOptions options) {
    options.failures_to_open = 1;
    return options;
  }
  vx11::Duration open_time() const { return breaker.snapshot().retry_after; }
  /// Waits for the end of the open time and fails the probe.
  void reopen() {
    clock.advance(open_time());
    breaker.try_acquire()->failure();
  }
  /// All probes that are admitted.
  std::vector<CircuitBreaker::Permit> probes() {
    clock.advance(open_time());
    std::vector<CircuitBreaker::Permit> probes;
    while (auto probe = breaker.try_acquire()) probes.push_back(std::move(*probe));
    return probes;
  }
};

}  // namespace

TEST_CASE("it closes as soon as enough probes have succeeded") {
  Opened opened({.probes = 5, .probes_to_close = 3});
  auto probes = opened.probes();
  REQUIRE(probes.size() == 5);
  probes[0].success();
  probes[1].failure();
  probes[2].success();
  CHECK(opened.breaker.state() == CircuitState::half_open);
  probes[3].success();
  CHECK(opened.breaker.state() == CircuitState::closed);
  probes[4].failure();
  CHECK(opened.breaker.state() == CircuitState::closed);
  CHECK(opened.breaker.snapshot().failures == 0);
}

TEST_CASE("it opens as soon as enough probes can no longer succeed") {
  Opened opened({.probes = 5, .probes_to_close = 3});
  auto probes = opened.probes();
  probes[0].failure();
  probes[1].success();
  probes[2].failure();
  CHECK(opened.breaker.state() == CircuitState::half_open);
  probes[3].failure();
  CHECK(opened.breaker.state() == CircuitState::open);
  CHECK(opened.breaker.snapshot().failures == 4);
}

TEST_CASE("a probe with a verdict does not make room for another, a neutral one does") {
  Opened opened({.probes = 3, .probes_to_close = 2});
  auto probes = opened.probes();
  probes[0].failure();
  CHECK_FALSE(opened.breaker.try_acquire().has_value());
  probes[1].neutral();
  CHECK(opened.breaker.try_acquire().has_value());
}

TEST_CASE("an open time is fixed by default, however often it reopens") {
  Opened opened({.open_for = 1h});
  for (int i = 0; i < 5; ++i) opened.reopen();
  CHECK(opened.open_time() == 1h);
}

TEST_CASE("an open time that grows does so up to its limit, and closing starts it anew") {
  Opened opened({.open_for = 10s, .growth = {.factor = 2.0, .at_most = 1min}});
  for (const auto expected : {10s, 20s, 40s, 60s, 60s}) {
    CHECK(opened.open_time() == expected);
    opened.reopen();
  }
  opened.clock.advance(1min);
  opened.breaker.try_acquire()->success();
  REQUIRE(opened.breaker.state() == CircuitState::closed);
  opened.breaker.try_acquire()->failure();
  CHECK(opened.open_time() == 10s);
}

TEST_CASE("the limit of growth never shortens the open time asked for") {
  Opened opened({.open_for = 1h, .growth = {.factor = 2.0, .at_most = 1min}});
  CHECK(opened.open_time() == 1h);
  opened.reopen();
  CHECK(opened.open_time() == 1h);
}

TEST_CASE("jitter spreads every open time by what the generator gives") {
  std::vector<double> draws = {0.0, 0.5, 0.75};
  std::size_t drawn = 0;
  const auto random = [&] { return draws[drawn++ % draws.size()]; };
  SUBCASE("around it") {
    Opened opened(
        {.open_for = 100s, .growth = {.jitter = OpenJitter::around(0.2), .random = random}});
    CHECK(std::chrono::round<std::chrono::microseconds>(opened.open_time()) == 80s);
    opened.reopen();
    CHECK(std::chrono::round<std::chrono::microseconds>(opened.open_time()) == 100s);
    opened.reopen();
    CHECK(std::chrono::round<std::chrono::microseconds>(opened.open_time()) == 110s);
  }
  SUBCASE("from nothing to all of it, on top of growth") {
    drawn = 1;
    Opened opened({.open_for = 100s,
                   .growth = {.factor = 3.0, .jitter = OpenJitter::full(), .random = random}});
    CHECK(opened.open_time() == 50s);
    opened.reopen();
    CHECK(opened.open_time() == 225s);
  }
}

TEST_CASE("without a generator of one's own jitter stays within its bounds, and differs") {
  std::vector<vx11::Duration> seen;
  Opened opened({.open_for = 100s, .growth = {.jitter = OpenJitter::around(0.5)}});
  for (int i = 0; i < 100; ++i) {
    seen.push_back(opened.open_time());
    CHECK(seen.back() >= 50s);
    CHECK(seen.back() <= 150s);
    opened.reopen();
  }
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("a generator that throws or gives nonsense does no harm") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> draws = {7.0, -7.0, nan};
  std::size_t drawn = 0;
  Opened opened(
      {.open_for = 100s, .growth = {.jitter = OpenJitter::full(), .random = [&]() -> double {
                                      if (drawn == draws.size()) throw std::runtime_error("empty");
                                      return draws[drawn++];
                                    }}});
  CHECK(opened.open_time() == 100s);
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(opened.breaker.try_acquire());  // a jitter of zero ends the open time at once
    opened.reopen();
    CHECK(opened.open_time() == 0s);
  }
}

TEST_CASE("a generator is called outside every lock") {
  CircuitBreaker* self = nullptr;
  int drawn = 0;
  Opened opened({.growth = {.jitter = OpenJitter::full(), .random = [&] {
                              if (self != nullptr) self->snapshot(), ++drawn;
                              return 1.0;
                            }}});
  self = &opened.breaker;
  opened.reopen();
  CHECK(drawn == 1);
}

TEST_CASE("growth out of range is drawn to the nearest that works") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const CircuitBreaker breaker(
      {.probes = 0,
       .probes_to_close = 0,
       .growth = {.factor = nan, .at_most = -1s, .jitter = {.from = -1.0, .to = -2.0}}});
  CHECK(breaker.options().probes == 1);
  CHECK(breaker.options().probes_to_close == 1);
  CHECK(breaker.options().growth.factor == 1.0);
  CHECK(breaker.options().growth.at_most == 0s);
  CHECK(breaker.options().growth.jitter.from == 0.0);
  CHECK(breaker.options().growth.jitter.to == 0.0);
}

TEST_CASE("the wait for admission is that of the open time, then that of a probe") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1, .open_for = 10s, .probe_timeout = 30s}, clock);
  CHECK(breaker.admission_wait() == 0s);
  breaker.try_acquire()->failure();
  clock.advance(4s);
  CHECK(breaker.admission_wait() == 6s);
  clock.advance(6s);
  CHECK(breaker.admission_wait() == 0s);
  {
    const auto probe = breaker.try_acquire();
    REQUIRE(probe.has_value());
    CHECK(breaker.admission_wait() == 30s);
    clock.advance(20s);
    CHECK(breaker.admission_wait() == 10s);
    CHECK(breaker.snapshot().totals.rejected == 0);
  }
  CHECK(breaker.admission_wait() == 0s);
  breaker.isolate();
  CHECK(breaker.admission_wait() == vx11::Duration::max());
  breaker.force_close();
  CHECK(breaker.admission_wait() == 0s);
}
