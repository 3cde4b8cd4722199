#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::RejectionReason;
using vx11::testing::ManualClock;

namespace {

void fail_times(CircuitBreaker& breaker, int times) {
  for (int i = 0; i < times; ++i) breaker.try_acquire()->failure();
}

/// A breaker on a manual clock, opened by three failures.
struct Opened {
  ManualClock clock;
  CircuitBreaker breaker;
  explicit Opened(vx11::CircuitBreakerOptions options = {}) : breaker(std::move(options), clock) {
    fail_times(breaker, 3);
    REQUIRE(breaker.state() == CircuitState::open);
  }
};

}  // namespace

TEST_CASE("a new breaker is closed and admits") {
  CircuitBreaker breaker;
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.try_acquire().has_value());
  CHECK(breaker.options().failures_to_open == 3);
  CHECK(breaker.options().open_for == 60s);
}

TEST_CASE("failures in a row open it, one fewer does not") {
  CircuitBreaker breaker;
  fail_times(breaker, 2);
  CHECK(breaker.state() == CircuitState::closed);
  fail_times(breaker, 1);
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("a success starts the count of failures anew") {
  CircuitBreaker breaker;
  fail_times(breaker, 2);
  breaker.try_acquire()->success();
  CHECK(breaker.snapshot().failures == 0);
  fail_times(breaker, 2);
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("a neutral call neither counts nor starts the count anew") {
  CircuitBreaker breaker;
  fail_times(breaker, 2);
  breaker.try_acquire()->neutral();
  { const auto dropped = breaker.try_acquire(); }
  CHECK(breaker.snapshot().failures == 2);
}

TEST_CASE("an open breaker rejects and says when to come back") {
  Opened opened;
  opened.clock.advance(20s);
  const auto admission = opened.breaker.try_acquire();
  REQUIRE_FALSE(admission.has_value());
  CHECK(admission.error().reason == RejectionReason::circuit_open);
  CHECK(admission.error().retry_after == 40s);
}

TEST_CASE("after the open time exactly one probe is let through by default") {
  Opened opened;
  opened.clock.advance(60s);
  const auto probe = opened.breaker.try_acquire();
  REQUIRE(probe.has_value());
  CHECK(probe->is_probe());
  const auto second = opened.breaker.try_acquire();
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().reason == RejectionReason::probes_busy);
  CHECK(second.error().retry_after == opened.breaker.options().probe_timeout);
}

TEST_CASE("a probe that succeeds closes it") {
  Opened opened;
  opened.clock.advance(60s);
  opened.breaker.try_acquire()->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
  CHECK(opened.breaker.snapshot().failures == 0);
}

TEST_CASE("a probe that fails opens it again for the whole open time") {
  Opened opened;
  opened.clock.advance(100s);
  opened.breaker.try_acquire()->failure();
  CHECK(opened.breaker.state() == CircuitState::open);
  CHECK(opened.breaker.snapshot().retry_after == 60s);
  CHECK(opened.breaker.snapshot().failures == 4);
}

TEST_CASE("an abandoned probe gives its slot back") {
  Opened opened;
  opened.clock.advance(60s);
  { const auto abandoned = opened.breaker.try_acquire(); }
  CHECK(opened.breaker.state() == CircuitState::half_open);
  CHECK(opened.breaker.try_acquire().has_value());
}

TEST_CASE("a probe lost to an exception gives its slot back") {
  Opened opened;
  opened.clock.advance(60s);
  try {
    const auto probe = opened.breaker.try_acquire();
    throw std::runtime_error("the call threw");
  } catch (const std::runtime_error&) {
  }
  CHECK(opened.breaker.try_acquire().has_value());
}

TEST_CASE("an overdue probe loses its slot to another, and its late verdict counts for nothing") {
  Opened opened;
  opened.clock.advance(60s);
  auto overdue = opened.breaker.try_acquire();
  REQUIRE(overdue.has_value());
  opened.clock.advance(30s);
  auto successor = opened.breaker.try_acquire();
  REQUIRE(successor.has_value());

  SUBCASE("a late success does not close") {
    overdue->success();
    CHECK(opened.breaker.state() == CircuitState::half_open);
  }
  SUBCASE("a late failure does not open") {
    overdue->failure();
    CHECK(opened.breaker.state() == CircuitState::half_open);
  }
  SUBCASE("dropped late, it does not free the successor's slot") {
    overdue->neutral();
    CHECK_FALSE(opened.breaker.try_acquire().has_value());
  }
  successor->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
}

TEST_CASE("with several probes all have to succeed, and no more than that are let through") {
  Opened opened({.probes = 2});
  opened.clock.advance(60s);
  auto first = opened.breaker.try_acquire();
  auto second = opened.breaker.try_acquire();
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK_FALSE(opened.breaker.try_acquire().has_value());
  first->success();
  CHECK(opened.breaker.state() == CircuitState::half_open);
  CHECK_FALSE(opened.breaker.try_acquire().has_value());
  second->success();
  CHECK(opened.breaker.state() == CircuitState::closed);
}

TEST_CASE("one failing probe of several opens it, and the others' verdicts are stale") {
  Opened opened({.probes = 2});
  opened.clock.advance(60s);
  auto first = opened.breaker.try_acquire();
  auto second = opened.breaker.try_acquire();
  first->failure();
  CHECK(opened.breaker.state() == CircuitState::open);
  second->success();
  CHECK(opened.breaker.state() == CircuitState::open);
}

TEST_CASE("a success from before the break does not close the circuit") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  auto early = breaker.try_acquire();
  fail_times(breaker, 3);
  clock.advance(60s);
  auto probe = breaker.try_acquire();
  early->success();
  CHECK(breaker.state() == CircuitState::half_open);
  CHECK_FALSE(breaker.try_acquire().has_value());
}

TEST_CASE("a late failure does not extend the break") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  auto late = breaker.try_acquire();
  fail_times(breaker, 3);
  clock.advance(59s);
  late->failure();
  CHECK(breaker.snapshot().retry_after == 1s);
  CHECK(breaker.snapshot().failures == 3);
}

TEST_CASE("a failure from before a break and recovery does not count afterwards") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  auto late = breaker.try_acquire();
  fail_times(breaker, 3);
  clock.advance(60s);
  breaker.try_acquire()->success();
  REQUIRE(breaker.state() == CircuitState::closed);
  late->failure();
  CHECK(breaker.snapshot().failures == 0);
}

TEST_CASE("the state read is effective, and reading changes nothing") {
  Opened opened;
  const auto generation = opened.breaker.snapshot().generation;
  opened.clock.advance(60s);
  for (int i = 0; i < 100; ++i) CHECK(opened.breaker.state() == CircuitState::half_open);
  CHECK(opened.breaker.snapshot().generation == generation);
  CHECK(opened.breaker.try_acquire().has_value());
}

TEST_CASE("admission and success while closed read no clock") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  const long before = clock.reads();
  for (int i = 0; i < 1000; ++i) breaker.try_acquire()->success();
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(clock.reads() == before);
}

TEST_CASE("a jump of the wall clock changes nothing") {
  Opened opened;
  opened.clock.set_wall(vx11::WallTime::max());
  CHECK(opened.breaker.state() == CircuitState::open);
  opened.clock.set_wall(vx11::WallTime::min());
  CHECK(opened.breaker.snapshot().retry_after == 60s);
}

TEST_CASE("an open time beyond the end of time stays open instead of overflowing") {
  Opened opened({.open_for = vx11::Duration::max()});
  opened.clock.advance(std::chrono::hours(24 * 365 * 100));
  CHECK(opened.breaker.state() == CircuitState::open);
}

TEST_CASE("values out of range are drawn to the nearest that works") {
  ManualClock clock;
  CircuitBreaker breaker(
      {.failures_to_open = 0, .open_for = -1s, .probes = 0, .probe_timeout = -1s}, clock);
  fail_times(breaker, 1);
  CHECK(breaker.state() == CircuitState::half_open);
  breaker.try_acquire()->success();
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("only the first verdict of a permit counts") {
  CircuitBreaker breaker({.failures_to_open = 1});
  auto permit = breaker.try_acquire();
  permit->success();
  permit->failure();
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("a permit that was moved from says nothing") {
  CircuitBreaker breaker({.failures_to_open = 1});
  auto admission = breaker.try_acquire();
  CircuitBreaker::Permit moved = std::move(*admission);
  admission->failure();
  CHECK(breaker.state() == CircuitState::closed);
  moved.failure();
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("the newest failure that counted is dated") {
  ManualClock clock;
  CircuitBreaker breaker({}, clock);
  CHECK_FALSE(breaker.snapshot().last_failure.has_value());
  fail_times(breaker, 1);
  const vx11::TimePoint failed_at = clock.now();
  clock.advance(5s);
  CHECK(breaker.snapshot().last_failure == failed_at);
}

TEST_CASE("every transition is reported once, in order") {
  ManualClock clock;
  std::vector<std::string> told;
  CircuitBreaker breaker({.on_transition =
                              [&](const vx11::CircuitTransition& t) {
                                told.push_back(std::string(to_string(t.from)) + ">" +
                                               std::string(to_string(t.to)) + "#" +
                                               std::to_string(t.generation));
                              }},
                         clock);
  fail_times(breaker, 3);
  clock.advance(60s);
  breaker.try_acquire()->failure();
  clock.advance(60s);
  breaker.try_acquire()->success();
  CHECK(told == std::vector<std::string>{"closed>open#1", "open>half_open#2", "half_open>open#3",
                                         "open>half_open#4", "half_open>closed#5"});
}

TEST_CASE("an event names its breaker, so that one listener serves many") {
  std::vector<std::string> opened;
  const auto listener = [&](const vx11::CircuitTransition& change) {
    opened.emplace_back(change.name);
  };
  CircuitBreaker first({.on_transition = listener, .name = "switch"});
  CircuitBreaker second(
      {.on_transition = listener, .name = "a longer name than fits into a string"});
  CircuitBreaker third({.on_transition = listener});
  for (CircuitBreaker* breaker : {&first, &second, &third}) fail_times(*breaker, 3);
  CHECK(opened ==
        std::vector<std::string>{"switch", "a longer name than fits into a string", std::string()});
  CHECK(first.options().name == "switch");
}

TEST_CASE("a listener may call back into the breaker, and may throw") {
  ManualClock clock;
  CircuitBreaker* self = nullptr;
  int told = 0;
  CircuitBreaker breaker({.failures_to_open = 1,
                          .on_transition =
                              [&](const vx11::CircuitTransition& t) {
                                ++told;
                                CHECK(self->snapshot().generation >= t.generation);
                                if (t.to == CircuitState::half_open) {
                                  CHECK_FALSE(self->try_acquire().has_value());
                                }
                                throw std::runtime_error("a listener's own mistake");
                              }},
                         clock);
  self = &breaker;
  fail_times(breaker, 1);
  clock.advance(60s);
  breaker.try_acquire()->success();
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(told == 3);
}

TEST_CASE("of many threads at the end of the open time exactly as many pass as there are probes") {
  for (int round = 0; round < 200; ++round) {
    Opened opened({.probes = 2});
    opened.clock.advance(60s);
    std::atomic<int> admitted{0};
    std::atomic<int> ready{0};
    std::vector<std::thread> callers;
    std::vector<CircuitBreaker::Admission> admissions;
    for (int i = 0; i < 4; ++i) admissions.push_back(tl::unexpected(vx11::Rejection{}));
    for (auto& admission : admissions) {
      callers.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() < 4) std::this_thread::yield();
        admission = opened.breaker.try_acquire();
        if (admission) admitted.fetch_add(1);
      });
    }
    for (auto& caller : callers) caller.join();
    CHECK(admitted.load() == 2);
  }
}

TEST_CASE("concurrent failures make one transition, and concurrent calls never wedge it") {
  std::atomic<int> opened{0};
  ManualClock clock;
  CircuitBreaker breaker({.on_transition =
                              [&](const vx11::CircuitTransition& t) {
                                if (t.to == CircuitState::open) opened.fetch_add(1);
                              }},
                         clock);
  std::vector<std::thread> callers;
  for (int id = 0; id < 4; ++id) {
    callers.emplace_back([&, id] {
      for (int i = 0; i < 5000; ++i) {
        auto permit = breaker.try_acquire();
        if (!permit) {
          clock.advance(1s);
        } else if ((i + id) % 3 == 0) {
          permit->success();
        } else if ((i + id) % 3 == 1) {
          permit->failure();
        }
      }
    });
  }
  for (auto& caller : callers) caller.join();
  clock.advance(120s);
  auto probe = breaker.try_acquire();
  REQUIRE(probe.has_value());
  probe->success();
  CHECK(breaker.state() == CircuitState::closed);
}
