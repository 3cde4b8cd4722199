#include <vx11/adaptive_limit.hpp>
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/fallback.hpp>
#include <vx11/hedge.hpp>
#include <vx11/http_message.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/retry.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/timeout.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::AwaitedResult;
using vx11::CallResult;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::Deadline;
using vx11::Errc;
using vx11::guard;
using vx11::HttpResponse;
using vx11::pipeline;
using vx11::Result;
using vx11::sync_wait;
using vx11::Task;
using vx11::TimePoint;
using vx11::Verdict;
using vx11::testing::InstantTimer;
using vx11::testing::ManualClock;

namespace {

/// A user-defined policy: records its name before and after.
class Noting {
 public:
  Noting(std::string name, std::vector<std::string>& notes)
      : name_(std::move(name)), notes_(notes) {}

  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline) {
    notes_.push_back(name_ + " in");
    auto result = next(std::move(deadline));
    notes_.push_back(name_ + " out");
    return result;
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline) {
    notes_.push_back(name_ + " in");
    auto call = next(std::move(deadline));
    auto result = co_await std::move(call);
    notes_.push_back(name_ + " out");
    co_return result;
  }

 private:
  std::string name_;
  std::vector<std::string>& notes_;
};

/// A breaker with a retry of three attempts without waits.
struct World {
  ManualClock clock;
  CircuitBreaker breaker{{.failures_to_open = 100}, clock};
  vx11::Retry retry{{.attempts = 3, .timer = std::make_shared<InstantTimer>(clock)}, clock};

  std::uint32_t failures() const { return breaker.snapshot().failures; }
};

}  // namespace

TEST_CASE("the first policy is the outermost") {
  std::vector<std::string> notes;
  auto both = pipeline(Noting("a", notes), Noting("b", notes));
  ScriptedCall call({7});
  SUBCASE("blocking") {
    CHECK(both.run(std::ref(call)) == 7);
  }
  SUBCASE("awaited") {
    CHECK(sync_wait(both.async_run(awaited(call))) == 7);
  }
  CHECK(notes == std::vector<std::string>{"a in", "b in", "b out", "a out"});
}

TEST_CASE("a pipeline of nothing just calls") {
  auto empty = pipeline();
  ScriptedCall call({7});
  const Deadline deadline(TimePoint(5s));
  CHECK(empty.run(std::ref(call), deadline) == 7);
  CHECK(call.deadlines.back().at() == deadline.at());
  CHECK(sync_wait(empty.async_run(awaited(call), deadline)) == 7);
}

TEST_CASE("pipelines nest") {
  std::vector<std::string> notes;
  auto inner = pipeline(Noting("b", notes), Noting("c", notes));
  auto outer = pipeline(Noting("a", notes), inner);
  ScriptedCall call({7});
  CHECK(sync_wait(outer.async_run(awaited(call))) == 7);
  CHECK(notes.size() == 6);
  CHECK(notes.at(2) == "c in");
}

TEST_CASE("a call may leave the deadline unread, return nothing, or what can only be moved") {
  World world;
  auto policies = pipeline(world.retry, std::ref(world.breaker));
  CHECK(policies.run([]() -> Result<int> { return 7; }) == 7);
  CHECK(policies.run([]() -> Result<void> { return {}; }));
  const auto moved =
      policies.run([]() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(3); });
  CHECK(**moved == 3);
  CHECK(**sync_wait(policies.async_run([]() -> Task<Result<std::unique_ptr<int>>> {
    co_return std::make_unique<int>(4);
  })) == 4);
  CHECK(sync_wait(policies.async_run([]() -> Task<Result<void>> { co_return Result<void>(); })));
}

TEST_CASE("policies are referred to by std::ref, shared, or kept by value") {
  ManualClock clock;
  vx11::Bulkhead named({.concurrent = 1});
  auto shared = std::make_shared<vx11::RateLimiter>(vx11::RateLimiterOptions{.burst = 2}, clock);
  auto breaker = std::make_shared<CircuitBreaker>();
  auto policies = pipeline(std::ref(named), shared, breaker, vx11::Timeout(1s));
  CHECK(shared.use_count() == 2);
  CHECK(breaker.use_count() == 2);
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)) == 7);
  CHECK(sync_wait(policies.async_run(awaited(call))) == 7);
  CHECK(policies.run(std::ref(call)).error().code == Errc::rejected);
}

TEST_CASE("a pipeline of local variables outlives the function that made it") {
  World world;
  const auto make = [&] {
    vx11::Retry retry({.attempts = 2, .timer = std::make_shared<InstantTimer>(world.clock)},
                      world.clock);
    vx11::Timeout timeout(2s, world.clock);
    auto instead = vx11::fallback(std::string("busy"));
    auto breaker = std::make_shared<CircuitBreaker>();
    auto judged = guard(breaker, [](const Result<std::string>&) { return Verdict::neutral; });
    auto inner = pipeline(timeout, judged);
    return pipeline(instead, retry, inner);
  };
  const auto policies = make();
  int calls = 0;
  const auto call = [&](const Deadline& deadline) -> Result<std::string> {
    ++calls;
    CHECK(deadline.at() >= world.clock.now() + 2s);
    return vx11::fail(Errc::timeout);
  };
  CHECK(policies.run(call) == "busy");
  CHECK(calls == 2);
}

TEST_CASE("a constant pipeline runs, blocking and awaited") {
  World world;
  const auto policies = pipeline(world.retry, std::ref(world.breaker), vx11::fallback(0));
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)) == 7);
  CHECK(sync_wait(policies.async_run(awaited(call))) == 7);
}

TEST_CASE("when a rejection passes through a pipeline its retry_after stays with it") {
  World world;
  CircuitBreaker open({.failures_to_open = 1, .open_for = 60s}, world.clock);
  open.try_acquire()->failure();
  const auto policies =
      pipeline(world.retry, std::ref(world.breaker), std::ref(open), vx11::Timeout(1s));
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)).error().retry_after == 60s);
  CHECK(sync_wait(policies.async_run(awaited(call))).error().retry_after == 60s);
}

TEST_CASE("a constant policy is copied") {
  ManualClock clock;
  const vx11::Timeout constant(2s, clock);
  auto policies = pipeline(constant);
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)) == 7);
  CHECK(call.deadlines.back().at() == clock.now() + 2s);
}

TEST_CASE("an awaited pipeline does nothing before it is awaited") {
  World world;
  auto policies = pipeline(std::ref(world.breaker));
  ScriptedCall call({7});
  { const auto never = policies.async_run(awaited(call)); }
  CHECK(call.calls() == 0);
}

TEST_CASE("one failure counted per attempt, not per exhausted retry loop") {
  World world;
  ScriptedCall call({failed(Errc::timeout)});
  SUBCASE("blocking") {
    CHECK_FALSE(pipeline(world.retry, std::ref(world.breaker)).run(std::ref(call)));
  }
  SUBCASE("awaited") {
    auto policies = pipeline(world.retry, std::ref(world.breaker));
    CHECK_FALSE(sync_wait(policies.async_run(awaited(call))));
  }
  CHECK(call.calls() == 3);
  CHECK(world.failures() == 3);
}

TEST_CASE("a breaker around a retry counts one failure per exhausted loop") {
  World world;
  ScriptedCall call({failed(Errc::timeout)});
  CHECK_FALSE(pipeline(std::ref(world.breaker), world.retry).run(std::ref(call)));
  CHECK(call.calls() == 3);
  CHECK(world.failures() == 1);
}

TEST_CASE("a breaker that opens inside a retry ends the loop") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 2, .open_for = 1min}, clock);
  vx11::Retry retry({.attempts = 9, .timer = std::make_shared<InstantTimer>(clock)}, clock);
  ScriptedCall call({failed(Errc::timeout)});
  const auto result = pipeline(retry, std::ref(breaker)).run(std::ref(call));
  CHECK(result.error().code == Errc::circuit_open);
  CHECK(result.error().retry_after > 0s);
  CHECK(call.calls() == 2);
}

TEST_CASE("self-inflicted rejections are neutral to a breaker around them") {
  World world;
  ScriptedCall call({failed(Errc::timeout)});
  SUBCASE("bulkhead full") {
    vx11::Bulkhead full({.concurrent = 0});
    CHECK_FALSE(pipeline(std::ref(world.breaker), std::ref(full)).run(std::ref(call)));
    auto policies = pipeline(std::ref(world.breaker), std::ref(full));
    CHECK_FALSE(sync_wait(policies.async_run(awaited(call))));
  }
  SUBCASE("bulkhead waited for in vain") {
    vx11::Bulkhead full({.concurrent = 0, .queue = 1, .wait_timeout = 0s});
    CHECK_FALSE(pipeline(std::ref(world.breaker), std::ref(full)).run(std::ref(call)));
  }
  SUBCASE("rate limited") {
    vx11::RateLimiter limiter({.calls = 1, .period = 1h}, world.clock);
    CHECK(limiter.try_acquire());
    CHECK_FALSE(pipeline(std::ref(world.breaker), std::ref(limiter)).run(std::ref(call)));
  }
  SUBCASE("limit reached") {
    vx11::AdaptiveLimit limit({.initial = 1});
    const auto held = limit.try_acquire();
    CHECK_FALSE(pipeline(std::ref(world.breaker), std::ref(limit)).run(std::ref(call)));
  }
  SUBCASE("circuit open") {
    CircuitBreaker open({.failures_to_open = 1});
    open.try_acquire()->failure();
    CHECK_FALSE(pipeline(std::ref(world.breaker), std::ref(open)).run(std::ref(call)));
  }
  SUBCASE("no time left") {
    CHECK_FALSE(pipeline(std::ref(world.breaker), vx11::Timeout(1s, world.clock))
                    .run(std::ref(call), Deadline(world.clock.now())));
  }
  CHECK(call.calls() == 0);
  CHECK(world.failures() == 0);
}

TEST_CASE("a spent budget that is said as a rejection is neutral to a breaker around it") {
  World world;
  vx11::Retry broke({.attempts = 3,
                     .budget = std::make_shared<vx11::RetryBudget>(
                         vx11::RetryBudgetOptions{.share = 0, .min_per_second = 0}),
                     .when_budget_spent = vx11::BudgetSpent::reject},
                    world.clock);
  ScriptedCall call({failed(Errc::timeout)});
  CHECK(pipeline(std::ref(world.breaker), broke).run(std::ref(call)).error().code ==
        Errc::rejected);
  CHECK(world.failures() == 0);
}

TEST_CASE("a cancelled call is neutral to a breaker") {
  World world;
  ScriptedCall call({failed(Errc::cancelled)});
  CHECK_FALSE(pipeline(std::ref(world.breaker)).run(std::ref(call)));
  CHECK(world.failures() == 0);
}

TEST_CASE("HTTP answers are judged by their status") {
  World world;
  auto policies = pipeline(std::ref(world.breaker));
  const auto answer = [&](int status) {
    return policies.run([=]() -> Result<HttpResponse> { return HttpResponse(status); })->status;
  };
  CHECK(answer(500) == 500);
  CHECK(answer(404) == 404);
  CHECK(answer(429) == 429);
  CHECK(world.failures() == 1);
  CHECK(answer(204) == 204);
  CHECK(world.failures() == 0);
}

TEST_CASE("a classification of one's own replaces the default") {
  World world;
  auto policies = pipeline(guard(std::ref(world.breaker), [](const Result<int>& result) {
    return result == 13 ? Verdict::failure : Verdict::success;
  }));
  ScriptedCall call({13, 13, failed(Errc::timeout)});
  CHECK(policies.run(std::ref(call)) == 13);
  CHECK(policies.run(std::ref(call)) == 13);
  CHECK(world.failures() == 2);
  CHECK_FALSE(policies.run(std::ref(call)));
  CHECK(world.failures() == 0);
}

TEST_CASE("a call that throws is a failure to the breaker, and the exception comes through") {
  World world;
  auto policies = pipeline(std::ref(world.breaker));
  const auto throwing = []() -> Result<int> { throw std::runtime_error("call"); };
  const auto throwing_later = []() -> Task<Result<int>> {
    throw std::runtime_error("call");
    co_return 0;
  };
  CHECK_THROWS_AS(policies.run(throwing), std::runtime_error);
  CHECK_THROWS_AS(sync_wait(policies.async_run(throwing_later)), std::runtime_error);
  CHECK(world.failures() == 2);
}

TEST_CASE("a predicate that throws leaks no probe") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1, .open_for = 1s, .probes = 1}, clock);
  breaker.try_acquire()->failure();
  clock.advance(1s);
  auto picky = pipeline(guard(std::ref(breaker),
                              [](const auto&) -> Verdict { throw std::logic_error("predicate"); }));
  ScriptedCall call({7});
  CHECK_THROWS_AS(picky.run(std::ref(call)), std::logic_error);
  CHECK_THROWS_AS(sync_wait(picky.async_run(awaited(call))), std::logic_error);
  CHECK(breaker.state() == CircuitState::half_open);
  CHECK(pipeline(std::ref(breaker)).run(std::ref(call)) == 7);
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("an inner timeout narrows what an outer deadline gives") {
  ManualClock clock;
  auto policies = pipeline(vx11::Timeout(10s, clock), vx11::Timeout(2s, clock));
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)) == 7);
  CHECK(call.deadlines.back().at() == clock.now() + 2s);
}

TEST_CASE("everything at once: the order that the manual recommends") {
  ManualClock clock;
  auto timer = std::make_shared<InstantTimer>(clock);
  vx11::Retry retry({.attempts = 3, .timer = timer}, clock);
  vx11::RateLimiter limiter({.calls = 100, .burst = 100}, clock);
  CircuitBreaker breaker({}, clock);
  vx11::Bulkhead bulkhead({.concurrent = 4});
  vx11::Hedge hedge({.timer = std::make_shared<vx11::testing::ManualTimer>(clock)}, clock);
  auto policies =
      pipeline(vx11::fallback(-1), vx11::Timeout(30s, clock), retry, std::ref(hedge),
               std::ref(limiter), std::ref(breaker), std::ref(bulkhead), vx11::Timeout(5s, clock));
  ScriptedCall recovering({failed(Errc::unreachable), failed(Errc::timeout), 7});
  CHECK(sync_wait(policies.async_run(awaited(recovering))) == 7);
  CHECK(recovering.calls() == 3);
  ScriptedCall hopeless({failed(Errc::unreachable)});
  CHECK(sync_wait(policies.async_run(awaited(hopeless))) == -1);
  CHECK(breaker.state() == CircuitState::open);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a stop token reaches through all policies") {
  World world;
  OpenCalls calls;
  vx11::Bulkhead bulkhead({.concurrent = 1});
  auto policies = pipeline(world.retry, std::ref(world.breaker), std::ref(bulkhead),
                           vx11::Timeout(1s, world.clock));
  std::stop_source stop;
  Started running(
      policies.async_run(std::ref(calls), Deadline(TimePoint::max(), stop.get_token())));
  REQUIRE_FALSE(running.done());
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(world.failures() == 0);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a call may return a plain value, or nothing, blocking or awaited") {
  World world;
  const auto policies = pipeline(world.retry, std::ref(world.breaker));
  const Result<std::string> text = policies.run([] { return std::string("seven"); });
  CHECK(text == "seven");
  int calls = 0;
  const Result<> nothing = policies.run([&] { ++calls; });
  CHECK(nothing.has_value());
  CHECK(calls == 1);
  const auto seven = []() -> Task<int> { co_return 7; };
  CHECK(sync_wait(policies.async_run(seven)) == 7);
  const auto awaited_nothing = [&]() -> Task<> {
    ++calls;
    co_return;
  };
  CHECK(sync_wait(policies.async_run(awaited_nothing)).has_value());
  CHECK(calls == 2);
  const auto nested = pipeline(policies);
  CHECK(nested.run([](Deadline) { return 7; }) == 7);
}

TEST_CASE("every policy has figures, which its copies in pipelines share") {
  World world;
  const vx11::Timeout timeout(1s, world.clock);
  const auto substitute = vx11::fallback(0);
  vx11::Bulkhead bulkhead({.concurrent = 1}, world.clock);
  vx11::RateLimiter limiter({.calls = 1, .period = 1h, .burst = 2}, world.clock);
  vx11::AdaptiveLimit adaptive({.initial = 5}, world.clock);
  const auto policies = pipeline(substitute, world.retry, timeout, std::ref(bulkhead),
                                 std::ref(limiter), std::ref(adaptive));
  ScriptedCall call({failed(Errc::timeout), 7});
  CHECK(policies.run(call) == 7);
  CHECK(policies.run(call) == 0);  // the rate is used up
  CHECK(substitute.stats().calls == 2);
  CHECK(substitute.stats().substituted == 1);
  CHECK(world.retry.stats().calls == 2);
  CHECK(world.retry.stats().retries == 1);
  CHECK(world.retry.stats().given_up == 0);
  CHECK(timeout.stats().calls == 3);
  CHECK(timeout.stats().timed_out == 1);
  CHECK(bulkhead.stats().admitted == 3);
  CHECK(bulkhead.stats().running == 0);
  CHECK(limiter.stats().admitted == 2);
  CHECK(limiter.stats().rejected == 1);
  CHECK(adaptive.stats().limit >= 4);
  CHECK(adaptive.stats().running == 0);
}
