#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::CountWindow;
using vx11::SlowCalls;
using vx11::TimeWindow;
using vx11::WindowFigures;
using vx11::testing::ManualClock;

namespace {

struct Site {
  ManualClock clock;
  CircuitBreaker breaker;

  explicit Site(vx11::TripCondition trip) : breaker({.trip = trip}, clock) {}

  void fail(int times = 1) {
    for (int i = 0; i < times; ++i) breaker.try_acquire()->failure();
  }
  void succeed(int times = 1) {
    for (int i = 0; i < times; ++i) breaker.try_acquire()->success();
  }
  void take(vx11::Duration time) {
    auto permit = breaker.try_acquire();
    clock.advance(time);
    permit->success();
  }
  CircuitState state() const { return breaker.state(); }
  WindowFigures window() const { return breaker.snapshot().window; }
};

WindowFigures figures(std::uint32_t calls, std::uint32_t failures, std::uint32_t slow = 0) {
  return WindowFigures{calls, failures, slow};
}

}  // namespace

TEST_CASE("the failure rate of a count window opens it once there are enough calls") {
  Site site(CountWindow{.size = 10, .minimum_calls = 4, .failure_rate = 0.5});
  site.succeed(2);
  site.fail(1);
  CHECK(site.state() == CircuitState::closed);
  site.fail(1);
  CHECK(site.state() == CircuitState::open);
  CHECK(site.window() == figures(4, 2));
}

TEST_CASE("below the rate it stays closed for ever") {
  Site site(CountWindow{.size = 10, .minimum_calls = 1, .failure_rate = 0.5});
  site.succeed(10);
  for (int i = 0; i < 100; ++i) {
    site.fail();
    site.succeed(2);
  }
  CHECK(site.state() == CircuitState::closed);
}

TEST_CASE("the call that makes up the minimum is judged even if it succeeds") {
  Site site(CountWindow{.size = 10, .minimum_calls = 4, .failure_rate = 0.5});
  site.fail(3);
  CHECK(site.state() == CircuitState::closed);
  site.succeed();
  CHECK(site.state() == CircuitState::open);
  CHECK(site.breaker.snapshot().retry_after == 60s);
}

TEST_CASE("a count window forgets the oldest call, and its sums stay exact") {
  Site site(CountWindow{.size = 7, .minimum_calls = 7, .failure_rate = 1.0});
  std::mt19937 random(7);
  std::vector<bool> failed;
  for (int i = 0; i < 500; ++i) {
    failed.push_back(random() % 2 == 0);
    failed.back() ? site.fail() : site.succeed();
    std::uint32_t failures = 0;
    std::uint32_t calls = 0;
    for (std::size_t k = failed.size(); k > 0 && calls < 7; --k, ++calls) {
      failures += failed[k - 1] ? 1 : 0;
    }
    REQUIRE(site.window() == figures(calls, failures));
    if (failures == 7) break;
  }
}

TEST_CASE("neutral calls are in no window") {
  Site site(CountWindow{.size = 4, .minimum_calls = 2});
  site.fail();
  for (int i = 0; i < 10; ++i) site.breaker.try_acquire()->neutral();
  CHECK(site.window() == figures(1, 1));
  CHECK(site.breaker.snapshot().totals.neutral == 10);
}

TEST_CASE("without failures nothing opens, however low the rate") {
  Site site(CountWindow{.size = 4, .minimum_calls = 1, .failure_rate = 0.0});
  site.succeed(10);
  CHECK(site.state() == CircuitState::closed);
  site.fail();
  CHECK(site.state() == CircuitState::open);
}

TEST_CASE("failures in a row do not count where a window does") {
  Site site(CountWindow{.size = 100, .minimum_calls = 50});
  site.fail(49);
  CHECK(site.state() == CircuitState::closed);
}

TEST_CASE("a window starts empty when the circuit closes again") {
  Site site(CountWindow{.size = 4, .minimum_calls = 2});
  site.fail(2);
  site.clock.advance(60s);
  CHECK(site.window() == figures(2, 2));
  site.succeed();
  CHECK(site.state() == CircuitState::closed);
  CHECK(site.window() == figures(0, 0));
  site.fail();
  CHECK(site.state() == CircuitState::closed);
}

TEST_CASE("a time window forgets what is too long ago") {
  Site site(TimeWindow{.span = 10s, .buckets = 5, .minimum_calls = 3, .failure_rate = 0.5});
  site.fail(2);
  site.clock.advance(10s);
  site.fail(2);
  CHECK(site.window() == figures(2, 2));
  CHECK(site.state() == CircuitState::closed);
  site.clock.advance(8s);
  site.fail();
  CHECK(site.state() == CircuitState::open);
}

TEST_CASE("the figures of a time window expire without calls, and reading is free") {
  Site site(TimeWindow{.span = 10s, .buckets = 5, .minimum_calls = 100});
  site.fail(3);
  site.clock.advance(2s);
  site.succeed(2);
  CHECK(site.window() == figures(5, 3));
  site.clock.advance(7999ms);
  CHECK(site.window() == figures(5, 3));
  site.clock.advance(1ms);
  for (int i = 0; i < 3; ++i) CHECK(site.window() == figures(2, 0));
  site.clock.advance(2s);
  CHECK(site.window() == figures(0, 0));
  site.clock.advance(24h);
  CHECK(site.window() == figures(0, 0));
  site.fail();
  CHECK(site.window() == figures(1, 1));
}

TEST_CASE("the sums of a time window stay exact over long and short pauses") {
  Site site(TimeWindow{.span = 60ns, .buckets = 6, .minimum_calls = 1'000'000});
  std::mt19937 random(11);
  const vx11::TimePoint start = site.clock.now();
  std::vector<long> ticks;
  for (int i = 0; i < 2000; ++i) {
    site.clock.advance(vx11::Duration(random() % (i % 10 == 0 ? 100 : 10)));
    ticks.push_back((site.clock.now() - start) / 10ns);
    site.fail();
    std::uint32_t calls = 0;
    for (const long tick : ticks) calls += ticks.back() - tick < 6 ? 1 : 0;
    REQUIRE(site.window() == figures(calls, calls));
  }
}

TEST_CASE("slow calls open it by a share of their own, in either window") {
  const SlowCalls slow{.after = 2s, .rate = 0.5};
  for (const vx11::TripCondition& trip :
       {vx11::TripCondition(CountWindow{.minimum_calls = 4, .slow = slow}),
        vx11::TripCondition(TimeWindow{.minimum_calls = 4, .slow = slow})}) {
    Site site(trip);
    site.take(1999ms);
    site.take(2s);
    site.take(1ms);
    CHECK(site.window() == figures(3, 0, 1));
    CHECK(site.window().slow_rate() == doctest::Approx(1.0 / 3));
    site.take(3s);
    CHECK(site.state() == CircuitState::open);
    CHECK(site.breaker.snapshot().totals.slow == 2);
  }
}

TEST_CASE("a slow failure is both") {
  Site site(CountWindow{.slow = SlowCalls{.after = 2s}});
  auto permit = site.breaker.try_acquire();
  site.clock.advance(2s);
  permit->failure();
  CHECK(site.window() == figures(1, 1, 1));
}

TEST_CASE("where slow calls are watched, a slow probe has failed") {
  Site site(CountWindow{.size = 1, .minimum_calls = 1, .slow = SlowCalls{.after = 2s}});
  site.take(2s);
  REQUIRE(site.state() == CircuitState::open);
  site.clock.advance(60s);
  site.take(2s);
  CHECK(site.state() == CircuitState::open);
  site.clock.advance(60s);
  site.take(1s);
  CHECK(site.state() == CircuitState::closed);
}

TEST_CASE("a count window reads the clock only where it decides, for failures and what is slow") {
  Site plain(CountWindow{.minimum_calls = 20});
  long before = plain.clock.reads();
  plain.succeed(19);
  CHECK(plain.clock.reads() == before);
  plain.succeed(1);  // completes the minimum: after this one it might have opened
  CHECK(plain.clock.reads() == ++before);
  plain.succeed(1000);
  CHECK(plain.clock.reads() == before);
  plain.fail();
  CHECK(plain.clock.reads() == before + 1);
  Site watching(CountWindow{.slow = SlowCalls{}});
  before = watching.clock.reads();
  watching.succeed();
  CHECK(watching.clock.reads() == before + 2);
}

TEST_CASE("totals are kept beyond the window, and stale verdicts are in none") {
  Site site(CountWindow{.size = 2, .minimum_calls = 2, .failure_rate = 1.0});
  auto stale = site.breaker.try_acquire();
  site.succeed(5);
  site.fail(2);
  stale->failure();
  CHECK_FALSE(site.breaker.try_acquire().has_value());
  const auto totals = site.breaker.snapshot().totals;
  CHECK(totals.successes == 5);
  CHECK(totals.failures == 2);
  CHECK(totals.rejected == 1);
}

TEST_CASE("windows out of range are drawn to the nearest that works") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const CircuitBreaker count(
      {.trip = CountWindow{.size = 0, .minimum_calls = 9, .failure_rate = nan}});
  const auto& drawn = std::get<CountWindow>(count.options().trip);
  CHECK(drawn.size == 1);
  CHECK(drawn.minimum_calls == 1);
  CHECK(drawn.failure_rate == 1.0);
  const CircuitBreaker time({.trip = TimeWindow{.span = -1s,
                                                .buckets = 0,
                                                .minimum_calls = 0,
                                                .failure_rate = -1.0,
                                                .slow = SlowCalls{.rate = 7.0}}});
  const auto& drawn_time = std::get<TimeWindow>(time.options().trip);
  CHECK(drawn_time.span == 1ns);
  CHECK(drawn_time.buckets == 1);
  CHECK(drawn_time.minimum_calls == 1);
  CHECK(drawn_time.failure_rate == 0.0);
  CHECK(drawn_time.slow->rate == 1.0);
  const CircuitBreaker longest({.trip = TimeWindow{.span = vx11::Duration::max()}});
  CHECK(std::get<TimeWindow>(longest.options().trip).span == 24h * 365);
}
