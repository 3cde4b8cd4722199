// A breaker that continues where another one was, and evidence from other calls of its upstream.

#include <vx11/circuit_breaker.hpp>
#include <vx11/linked_breakers.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitBreakerOptions;
using vx11::CircuitMode;
using vx11::CircuitSnapshot;
using vx11::CircuitState;
using vx11::LinkedBreakers;
using vx11::testing::ManualClock;

namespace {

void fail_once(CircuitBreaker& breaker) {
  breaker.try_acquire()->failure();
}

/// A breaker that three failures opened.
struct Opened {
  ManualClock clock;
  CircuitBreaker breaker;
  explicit Opened(CircuitBreakerOptions options = {}) : breaker(std::move(options), clock) {
    while (breaker.state() == CircuitState::closed) fail_once(breaker);
  }
};

/// A later process, whose clock has no relation to the first one's.
struct Later {
  ManualClock clock;
  CircuitBreaker breaker;
  explicit Later(CircuitBreakerOptions options = {}) : breaker(std::move(options), clock) {
    clock.advance(1000h);
  }
};

}  // namespace

TEST_CASE("a restored breaker stays open for the time that was left") {
  Opened before;
  before.clock.advance(20s);
  Later later;
  later.breaker.restore(before.breaker.snapshot(), 15s);
  CHECK(later.breaker.snapshot().retry_after == 25s);
  later.clock.advance(25s - 1ns);
  CHECK_FALSE(later.breaker.try_acquire().has_value());
  later.clock.advance(1ns);
  CHECK(later.breaker.try_acquire()->is_probe());
}

TEST_CASE("an old snapshot is judged by its age: half-open, one probe") {
  Opened before;
  Later later;
  later.breaker.restore(before.breaker.snapshot(), 60s);
  CHECK(later.breaker.state() == CircuitState::half_open);
  auto probe = later.breaker.try_acquire();
  CHECK_FALSE(later.breaker.try_acquire().has_value());
  probe->success();
  CHECK(later.breaker.state() == CircuitState::closed);
}

TEST_CASE("the age of a snapshot counts, not the age of the breaker that restores it") {
  Opened before;
  const CircuitSnapshot seen = before.breaker.snapshot();
  Later later;  // constructed a thousand hours before
  later.breaker.restore(seen, 1s);
  CHECK(later.breaker.snapshot().retry_after == 59s);
}

TEST_CASE("ages that no clock should give") {
  Opened before;
  Later later;
  later.breaker.restore(before.breaker.snapshot(), -5s);
  CHECK(later.breaker.snapshot().retry_after == 60s);
  later.breaker.restore(before.breaker.snapshot(), vx11::Duration::max());
  CHECK(later.breaker.state() == CircuitState::half_open);
  later.breaker.restore(before.breaker.snapshot(), vx11::Duration::min());
  CHECK(later.breaker.snapshot().retry_after == 60s);
}

TEST_CASE("a snapshot never opens a breaker for longer than its options can") {
  CircuitSnapshot seen;
  seen.state = CircuitState::open;
  seen.retry_after = vx11::Duration::max();
  seen.failures = std::numeric_limits<std::uint32_t>::max();
  Later later({.open_for = 10s, .growth = {.factor = 2.0, .at_most = 30s}});
  later.breaker.restore(seen);
  CHECK(later.breaker.snapshot().retry_after == 30s);
  Later constant({.open_for = 10s, .growth = {.at_most = 1s}});
  constant.breaker.restore(seen);
  CHECK(constant.breaker.snapshot().retry_after == 10s);
  Later plain({.open_for = 10s});
  plain.breaker.restore(seen);
  CHECK(plain.breaker.snapshot().retry_after == 10s);
}

TEST_CASE("failures, growth, mode and the age of the last failure continue") {
  SUBCASE("consecutive failures") {
    ManualClock clock;
    CircuitBreaker before({}, clock);
    fail_once(before);
    fail_once(before);
    clock.advance(7s);
    Later later;
    later.breaker.restore(before.snapshot(), 3s);
    CHECK(later.breaker.state() == CircuitState::closed);
    CHECK(later.clock.now() - *later.breaker.snapshot().last_failure == 10s);
    fail_once(later.breaker);
    CHECK(later.breaker.state() == CircuitState::open);
  }
  SUBCASE("more failures than these options allow leave one to go") {
    ManualClock clock;
    CircuitBreaker before({.failures_to_open = 10}, clock);
    for (int i = 0; i < 9; ++i) fail_once(before);
    Later later({.failures_to_open = 3});
    later.breaker.restore(before.snapshot());
    CHECK(later.breaker.snapshot().failures == 2);
    CHECK(later.breaker.state() == CircuitState::closed);
  }
  SUBCASE("growth of the open time") {
    const CircuitBreakerOptions options{.open_for = 10s, .growth = {.factor = 2.0}};
    Opened before(options);
    before.clock.advance(10s);
    fail_once(before.breaker);
    CHECK(before.breaker.snapshot().retry_after == 20s);
    Later later(options);
    later.breaker.restore(before.breaker.snapshot(), 20s);
    fail_once(later.breaker);
    CHECK(later.breaker.snapshot().retry_after == 40s);
  }
  SUBCASE("mode") {
    for (const auto hold : {&CircuitBreaker::isolate, &CircuitBreaker::force_close,
                            &CircuitBreaker::disable, &CircuitBreaker::metrics_only}) {
      Opened before;
      (before.breaker.*hold)();
      Later later;
      later.breaker.restore(before.breaker.snapshot(), 1h);
      CHECK(later.breaker.mode() == before.breaker.mode());
      CHECK(later.breaker.state() == before.breaker.state());
    }
  }
}

TEST_CASE("permits from before a restore no longer count") {
  Later later;
  auto old = later.breaker.try_acquire();
  later.breaker.restore(Opened().breaker.snapshot());
  old->success();
  CHECK(later.breaker.state() == CircuitState::open);
}

TEST_CASE("restoring is reported as the change it is") {
  std::vector<CircuitState> entered;
  Later later({.on_transition = [&](const auto& change) { entered.push_back(change.to); }});
  later.breaker.restore(Opened().breaker.snapshot());
  later.breaker.restore(Opened().breaker.snapshot());
  later.breaker.restore(CircuitSnapshot());
  CHECK(entered == std::vector{CircuitState::open, CircuitState::closed});
}

TEST_CASE("evidence ends the open time with one probe, and closes nothing") {
  Opened opened;
  opened.breaker.evidence_of_recovery();
  CHECK(opened.breaker.state() == CircuitState::half_open);
  auto probe = opened.breaker.try_acquire();
  REQUIRE(probe->is_probe());
  opened.breaker.evidence_of_recovery();
  CHECK_FALSE(opened.breaker.try_acquire().has_value());
  probe->failure();
  CHECK(opened.breaker.snapshot().retry_after == 60s);
}

TEST_CASE("evidence changes no breaker that is not open, or that is isolated") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  fail_once(breaker);
  breaker.evidence_of_recovery();
  CHECK(breaker.snapshot().failures == 1);
  CHECK(breaker.snapshot().generation == 0);
  breaker.isolate();
  breaker.evidence_of_recovery();
  CHECK(breaker.mode() == CircuitMode::isolated);
  CHECK_FALSE(breaker.try_acquire().has_value());
}

TEST_CASE("a good answer for one purpose lets the others probe") {
  ManualClock clock;
  const auto chat = std::make_shared<CircuitBreaker>(CircuitBreakerOptions{}, clock);
  const auto power = std::make_shared<CircuitBreaker>(CircuitBreakerOptions{}, clock);
  const LinkedBreakers linked({chat, power});
  for (int i = 0; i < 3; ++i) fail_once(*power);
  CHECK(chat->state() == CircuitState::closed);
  linked.answered();
  CHECK(power->state() == CircuitState::half_open);
  CHECK(chat->snapshot().generation == 0);
}
