#include <vx11/hedge.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Errc;
using vx11::Hedge;
using vx11::HedgeOptions;
using vx11::Result;
using vx11::RetryBudget;
using vx11::sync_wait;
using vx11::Task;
using vx11::TimePoint;
using vx11::testing::ManualClock;
using vx11::testing::ManualTimer;

namespace {

struct World : ManualTime {
  OpenCalls calls;

  HedgeOptions options() const { return {.delay = 100ms, .timer = timer}; }
};

/// Answers after `time` by another timer's thread, or is cancelled.
Task<Result<int>> slow(std::shared_ptr<vx11::Timer> timer, vx11::Duration time, Deadline deadline) {
  Task<bool> sleep = timer->sleep(time, deadline.stop_token());
  const bool slept = co_await std::move(sleep);
  if (!slept) co_return failed(Errc::cancelled);
  co_return 1;
}

}  // namespace

TEST_CASE("a call that answers before the delay is made once") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(99ms);
  world.calls.end(0, 7);
  REQUIRE(running.done());
  CHECK(running.take() == 7);
  CHECK(world.calls.calls() == 1);
  CHECK(world.timer->sleepers() == 0);
  CHECK(hedge.hedged() == 0);
}

TEST_CASE("a call that is done at once does not wait for anything") {
  World world;
  Hedge hedge(world.options(), world.clock);
  ScriptedCall call({7});
  CHECK(sync_wait(hedge.async_run(awaited(call), Deadline())) == 7);
}

TEST_CASE("after the delay a second try is made, and the winner cancels the loser") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(100ms);
  REQUIRE(world.calls.calls() == 2);
  CHECK(hedge.hedged() == 1);
  SUBCASE("the second wins") {
    world.calls.end(1, 2);
    CHECK(world.calls.stopped(0));
    REQUIRE(running.done());
    CHECK(running.take() == 2);
  }
  SUBCASE("the first wins") {
    world.calls.end(0, 1);
    CHECK(world.calls.stopped(1));
    REQUIRE(running.done());
    CHECK(running.take() == 1);
  }
}

TEST_CASE("a loser that ignores its stop token is waited for, not abandoned") {
  World world;
  world.calls.heed_stop = false;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(100ms);
  world.calls.end(1, 2);
  CHECK_FALSE(running.done());
  world.calls.end(0, failed(Errc::timeout));
  REQUIRE(running.done());
  CHECK(running.take() == 2);
}

TEST_CASE("a failure does not win while the other is under way") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(100ms);
  world.calls.end(1, failed(Errc::rejected));
  CHECK_FALSE(running.done());
  CHECK_FALSE(world.calls.stopped(0));
  world.calls.end(0, 1);
  CHECK(running.take() == 1);
}

TEST_CASE("when both fail, the failure of the first is returned") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(100ms);
  world.calls.end(1, failed(Errc::unreachable));
  world.calls.end(0, failed(Errc::timeout));
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::timeout);
}

TEST_CASE("a first try that fails before the delay is not hedged") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(hedge.async_run(std::ref(world.calls), Deadline()));
  world.calls.end(0, failed(Errc::timeout));
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::timeout);
  CHECK(world.calls.calls() == 1);
}

TEST_CASE("second tries are paid for from the budget") {
  World world;
  HedgeOptions options = world.options();
  options.budget = std::make_shared<RetryBudget>(
      vx11::RetryBudgetOptions{.share = 0.5, .min_per_second = 0}, world.clock);
  Hedge hedge(options, world.clock);
  for (int call = 0; call < 4; ++call) {
    Started running(hedge.async_run(std::ref(world.calls), Deadline()));
    world.timer->advance(100ms);
    world.calls.end(world.calls.calls() - 1, 1);
    REQUIRE(running.done());
    CHECK(running.take() == 1);
  }
  CHECK(hedge.hedged() == 2);
  CHECK(world.calls.calls() == 6);
}

TEST_CASE("a budget that a retry already fills is only drawn on") {
  World world;
  HedgeOptions options = world.options();
  options.traffic = vx11::Traffic::counted_elsewhere;
  options.budget = std::make_shared<RetryBudget>(vx11::RetryBudgetOptions{.min_per_second = 0});
  Hedge hedge(options, world.clock);
  ScriptedCall call({7});
  CHECK(sync_wait(hedge.async_run(awaited(call), Deadline())) == 7);
  CHECK(options.budget->saved() == 0);
}

TEST_CASE("a cancelled call cancels the try, and no second is made") {
  World world;
  Hedge hedge(world.options(), world.clock);
  std::stop_source stop;
  Started running(
      hedge.async_run(std::ref(world.calls), Deadline(TimePoint::max(), stop.get_token())));
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(world.calls.calls() == 1);
  CHECK(world.timer->sleepers() == 0);
}

TEST_CASE("a cancelled call cancels both tries") {
  World world;
  Hedge hedge(world.options(), world.clock);
  std::stop_source stop;
  Started running(
      hedge.async_run(std::ref(world.calls), Deadline(TimePoint::max(), stop.get_token())));
  world.timer->advance(100ms);
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(world.calls.stopped(1));
}

TEST_CASE("no second try is made once the deadline has passed") {
  World world;
  Hedge hedge(world.options(), world.clock);
  Started running(
      hedge.async_run(std::ref(world.calls), Deadline::after(world.clock.now(), 100ms)));
  world.timer->advance(100ms);
  CHECK(world.calls.calls() == 1);
  world.calls.end(0, failed(Errc::timeout));
  CHECK(running.take().error().code == Errc::timeout);
}

TEST_CASE("with a percentile the delay follows what was seen") {
  World world;
  HedgeOptions options = world.options();
  options.percentile = 0.9;
  Hedge hedge(options, world.clock);
  CHECK(hedge.delay() == 100ms);
  for (int call = 0; call < 64; ++call) {
    Started running(hedge.async_run(std::ref(world.calls), Deadline()));
    world.clock.advance(call % 10 == 0 ? 50ms : 5ms);
    world.calls.end(static_cast<std::size_t>(call), 1);
    REQUIRE(running.done());
    CHECK(running.take());
  }
  CHECK(hedge.delay() >= 5ms);
  CHECK(hedge.delay() <= 50ms);
  CHECK(hedge.delay() != 100ms);
}

TEST_CASE("what a try throws comes through when there is no answer, and nothing is left behind") {
  World world;
  Hedge hedge(world.options(), world.clock);
  const auto throwing = [](Deadline) -> Task<Result<int>> {
    throw std::runtime_error("call");
    co_return 0;
  };
  CHECK_THROWS_AS(sync_wait(hedge.async_run(throwing, Deadline())), std::runtime_error);
  CHECK(world.timer->sleepers() == 0);
}

TEST_CASE("a second try that cannot be made leaves the first alone") {
  World world;
  Hedge hedge(world.options(), world.clock);
  int made = 0;
  const auto call = [&](Deadline deadline) -> Task<Result<int>> {
    if (++made == 2) throw std::runtime_error("no second");
    return world.calls(std::move(deadline));
  };
  Started running(hedge.async_run(call, Deadline()));
  world.timer->advance(100ms);
  CHECK_FALSE(running.done());
  world.calls.end(0, 1);
  REQUIRE(running.done());
  CHECK(running.take() == 1);
  CHECK(hedge.hedged() == 0);
}

TEST_CASE("hedging by the background timer answers by the second when the first hangs") {
  Hedge hedge({.delay = 1ms});
  OpenCalls calls;
  const auto call = [&](Deadline deadline) -> Task<Result<int>> {
    if (calls.calls() == 0) return calls(std::move(deadline));
    ScriptedCall quick({2});
    return [](Result<int> value) -> Task<Result<int>> { co_return value; }(quick({}));
  };
  CHECK(sync_wait(hedge.async_run(call, Deadline())) == 2);
}

TEST_CASE("tries that end together on several threads give one answer and leave nothing behind") {
  auto here = std::make_shared<vx11::BackgroundTimer>();
  auto there = std::make_shared<vx11::BackgroundTimer>();
  Hedge hedge({.delay = 30us, .timer = here});
  std::atomic<int> under_way{0};
  for (int i = 0; i < 1000; ++i) {
    int tries = 0;
    const auto call = [&](Deadline deadline) -> Task<Result<int>> {
      ++under_way;
      Task<Result<int>> answer =
          slow(++tries == 1 ? there : here, vx11::Duration(i % 100 * 1000), std::move(deadline));
      Result<int> result = co_await std::move(answer);
      --under_way;
      co_return result;
    };
    std::stop_source stop;
    std::optional<std::jthread> canceller;
    if (i % 7 == 0) canceller.emplace([&] { stop.request_stop(); });
    const auto result =
        sync_wait(hedge.async_run(call, Deadline(TimePoint::max(), stop.get_token())));
    CHECK((result == 1 || result.error().code == Errc::cancelled));
    CHECK(under_way == 0);
  }
}
