#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitMode;
using vx11::CircuitState;
using vx11::testing::ManualClock;

namespace {

/// A breaker that two consecutive failures open, or a window of two calls; with the transitions
/// that its listener received.
struct Site {
  ManualClock clock;
  std::vector<std::string> told;
  CircuitBreaker breaker;

  explicit Site(vx11::TripCondition trip = vx11::ConsecutiveFailures{})
      : breaker({.failures_to_open = 2,
                 .on_transition = [this](const auto& change) { hear(change); },
                 .trip = trip},
                clock) {}

  void hear(const vx11::CircuitTransition& change) {
    told.push_back(std::string(to_string(change.from)) + ">" + std::string(to_string(change.to)) +
                   "#" + std::to_string(change.generation) + " " +
                   std::string(to_string(change.mode)));
  }
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.try_acquire()->failure();
  }
};

const vx11::CountWindow kTwoCalls{.size = 2, .minimum_calls = 2};

}  // namespace

TEST_CASE("an isolated breaker rejects everything until its mode changes") {
  Site site;
  site.breaker.isolate();
  site.clock.advance(24h);
  CHECK(site.breaker.state() == CircuitState::open);
  CHECK(site.breaker.mode() == CircuitMode::isolated);
  const auto admission = site.breaker.try_acquire();
  REQUIRE_FALSE(admission.has_value());
  CHECK(admission.error().reason == vx11::RejectionReason::isolated);
  CHECK(admission.error().retry_after == 60s);
  CHECK(site.breaker.snapshot().retry_after == 60s);
  CHECK(site.breaker.snapshot().totals.rejected == 1);

  site.breaker.automatic();
  CHECK(site.breaker.mode() == CircuitMode::automatic);
  CHECK(site.breaker.state() == CircuitState::closed);
  CHECK(site.breaker.try_acquire().has_value());
}

TEST_CASE("a breaker forced closed counts, and never opens") {
  Site consecutive;
  Site windowed(kTwoCalls);
  for (Site* site : {&consecutive, &windowed}) {
    site->fail(2);
    REQUIRE(site->breaker.state() == CircuitState::open);
    site->breaker.force_close();
    CHECK(site->breaker.state() == CircuitState::closed);
    site->fail(10);
    CHECK(site->breaker.state() == CircuitState::closed);
    CHECK(site->breaker.snapshot().totals.failures == 12);
    CHECK(site->breaker.snapshot().totals.would_have_opened == 0);
  }
  CHECK(consecutive.breaker.snapshot().failures == 10);
  CHECK(windowed.breaker.snapshot().window.failures == 2);
}

TEST_CASE("a success while forced closed forgets the failures in a row") {
  Site site;
  site.breaker.force_close();
  site.fail(5);
  site.breaker.try_acquire()->success();
  CHECK(site.breaker.snapshot().failures == 0);
}

TEST_CASE("a disabled breaker admits everything and counts nothing") {
  Site consecutive;
  Site windowed(kTwoCalls);
  for (Site* site : {&consecutive, &windowed}) {
    site->breaker.disable();
    site->fail(10);
    site->breaker.try_acquire()->success();
    site->breaker.try_acquire()->neutral();
    const auto seen = site->breaker.snapshot();
    CHECK(seen.state == CircuitState::closed);
    CHECK(seen.mode == CircuitMode::disabled);
    CHECK(seen.failures == 0);
    CHECK(seen.window.calls == 0);
    CHECK(seen.totals.failures + seen.totals.successes + seen.totals.neutral == 0);
    CHECK_FALSE(seen.last_failure.has_value());
  }
}

TEST_CASE("metrics only: an opening is counted and reported, and not done") {
  Site consecutive;
  Site windowed(kTwoCalls);
  for (Site* site : {&consecutive, &windowed}) {
    site->breaker.metrics_only();
    site->fail(5);
    CHECK(site->breaker.state() == CircuitState::closed);
    CHECK(site->breaker.snapshot().totals.would_have_opened == 2);
    CHECK(site->told == std::vector<std::string>{"closed>closed#1 metrics_only",
                                                 "closed>open#1 metrics_only",
                                                 "closed>open#1 metrics_only"});
    CHECK(site->breaker.try_acquire().has_value());
  }
  CHECK(consecutive.breaker.snapshot().failures == 1);
  CHECK(windowed.breaker.snapshot().window.failures == 1);
}

TEST_CASE("every mode can follow every other, each reported once, in its own generation") {
  Site site;
  site.breaker.isolate();
  site.breaker.isolate();
  site.breaker.force_close();
  site.breaker.disable();
  site.breaker.metrics_only();
  site.breaker.automatic();
  site.breaker.automatic();
  CHECK(site.told ==
        std::vector<std::string>{"closed>open#1 isolated", "open>closed#2 forced_closed",
                                 "closed>closed#3 disabled", "closed>closed#4 metrics_only",
                                 "closed>closed#5 automatic"});
}

TEST_CASE("giving the decision back to a breaker that has it changes nothing") {
  Site site;
  site.fail(2);
  site.breaker.automatic();
  CHECK(site.breaker.state() == CircuitState::open);
}

TEST_CASE("a permit from before an intervention counts neither during nor after it") {
  using Act = void (CircuitBreaker::*)() noexcept;
  for (const Act intervene : {Act(&CircuitBreaker::isolate), Act(&CircuitBreaker::force_close),
                              Act(&CircuitBreaker::disable), Act(&CircuitBreaker::metrics_only),
                              Act(&CircuitBreaker::reset)}) {
    Site consecutive;
    Site windowed(kTwoCalls);
    for (Site* site : {&consecutive, &windowed}) {
      auto during = site->breaker.try_acquire();
      auto after = site->breaker.try_acquire();
      (site->breaker.*intervene)();
      during->failure();
      CHECK(site->breaker.snapshot().totals.failures == 0);
      site->breaker.automatic();
      after->failure();
      CHECK(site->breaker.snapshot().totals.failures == 0);
      CHECK(site->breaker.snapshot().failures == 0);
      CHECK(site->breaker.snapshot().window.calls == 0);
    }
  }
}

TEST_CASE("a permit given out while disabled does not count later") {
  Site site;
  site.breaker.disable();
  auto permit = site.breaker.try_acquire();
  site.breaker.automatic();
  permit->failure();
  CHECK(site.breaker.snapshot().failures == 0);
}

TEST_CASE("a probe from before an intervention neither closes nor opens, and holds no slot") {
  Site site;
  site.fail(2);
  site.clock.advance(60s);
  auto probe = site.breaker.try_acquire();
  REQUIRE(probe->is_probe());
  site.breaker.isolate();
  probe->success();
  CHECK(site.breaker.state() == CircuitState::open);
  site.breaker.automatic();
  site.fail(2);
  site.clock.advance(60s);
  CHECK(site.breaker.try_acquire()->is_probe());
}

TEST_CASE("reset makes it as new, whatever it was") {
  Site site;
  site.fail(2);
  CHECK_FALSE(site.breaker.try_acquire().has_value());
  site.breaker.reset();
  const auto seen = site.breaker.snapshot();
  CHECK(seen.state == CircuitState::closed);
  CHECK(seen.mode == CircuitMode::automatic);
  CHECK(seen.failures == 0);
  CHECK(seen.totals.failures == 0);
  CHECK(seen.totals.rejected == 0);
  CHECK_FALSE(seen.last_failure.has_value());
  site.breaker.isolate();
  site.breaker.reset();
  CHECK(site.breaker.mode() == CircuitMode::automatic);
  CHECK(site.breaker.state() == CircuitState::closed);
}

TEST_CASE("an intervention starts a grown open time anew") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1, .open_for = 10s, .growth = {.factor = 2.0}},
                         clock);
  breaker.try_acquire()->failure();
  clock.advance(10s);
  breaker.try_acquire()->failure();
  REQUIRE(breaker.snapshot().retry_after == 20s);
  breaker.reset();
  breaker.try_acquire()->failure();
  CHECK(breaker.snapshot().retry_after == 10s);
}

TEST_CASE("modes and states have stable names") {
  CHECK(to_string(CircuitMode::automatic) == "automatic");
  CHECK(to_string(CircuitMode::isolated) == "isolated");
  CHECK(to_string(CircuitMode::forced_closed) == "forced_closed");
  CHECK(to_string(CircuitMode::disabled) == "disabled");
  CHECK(to_string(CircuitMode::metrics_only) == "metrics_only");
  CHECK(to_string(CircuitState::half_open) == "half_open");
  CHECK(to_string(vx11::Verdict::success) == "success");
  CHECK(to_string(vx11::Verdict::failure) == "failure");
  CHECK(to_string(vx11::Verdict::neutral) == "neutral");
}
