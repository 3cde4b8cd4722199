#include <vx11/http_message.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::BudgetSpent;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::Jitter;
using vx11::Result;
using vx11::Retry;
using vx11::RetryBudget;
using vx11::RetryOptions;
using vx11::sync_wait;
using vx11::testing::InstantTimer;
using vx11::testing::ManualClock;
using vx11::testing::ManualTimer;

namespace {

struct World {
  ManualClock clock;
  std::shared_ptr<InstantTimer> timer = std::make_shared<InstantTimer>(clock);

  RetryOptions options(std::uint32_t attempts) const {
    return {.attempts = attempts, .backoff = {.base = 1s, .jitter = Jitter::none}, .timer = timer};
  }
  Retry retry(std::uint32_t attempts) const { return Retry(options(attempts), clock); }
};

using Waits = std::vector<Duration>;

}  // namespace

TEST_CASE("a success is not repeated and nothing waits") {
  World world;
  Retry retry = world.retry(3);
  ScriptedCall call({7});
  CHECK(retry.run(call, Deadline()) == 7);
  CHECK(call.calls() == 1);
  CHECK(world.timer->sleeps().empty());
}

TEST_CASE("a failure is tried again after growing waits until it succeeds") {
  World world;
  Retry retry = world.retry(5);
  ScriptedCall call(
      {failed(Errc::timeout), failed(Errc::unreachable), failed(Errc::unavailable), 7});
  SUBCASE("blocking") {
    CHECK(retry.run(call, Deadline()) == 7);
  }
  SUBCASE("awaited") {
    CHECK(sync_wait(retry.async_run(awaited(call), Deadline())) == 7);
  }
  CHECK(call.calls() == 4);
  CHECK(world.timer->sleeps() == Waits{1s, 2s, 4s});
}

TEST_CASE("after the last attempt its failure is returned, without a wait") {
  World world;
  Retry retry = world.retry(3);
  ScriptedCall call({failed(Errc::unreachable), failed(Errc::unreachable), failed(Errc::timeout)});
  CHECK(retry.run(call, Deadline()).error().code == Errc::timeout);
  CHECK(call.calls() == 3);
  CHECK(world.timer->sleeps().size() == 2);
}

TEST_CASE("one attempt never retries, and none is drawn to one") {
  World world;
  for (const std::uint32_t attempts : {0U, 1U}) {
    Retry retry = world.retry(attempts);
    ScriptedCall call({failed(Errc::timeout)});
    CHECK_FALSE(retry.run(call, Deadline()));
    CHECK(call.calls() == 1);
  }
}

TEST_CASE("what cannot come right by itself is not retried") {
  World world;
  for (const Errc code : {Errc::invalid_argument, Errc::cancelled, Errc::circuit_open,
                          Errc::rejected, Errc::asleep, Errc::too_large, Errc::invalid_reply}) {
    Retry retry = world.retry(3);
    ScriptedCall call({failed(code)});
    CHECK(retry.run(call, Deadline()).error().code == code);
    CHECK(call.calls() == 1);
  }
}

TEST_CASE("a predicate of one's own decides what is retried") {
  World world;
  auto retry = world.retry(3).when([](const Result<int>& result) { return result == 1; });
  ScriptedCall call({1, 2});
  CHECK(retry.run(call, Deadline()) == 2);
  CHECK(call.calls() == 2);
}

TEST_CASE("a wait that would reach the deadline is not begun") {
  World world;
  Retry retry = world.retry(5);
  ScriptedCall call({failed(Errc::timeout)});
  const auto deadline = Deadline::after(world.clock.now(), 3s);
  SUBCASE("blocking") {
    CHECK(retry.run(call, deadline).error().code == Errc::timeout);
  }
  SUBCASE("awaited") {
    CHECK(sync_wait(retry.async_run(awaited(call), deadline)).error().code == Errc::timeout);
  }
  CHECK(call.calls() == 2);
  CHECK(world.timer->sleeps() == Waits{1s});
}

TEST_CASE("Retry-After is honoured where it is longer than the backoff") {
  World world;
  Retry retry = world.retry(3);
  vx11::Error busy(Errc::unavailable, "scripted");
  busy.retry_after = 9s;
  ScriptedCall call({vx11::fail(busy), failed(Errc::timeout), 7});
  CHECK(retry.run(call, Deadline()) == 7);
  CHECK(world.timer->sleeps() == Waits{9s, 2s});
}

TEST_CASE("a Retry-After beyond the cap ends the loop") {
  World world;
  RetryOptions options = world.options(3);
  options.max_retry_after = 10s;
  Retry retry(options, world.clock);
  vx11::Error busy(Errc::unavailable, "scripted");
  busy.retry_after = 11s;
  ScriptedCall call({vx11::fail(busy), 7});
  CHECK(retry.run(call, Deadline()).error().retry_after == 11s);
  CHECK(call.calls() == 1);
}

TEST_CASE("an HTTP answer is retried by its status and its Retry-After header") {
  World world;
  Retry retry = world.retry(3);
  int calls = 0;
  const auto call = [&](Deadline) -> Result<vx11::HttpResponse> {
    vx11::HttpResponse response(++calls == 1 ? 503 : 200);
    response.headers.add("Retry-After", "5");
    return response;
  };
  CHECK(retry.run(call, Deadline())->status == 200);
  CHECK(world.timer->sleeps() == Waits{5s});
  const auto missing = [&](Deadline) -> Result<vx11::HttpResponse> {
    ++calls;
    return vx11::HttpResponse(404);
  };
  CHECK(retry.run(missing, Deadline())->status == 404);
  CHECK(calls == 3);
}

TEST_CASE("a Retry-After that is no number of seconds is not heeded") {
  for (const char* text : {"", "soon", "-1", "5s", " 5", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    vx11::HttpResponse response(503);
    response.headers.add("Retry-After", text);
    CHECK_FALSE(vx11::DefaultRetryAfter()(Result<vx11::HttpResponse>(response)));
  }
  vx11::HttpResponse far(503);
  far.headers.add("Retry-After", "99999999999999999999");
  CHECK(vx11::DefaultRetryAfter()(Result<vx11::HttpResponse>(far)) == Duration::max());
}

TEST_CASE("an extractor of one's own says how long to wait") {
  World world;
  auto retry = world.retry(2).with_retry_after(
      [](const Result<int>&) { return std::optional<Duration>(8s); });
  ScriptedCall call({failed(Errc::timeout), 7});
  CHECK(retry.run(call, Deadline()) == 7);
  CHECK(world.timer->sleeps() == Waits{8s});
}

TEST_CASE("a spent budget ends the loop with the failure that happened, or as a rejection") {
  World world;
  RetryOptions options = world.options(9);
  options.budget = std::make_shared<RetryBudget>(
      vx11::RetryBudgetOptions{.share = 1, .min_per_second = 0}, world.clock);
  ScriptedCall call({failed(Errc::timeout)});
  SUBCASE("handed on") {
    Retry retry(options, world.clock);
    CHECK(retry.run(call, Deadline()).error().code == Errc::timeout);
  }
  SUBCASE("rejected") {
    options.when_budget_spent = BudgetSpent::reject;
    Retry retry(options, world.clock);
    CHECK(retry.run(call, Deadline()).error().code == Errc::rejected);
  }
  CHECK(call.calls() == 2);
}

TEST_CASE("a cancelled call gets no further try") {
  World world;
  std::stop_source stop;
  Retry retry = world.retry(5);
  int calls = 0;
  const auto call = [&](Deadline) -> Result<int> {
    ++calls;
    stop.request_stop();
    return failed(Errc::timeout);
  };
  CHECK_FALSE(retry.run(call, Deadline(vx11::TimePoint::max(), stop.get_token())));
  CHECK(calls == 1);
  CHECK(world.timer->sleeps().empty());
}

TEST_CASE("a stop token that fires during a wait ends the loop at once") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Retry retry({.attempts = 3, .backoff = {.base = 1h, .jitter = Jitter::none}, .timer = timer},
              clock);
  ScriptedCall call({failed(Errc::timeout)});
  std::stop_source stop;
  Started running(
      retry.async_run(awaited(call), Deadline(vx11::TimePoint::max(), stop.get_token())));
  REQUIRE_FALSE(running.done());
  CHECK(timer->sleepers() == 1);
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(timer->sleepers() == 0);
  CHECK(call.calls() == 1);
}

TEST_CASE("a stop token ends a wait on the caller's own thread") {
  Retry retry({.attempts = 2, .backoff = {.base = 1h, .cap = 1h, .jitter = Jitter::none}});
  ScriptedCall call({failed(Errc::timeout)});
  std::stop_source stop;
  std::jthread canceller([&] { stop.request_stop(); });
  const auto result = retry.run(call, Deadline(vx11::TimePoint::max(), stop.get_token()));
  CHECK_FALSE(result);
  CHECK(call.calls() == 1);
}

TEST_CASE("waits of no time at all are served by the default timers") {
  Retry retry({.attempts = 3, .backoff = {.base = 0s}});
  ScriptedCall call({failed(Errc::timeout), failed(Errc::timeout), 7, failed(Errc::timeout), 8});
  CHECK(retry.run(call, Deadline()) == 7);
  CHECK(sync_wait(retry.async_run(awaited(call), Deadline())) == 8);
}

TEST_CASE("what the call or the predicate throws comes through") {
  World world;
  Retry retry = world.retry(3);
  const auto throwing = [](Deadline) -> Result<int> { throw std::runtime_error("call"); };
  CHECK_THROWS_AS(retry.run(throwing, Deadline()), std::runtime_error);
  ScriptedCall call({failed(Errc::timeout)});
  auto picky = retry.when([](const Result<int>&) -> bool { throw std::logic_error("predicate"); });
  CHECK_THROWS_AS(picky.run(call, Deadline()), std::logic_error);
  CHECK_THROWS_AS(sync_wait(picky.async_run(awaited(call), Deadline())), std::logic_error);
}

TEST_CASE("each try is given the whole deadline") {
  World world;
  Retry retry = world.retry(3);
  ScriptedCall call({failed(Errc::timeout), 7});
  const auto deadline = Deadline::after(world.clock.now(), 1min);
  CHECK(retry.run(call, deadline));
  CHECK(call.deadlines.at(1).at() == deadline.at());
}
