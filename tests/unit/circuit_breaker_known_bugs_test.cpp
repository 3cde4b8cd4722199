// Known bugs of circuit breakers, each with a test that would expose it here.

#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitBreakerOptions;
using vx11::CircuitState;
using vx11::CountWindow;
using vx11::Errc;
using vx11::Result;
using vx11::TimeWindow;
using vx11::Verdict;
using vx11::testing::ManualClock;

namespace {

/// A breaker that one failure opened.
struct Opened {
  ManualClock clock;
  CircuitBreaker breaker;
  explicit Opened(CircuitBreakerOptions options = {}) : breaker(opens_at_once(options), clock) {
    breaker.try_acquire()->failure();
    REQUIRE(breaker.state() == CircuitState::open);
  }
  static CircuitBreakerOptions opens_at_once(CircuitBreakerOptions options) {
    options.failures_to_open = 1;
    return options;
  }
};

}  // namespace

TEST_CASE("unlimited probes at the race from open to half-open: only as many pass as may") {
  constexpr int kCallers = 4;
  for (int round = 0; round < 300; ++round) {
    Opened opened;
    opened.clock.advance(60s);
    std::atomic<int> ready{0};
    std::atomic<int> admitted{0};
    std::vector<std::thread> callers;
    std::vector<std::optional<CircuitBreaker::Permit>> permits(kCallers);
    for (auto& permit : permits) {
      callers.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() < kCallers) std::this_thread::yield();
        if (auto admission = opened.breaker.try_acquire()) {
          permit.emplace(std::move(*admission));
          admitted.fetch_add(1);
        }
      });
    }
    for (auto& caller : callers) caller.join();
    REQUIRE(admitted.load() == 1);
  }
}

TEST_CASE("a probe that hangs wedges the breaker for ever: its slot is reclaimed") {
  Opened opened({.probe_timeout = 30s});
  opened.clock.advance(60s);
  const auto hung = opened.breaker.try_acquire();
  REQUIRE(hung->is_probe());
  opened.clock.advance(29s);
  const auto rejected = opened.breaker.try_acquire();
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().retry_after == 1s);
  opened.clock.advance(1s);
  opened.breaker.try_acquire()->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
}

TEST_CASE("the permit of an ignored error is lost: it is given back") {
  Opened opened;
  opened.clock.advance(60s);
  for (int i = 0; i < 10; ++i) {
    const auto ignored =
        opened.breaker.run([]() -> Result<> { return vx11::fail(Errc::invalid_argument); });
    CHECK_FALSE(ignored.has_value());
    CHECK(ignored.error().code == Errc::invalid_argument);
  }
  opened.breaker.try_acquire()->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
}

TEST_CASE("the permit is lost when the predicate throws: it is given back") {
  Opened opened;
  opened.clock.advance(60s);
  const auto throws = [](int) -> Verdict { throw std::runtime_error("predicate"); };
  for (int i = 0; i < 10; ++i) {
    CHECK_THROWS_AS(opened.breaker.run([] { return 1; }, throws), std::runtime_error);
  }
  CHECK(opened.breaker.state() == CircuitState::half_open);
  opened.breaker.try_acquire()->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
}

TEST_CASE("a call that throws is forgotten, with its permit: it is a failure") {
  Opened opened;
  opened.clock.advance(60s);
  CHECK_THROWS_AS(opened.breaker.run([]() -> int { throw 1; }), int);
  CHECK(opened.breaker.state() == CircuitState::open);
  CHECK(opened.breaker.snapshot().retry_after == 60s);
}

TEST_CASE("a stale success closes the circuit: it does not") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  auto from_closed = breaker.try_acquire();
  breaker.try_acquire()->failure();
  clock.advance(60s);
  auto from_first_probe = breaker.try_acquire();
  clock.advance(30s);
  breaker.try_acquire()->failure();
  REQUIRE(breaker.state() == CircuitState::open);
  clock.advance(60s);
  const auto probe = breaker.try_acquire();
  from_closed->success();
  from_first_probe->success();
  CHECK(breaker.state() == CircuitState::half_open);
}

TEST_CASE("probes wait for the window's minimum of calls: they alone decide") {
  for (const vx11::TripCondition& trip :
       {vx11::TripCondition(CountWindow{.size = 100, .minimum_calls = 2, .failure_rate = 1.0}),
        vx11::TripCondition(TimeWindow{.minimum_calls = 2, .failure_rate = 1.0})}) {
    ManualClock clock;
    CircuitBreaker breaker({.trip = trip}, clock);
    breaker.try_acquire()->failure();
    breaker.try_acquire()->failure();
    clock.advance(60s);
    breaker.try_acquire()->failure();
    CHECK(breaker.state() == CircuitState::open);
    clock.advance(60s);
    breaker.try_acquire()->success();
    CHECK(breaker.state() == CircuitState::closed);
  }
}

TEST_CASE("late failures extend the break: they do not") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  std::vector<CircuitBreaker::Admission> late;
  for (int i = 0; i < 50; ++i) late.push_back(breaker.try_acquire());
  breaker.try_acquire()->failure();
  for (auto& permit : late) {
    clock.advance(1s);
    permit->failure();
  }
  CHECK(breaker.snapshot().retry_after == 10s);
  CHECK(breaker.snapshot().totals.failures == 1);
}

TEST_CASE("a jump of the wall clock opens or closes: it is not looked at") {
  for (const auto to : {vx11::WallTime::min(), vx11::WallTime::max()}) {
    Opened opened({.trip = vx11::ConsecutiveFailures{}});
    opened.clock.set_wall(to);
    CHECK(opened.breaker.state() == CircuitState::open);
    CHECK(opened.breaker.snapshot().retry_after == 60s);
    opened.clock.advance(60s);
    CHECK(opened.breaker.try_acquire()->is_probe());
  }
}

TEST_CASE("a growing open time overflows and ends at once: it stops at its limit") {
  constexpr auto kLongest = vx11::Duration::max();
  for (const double factor : {2.0, 1e300, std::numeric_limits<double>::infinity()}) {
    Opened opened({.open_for = 1h, .growth = {.factor = factor, .at_most = kLongest}});
    vx11::Duration before = 1h;
    for (int i = 0; i < 100; ++i) {
      opened.clock.advance(opened.breaker.snapshot().retry_after);
      if (opened.breaker.state() == CircuitState::open) break;  // it never ends any more
      opened.breaker.try_acquire()->failure();
      const vx11::Duration open_time = opened.breaker.snapshot().retry_after;
      REQUIRE(open_time > before);
      before = open_time;
      if (open_time > 24h * 365 * 100) break;  // beyond this the manual clock itself would overflow
    }
    CHECK(opened.breaker.state() == CircuitState::open);
    CHECK_FALSE(opened.breaker.try_acquire().has_value());
  }
}

TEST_CASE("a window of one call divides by zero or never opens: it opens at once") {
  for (const vx11::TripCondition& trip :
       {vx11::TripCondition(CountWindow{.size = 1, .minimum_calls = 1, .failure_rate = 1.0}),
        vx11::TripCondition(TimeWindow{.buckets = 1, .minimum_calls = 1, .failure_rate = 1.0})}) {
    ManualClock clock;
    CircuitBreaker breaker({.trip = trip}, clock);
    CHECK(breaker.snapshot().window.failure_rate() == 0.0);
    CHECK(breaker.snapshot().window.slow_rate() == 0.0);
    breaker.try_acquire()->success();
    CHECK(breaker.state() == CircuitState::closed);
    clock.advance(60s);
    breaker.try_acquire()->failure();
    CHECK(breaker.state() == CircuitState::open);
  }
}

TEST_CASE("a listener that calls back into the breaker deadlocks: it may do all that others may") {
  ManualClock clock;
  CircuitBreaker* self = nullptr;
  std::vector<CircuitState> told;
  CircuitBreaker breaker({.failures_to_open = 1,
                          .on_transition =
                              [&](const vx11::CircuitTransition& change) {
                                told.push_back(change.to);
                                if (change.to != CircuitState::open) return;
                                CHECK_FALSE(self->try_acquire().has_value());
                                self->reset();  // a transition from within one
                                self->snapshot();
                              },
                          .trip = CountWindow{.size = 1, .minimum_calls = 1}},
                         clock);
  self = &breaker;
  breaker.try_acquire()->failure();
  CHECK(told == std::vector{CircuitState::open, CircuitState::closed});
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("a client that cancels counts as a failure: it is neutral") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  for (int i = 0; i < 10; ++i) {
    const auto cancelled = breaker.run([]() -> Result<int> { return vx11::fail(Errc::cancelled); });
    CHECK(cancelled.error().code == Errc::cancelled);
  }
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("a client that cancels closes the circuit as a probe: it gives its slot back") {
  Opened opened;
  opened.clock.advance(60s);
  const auto cancelled =
      opened.breaker.run([]() -> Result<int> { return vx11::fail(Errc::cancelled); });
  CHECK(cancelled.error().code == Errc::cancelled);
  CHECK(opened.breaker.state() == CircuitState::half_open);
  CHECK(opened.breaker.try_acquire().has_value());
}

TEST_CASE("rejections of one's own open the circuit or keep it open: they are neutral") {
  ManualClock clock;
  CircuitBreaker inner({.failures_to_open = 1, .open_for = 1h}, clock);
  CircuitBreaker outer({.failures_to_open = 1}, clock);
  inner.try_acquire()->failure();
  for (int i = 0; i < 10; ++i) {
    const auto rejected = outer.run([&]() -> Result<int> { return inner.run([] { return 1; }); });
    CHECK(rejected.error().code == Errc::circuit_open);
  }
  CHECK(outer.state() == CircuitState::closed);
  CHECK(inner.snapshot().retry_after == 1h);
  CHECK(inner.snapshot().totals.failures == 1);
}
