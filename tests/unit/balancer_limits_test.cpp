// Which targets a balancer leaves out: those that cool down or whose breaker rejects calls; and how
// they return.

#include <vx11/balancer.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "recorded_events.hpp"

using namespace std::chrono_literals;
using vx11::Balancer;
using vx11::BalancerMember;
using vx11::BalancerOptions;
using vx11::BalancingPolicy;
using vx11::CircuitBreaker;
using vx11::LeastInFlight;
using vx11::PeakEwma;
using vx11::StickySession;
using vx11::Verdict;
using vx11::WeightedRoundRobin;
using vx11::testing::ManualClock;

namespace {

const std::vector<BalancingPolicy> kPolicies = {PeakEwma{}, WeightedRoundRobin{}, LeastInFlight{},
                                                StickySession{}};

/// Two targets with breakers that open at the first failure, for ten seconds.
struct Pair {
  explicit Pair(BalancerOptions options) : balancer(members(), std::move(options), clock) {}

  std::vector<BalancerMember> members() const {
    return {{.name = "a", .breaker = breakers[0]}, {.name = "b", .breaker = breakers[1]}};
  }
  void fail(std::size_t member) { breakers.at(member)->try_acquire()->failure(); }
  /// How many of `picks` go to `a`.
  int share_of_a(int picks) {
    int count = 0;
    for (int i = 0; i < picks; ++i) {
      count += balancer.pick({}, "session-" + std::to_string(i)).value() == 0 ? 1 : 0;
    }
    return count;
  }

  ManualClock clock = {};
  std::array<std::shared_ptr<CircuitBreaker>, 2> breakers = {made(), made()};
  Balancer balancer;

 private:
  std::shared_ptr<CircuitBreaker> made() {
    const vx11::CircuitBreakerOptions options{.failures_to_open = 1, .open_for = 10s};
    return std::make_shared<CircuitBreaker>(options, clock);
  }
};

}  // namespace

TEST_CASE("a target that cools down is not chosen until the time is over") {
  for (const auto& policy : kPolicies) {
    Pair pair({.policy = policy});
    pair.balancer.cool_down(0, 5s);
    CHECK(pair.share_of_a(40) == 0);
    CHECK(pair.balancer.cooldown_left(0) == 5s);
    pair.clock.advance(5s - 1ns);
    CHECK(pair.share_of_a(40) == 0);
    pair.clock.advance(1ns);
    CHECK(pair.share_of_a(40) > 0);
    CHECK(pair.balancer.cooldown_left(0) == 0s);
  }
}

TEST_CASE("a cooldown is bounded, has a default and is never shortened") {
  Pair pair({.default_cooldown = 2s, .max_cooldown = 30s});
  pair.balancer.cool_down(0, std::nullopt);
  CHECK(pair.balancer.loads()[0].cooldown_left == 2s);
  pair.balancer.cool_down(0, 1h);
  CHECK(pair.balancer.loads()[0].cooldown_left == 30s);
  pair.balancer.begin(0).cool_down(1s);
  CHECK(pair.balancer.loads()[0].cooldown_left == 30s);
  Pair without({.default_cooldown = 0s});
  without.balancer.cool_down(0, std::nullopt);
  CHECK(without.balancer.loads()[0].cooldown_left == 0s);
}

TEST_CASE("a target is not chosen while its breaker is open, and for one call while it is probed") {
  for (const auto& policy : kPolicies) {
    Pair pair({.policy = policy});
    pair.fail(0);
    CHECK(pair.share_of_a(40) == 0);
    pair.clock.advance(10s);
    CHECK(pair.share_of_a(40) > 0);
    auto permit = pair.breakers[0]->try_acquire();
    {
      const Balancer::Call probe = pair.balancer.begin(0);
      CHECK(pair.share_of_a(40) == 0);
    }
    permit->success();
    CHECK(pair.share_of_a(40) > 0);
  }
}

TEST_CASE("an old call that is still under way does not keep a target from being probed") {
  for (const BalancingPolicy& policy : {kPolicies[1], kPolicies[3]}) {  // shares without load
    Pair pair({.policy = policy});
    const Balancer::Call old = pair.balancer.begin(0);
    pair.fail(0);
    pair.clock.advance(10s);
    CHECK(pair.share_of_a(40) > 0);
    const auto probe = pair.breakers[0]->try_acquire();
    CHECK(pair.share_of_a(40) == 0);
  }
}

TEST_CASE("the earliest may be one whose probe is overdue first, and is none of the exception") {
  Pair pair({});
  pair.fail(0);
  pair.clock.advance(10s);
  const auto probe = pair.breakers[0]->try_acquire();
  const vx11::Duration overdue = pair.breakers[0]->options().probe_timeout;
  pair.balancer.cool_down(1, 2s);
  REQUIRE(overdue > 2s);
  CHECK(pair.balancer.earliest().value() == 1);
  CHECK(pair.balancer.earliest(Balancer::Set().set(1)).value() == 0);
  CHECK_FALSE(pair.balancer.earliest(Balancer::Set().set(0).set(1)).has_value());
}

TEST_CASE("if no target can be used, the earliest is the one whose time is over first") {
  Pair pair({});
  pair.fail(0);
  pair.balancer.cool_down(1, 20s);
  CHECK_FALSE(pair.balancer.pick().has_value());
  CHECK(pair.balancer.earliest().value() == 0);
  pair.breakers[0]->isolate();
  CHECK(pair.balancer.earliest().value() == 1);
  pair.breakers[1]->isolate();
  CHECK_FALSE(pair.balancer.earliest().has_value());
}

TEST_CASE("slow start: after the breaker has closed, the share grows within the time") {
  Pair pair({.policy = WeightedRoundRobin{}, .slow_start = 100s});
  CHECK(pair.share_of_a(100) == 50);
  pair.fail(0);
  CHECK(pair.share_of_a(100) == 0);
  pair.clock.advance(10s);
  pair.breakers[0]->try_acquire()->success();
  CHECK(pair.share_of_a(110) == doctest::Approx(10).epsilon(0.11));  // a tenth to one
  pair.clock.advance(50s);
  CHECK(pair.share_of_a(150) == doctest::Approx(50).epsilon(0.05));  // a half to one
  pair.clock.advance(50s);
  CHECK(pair.share_of_a(100) == doctest::Approx(50).epsilon(0.05));
}

TEST_CASE("slow start holds for the other policies too") {
  SUBCASE("least in flight") {
    Pair pair({.policy = LeastInFlight{}, .slow_start = 100s});
    pair.fail(0);
    CHECK(pair.share_of_a(4) == 0);
    pair.clock.advance(10s);
    pair.breakers[0]->try_acquire()->success();
    std::vector<Balancer::Call> calls;
    for (int i = 0; i < 11; ++i) calls.push_back(pair.balancer.begin(pair.balancer.pick().value()));
    CHECK(pair.balancer.loads()[0].in_flight == 1);
  }
  SUBCASE("peak EWMA") {
    const auto in_turn = [draw = 0]() mutable { return ++draw % 2 == 1 ? 0.1 : 0.6; };
    Pair pair({.slow_start = 100s, .random = in_turn});
    for (const std::size_t member : {0U, 1U}) {
      pair.balancer.begin(member).record(Verdict::success, 1s);
    }
    pair.fail(0);
    CHECK(pair.share_of_a(10) == 0);
    pair.clock.advance(10s);
    pair.breakers[0]->try_acquire()->success();
    std::vector<Balancer::Call> calls;
    for (int i = 0; i < 11; ++i) calls.push_back(pair.balancer.begin(pair.balancer.pick().value()));
    CHECK(pair.balancer.loads()[0].in_flight == 1);
  }
  SUBCASE("sticky: sessions return little by little, and none leaves") {
    Pair pair({.policy = StickySession{}, .slow_start = 100s});
    const int usual = pair.share_of_a(1000);
    pair.fail(0);
    CHECK(pair.share_of_a(10) == 0);
    pair.clock.advance(10s);
    pair.breakers[0]->try_acquire()->success();
    const int first = pair.share_of_a(1000);
    CHECK(first == doctest::Approx(91).epsilon(0.3));
    pair.clock.advance(50s);
    const int half = pair.share_of_a(1000);
    CHECK(half == doctest::Approx(333).epsilon(0.15));
    pair.clock.advance(50s);
    CHECK(pair.share_of_a(1000) == usual);
  }
}

TEST_CASE("without slow start a target has its whole share at once") {
  Pair pair({.policy = WeightedRoundRobin{}});
  pair.fail(0);
  CHECK(pair.share_of_a(10) == 0);
  pair.clock.advance(10s);
  pair.breakers[0]->try_acquire()->success();
  CHECK(pair.share_of_a(100) == doctest::Approx(50).epsilon(0.05));
}

TEST_CASE("a cooldown is an event, unless a longer one is under way") {
  const auto events = record_events();
  Pair pair({.max_cooldown = 1min, .events = events});
  pair.balancer.cool_down(1, 1h);
  pair.balancer.cool_down(1, 2s);
  const RecordedEvent event = events->only(vx11::EventKind::balancer_cooled_down);
  CHECK(event.name == "b");
  CHECK(event.duration == 1min);
}
