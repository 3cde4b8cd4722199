// Random runs on several threads, bounded by operations, not by time; for ThreadSanitizer, and for
// what circuit_breaker_model_test.cpp assumes: that each operation takes effect in one instant.

#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitBreakerOptions;
using vx11::CircuitState;
using vx11::testing::ManualClock;

namespace {

constexpr int kThreads = 4;
constexpr int kOperations = 60'000;
constexpr int kMeetings = 500;  // each may cost a scheduler time slice if cores are scarce

void on_all_threads(const std::function<void(unsigned)>& work) {
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < kThreads; ++id) threads.emplace_back(work, id);
  for (auto& thread : threads) thread.join();
}

/// A spinning barrier for two threads, so that they continue at the same instant.
class Meeting {
 public:
  void wait() {
    const int mine = arrived_.fetch_add(1) / 2;
    for (int spins = 0; arrived_.load() < 2 * (mine + 1); ++spins) {
      if (spins > 2000) std::this_thread::yield();
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

/// Receives every transition and checks that they form one unbroken sequence.
class Chronicle {
 public:
  void hear(const vx11::CircuitTransition& change) {
    if (telling_.exchange(true)) broken_ = true;  // two at a time
    if (change.generation != generation_ + 1) broken_ = true;
    if (change.from != state_) broken_ = true;
    generation_ = change.generation;
    state_ = change.to;
    telling_ = false;
  }
  bool broken() const { return broken_; }
  std::uint64_t generation() const { return generation_; }
  CircuitState state() const { return state_; }

 private:
  std::atomic<bool> telling_{false};
  std::atomic<bool> broken_{false};
  std::uint64_t generation_ = 0;
  CircuitState state_ = CircuitState::closed;
};

/// Everything at once: calls with random verdicts, permits kept for a while, permits never
/// reported, the clock.
class RandomCaller {
 public:
  RandomCaller(CircuitBreaker& breaker, ManualClock& clock, unsigned seed)
      : breaker_(breaker), clock_(clock), random_(seed) {}

  void act() {
    switch (random_() % 8) {
      case 0:
        return clock_.advance(1s * (random_() % 4));
      case 1:
        return look();
      case 2:
        return report();
      default:
        return call();
    }
  }
  bool nonsense_seen() const { return nonsense_seen_; }

 private:
  void call() {
    auto admission = breaker_.try_acquire();
    if (!admission) {
      nonsense_seen_ |= admission.error().retry_after <= 0s;
      return;
    }
    const auto verdict = static_cast<vx11::Verdict>(random_() % 3);
    if (random_() % 4 != 0) return admission->record(verdict);
    if (held_.size() < 3) held_.push_back(std::move(*admission));
  }
  void report() {
    if (held_.empty()) return;
    held_.back().record(static_cast<vx11::Verdict>(random_() % 3));
    held_.pop_back();
  }
  void look() {
    const auto seen = breaker_.snapshot();
    nonsense_seen_ |= seen.generation < generation_;
    nonsense_seen_ |= seen.window.failures > seen.window.calls;
    nonsense_seen_ |= seen.window.slow > seen.window.calls;
    generation_ = seen.generation;
  }

  CircuitBreaker& breaker_;
  ManualClock& clock_;
  std::minstd_rand random_;
  std::vector<CircuitBreaker::Permit> held_;
  std::uint64_t generation_ = 0;
  bool nonsense_seen_ = false;
};

std::vector<CircuitBreakerOptions> every_kind() {
  const vx11::SlowCalls slow{.after = 5s, .rate = 0.7};
  CircuitBreakerOptions options{
      .open_for = 3s,
      .probes = 3,
      .probe_timeout = 10s,
      .probes_to_close = 2,
      .growth = {.factor = 1.5, .at_most = 20s, .jitter = vx11::OpenJitter::around(0.3)}};
  std::vector<CircuitBreakerOptions> kinds(4, options);
  kinds[1].trip = vx11::CountWindow{.size = 10, .minimum_calls = 5};
  kinds[2].trip = vx11::TimeWindow{.span = 20s, .minimum_calls = 5};
  kinds[3].trip = vx11::CountWindow{.size = 10, .minimum_calls = 5, .slow = slow};
  return kinds;
}

}  // namespace

TEST_CASE("random calls on many threads: the transitions make one story, and nothing sticks") {
  for (CircuitBreakerOptions options : every_kind()) {
    ManualClock clock;
    Chronicle chronicle;
    options.on_transition = [&](const auto& change) { chronicle.hear(change); };
    CircuitBreaker breaker(options, clock);
    std::atomic<bool> nonsense{false};
    on_all_threads([&](unsigned id) {
      RandomCaller caller(breaker, clock, id + 1);
      for (int i = 0; i < kOperations; ++i) caller.act();
      if (caller.nonsense_seen()) nonsense = true;
    });
    CHECK_FALSE(nonsense.load());
    CHECK_FALSE(chronicle.broken());
    CHECK(chronicle.generation() == breaker.snapshot().generation);
    CHECK(chronicle.generation() > 100);

    clock.advance(60s);  // beyond every open time and every probe limit
    while (breaker.state() != CircuitState::closed) {
      auto probe = breaker.try_acquire();
      REQUIRE(probe.has_value());
      probe->success();
    }
  }
}

TEST_CASE("never more concurrent probes than permitted, and each thread gets its turn") {
  constexpr std::uint32_t kProbes = 2;
  ManualClock clock;
  CircuitBreaker breaker(
      {.failures_to_open = 1, .open_for = 1s, .probes = kProbes, .probe_timeout = 24h * 365},
      clock);
  breaker.try_acquire()->failure();
  clock.advance(1s);
  std::atomic<int> under_way{0};
  std::atomic<int> most{0};
  on_all_threads([&](unsigned) {
    for (int probed = 0; probed < kOperations;) {
      auto probe = breaker.try_acquire();
      if (!probe) {
        std::this_thread::yield();  // the threads that hold the slots may need this core
        continue;
      }
      ++probed;
      const int now = under_way.fetch_add(1) + 1;
      for (int seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      under_way.fetch_sub(1);
      probe->neutral();  // only now may another thread take the slot
    }
  });
  CHECK(most.load() >= 1);
  CHECK(most.load() <= static_cast<int>(kProbes));
  CHECK(breaker.snapshot().generation == 2);

  std::vector<CircuitBreaker::Permit> held;  // no slot was lost or created
  for (std::uint32_t i = 0; i < kProbes; ++i) {
    auto probe = breaker.try_acquire();
    REQUIRE(probe.has_value());
    held.push_back(std::move(*probe));
  }
  CHECK_FALSE(breaker.try_acquire().has_value());
}

TEST_CASE("of failures at once only the one that opens sets the end of the open time") {
  ManualClock clock;
  vx11::TimePoint opened_at = {};
  CircuitBreaker breaker({.failures_to_open = 1,
                          .open_for = 60s,
                          .on_transition = [&](const auto& change) { opened_at = change.at; }},
                         clock);
  Meeting meeting;
  int wrong = 0;
  const auto fail_at_once = [&](unsigned id) {
    for (int round = 0; round < kMeetings; ++round) {
      auto permit = breaker.try_acquire();
      meeting.wait();
      clock.advance(1ns);
      permit->failure();
      meeting.wait();
      if (id == 0) {
        if (breaker.snapshot().retry_after != opened_at + 60s - clock.now()) ++wrong;
        breaker.reset();
      }
      meeting.wait();
    }
  };
  std::thread other(fail_at_once, 1U);
  fail_at_once(0);
  other.join();
  CHECK(wrong == 0);
}

TEST_CASE("no verdict is lost in a window, whichever thread reports it") {
  ManualClock clock;
  for (const vx11::TripCondition& trip :
       {vx11::TripCondition(vx11::CountWindow{.size = 1'000'000, .failure_rate = 1.0}),
        vx11::TripCondition(vx11::TimeWindow{.failure_rate = 1.0})}) {
    CircuitBreaker breaker({.trip = trip}, clock);
    breaker.try_acquire()->success();  // so that the rate stays below one
    on_all_threads([&](unsigned) {
      for (int i = 0; i < kOperations; ++i) {
        auto permit = breaker.try_acquire();
        i % 3 == 0 ? permit->failure() : permit->success();
      }
    });
    const auto seen = breaker.snapshot();
    CHECK(seen.window.calls == kThreads * kOperations + 1);
    CHECK(seen.window.failures == kThreads * ((kOperations + 2) / 3));
    CHECK(seen.totals.successes + seen.totals.failures == seen.window.calls);
  }
}

TEST_CASE("rejections are counted exactly, on however many threads") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  breaker.try_acquire()->failure();
  on_all_threads([&](unsigned) {
    for (int i = 0; i < kOperations; ++i) {
      if (breaker.try_acquire()) clock.advance(1ns);  // would be wrong, and shows below
    }
  });
  CHECK(breaker.snapshot().totals.rejected == kThreads * kOperations);
}

TEST_CASE("an operator intervenes amid traffic: afterwards everything works as before") {
  for (const CircuitBreakerOptions& options : every_kind()) {
    ManualClock clock;
    CircuitBreaker breaker(options, clock);
    on_all_threads([&](unsigned id) {
      if (id == 0) {
        for (int i = 0; i < kOperations / 10; ++i) {
          using Act = void (CircuitBreaker::*)() noexcept;
          constexpr std::array<Act, 6> kActs = {
              &CircuitBreaker::isolate,      &CircuitBreaker::force_close, &CircuitBreaker::disable,
              &CircuitBreaker::metrics_only, &CircuitBreaker::automatic,   &CircuitBreaker::reset};
          (breaker.*kActs[static_cast<std::size_t>(i) % kActs.size()])();
        }
        return;
      }
      RandomCaller caller(breaker, clock, id);
      for (int i = 0; i < kOperations / 4; ++i) caller.act();
    });
    breaker.reset();
    CHECK(breaker.state() == CircuitState::closed);
    CHECK(breaker.snapshot().window.calls == 0);
    breaker.isolate();
    CHECK_FALSE(breaker.try_acquire().has_value());
    breaker.automatic();
    CHECK(breaker.try_acquire().has_value());
  }
}
