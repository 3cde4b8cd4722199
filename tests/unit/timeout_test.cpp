#include <vx11/background_timer.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/timeout.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::Result;
using vx11::sync_wait;
using vx11::Timeout;
using vx11::TimePoint;
using vx11::testing::ManualClock;
using vx11::testing::ManualTimer;

TEST_CASE("a timeout narrows the deadline and never widens it") {
  ManualClock clock;
  Timeout timeout(2s, clock);
  ScriptedCall call({7});
  CHECK(timeout.run(call, Deadline()) == 7);
  CHECK(call.deadlines.back().at() == clock.now() + 2s);
  CHECK(timeout.run(call, Deadline::after(clock.now(), 1s)) == 7);
  CHECK(call.deadlines.back().at() == clock.now() + 1s);
  CHECK(sync_wait(timeout.async_run(awaited(call), Deadline())) == 7);
  CHECK(call.deadlines.back().at() == clock.now() + 2s);
}

TEST_CASE("a limit too long to add means never") {
  ManualClock clock;
  Timeout timeout(Duration::max(), clock);
  ScriptedCall call({7});
  CHECK(timeout.run(call, Deadline()) == 7);
  CHECK(call.deadlines.back().never());
}

TEST_CASE("a call with no time left is not made, and counts against no upstream") {
  ManualClock clock;
  Timeout timeout(2s, clock);
  ScriptedCall call({7});
  CHECK(timeout.run(call, Deadline(clock.now())).error().code == Errc::rejected);
  CHECK(sync_wait(timeout.async_run(awaited(call), Deadline(clock.now()))).error().code ==
        Errc::rejected);
  CHECK(call.calls() == 0);
}

TEST_CASE("a limit of nothing leaves no time for any call") {
  ManualClock clock;
  ScriptedCall call({7});
  for (const Duration limit : {Duration(0), Duration(-1), Duration::min()}) {
    Timeout timeout(limit, clock);
    CHECK(timeout.run(call, Deadline()).error().code == Errc::rejected);
  }
  CHECK(call.calls() == 0);
}

TEST_CASE("a cancelled call is not made") {
  ManualClock clock;
  Timeout timeout(2s, clock);
  std::stop_source stop;
  stop.request_stop();
  const Deadline gone(TimePoint::max(), stop.get_token());
  ScriptedCall call({7});
  CHECK(timeout.run(call, gone).error().code == Errc::cancelled);
  CHECK(sync_wait(timeout.async_run(awaited(call), gone)).error().code == Errc::cancelled);
  CHECK(call.calls() == 0);
}

TEST_CASE("with a timer, a call that knows only its stop token ends at the limit") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Timeout timeout({.timeout = 2s, .timer = timer}, clock);
  OpenCalls calls;
  Started running(timeout.async_run(std::ref(calls), Deadline()));
  timer->advance(1999ms);
  CHECK_FALSE(running.done());
  timer->advance(1ms);
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::timeout);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE("with a timer, a call that ends in time puts the timer to rest") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Timeout timeout({.timeout = 2s, .timer = timer}, clock);
  OpenCalls calls;
  Started running(timeout.async_run(std::ref(calls), Deadline()));
  calls.end(0, 7);
  REQUIRE(running.done());
  CHECK(running.take() == 7);
  CHECK(timer->sleepers() == 0);
  ScriptedCall at_once({8});
  CHECK(sync_wait(timeout.async_run(awaited(at_once), Deadline())) == 8);
}

TEST_CASE("with a timer, a call that ignores its stop token is waited for, and its answer counts") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Timeout timeout({.timeout = 2s, .timer = timer}, clock);
  OpenCalls calls;
  calls.heed_stop = false;
  Started running(timeout.async_run(std::ref(calls), Deadline()));
  timer->advance(2s);
  CHECK(calls.stopped(0));
  CHECK_FALSE(running.done());
  calls.end(0, 7);
  REQUIRE(running.done());
  CHECK(running.take() == 7);
}

TEST_CASE("with a timer, a cancelled call gets cancelled and not timeout") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Timeout timeout({.timeout = 2s, .timer = timer}, clock);
  OpenCalls calls;
  std::stop_source stop;
  Started running(timeout.async_run(std::ref(calls), Deadline(TimePoint::max(), stop.get_token())));
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE("with a timer, what the call throws comes through") {
  ManualClock clock;
  auto timer = std::make_shared<ManualTimer>(clock);
  Timeout timeout({.timeout = 2s, .timer = timer}, clock);
  const auto throwing = [](Deadline) -> vx11::Task<Result<int>> {
    throw std::runtime_error("call");
    co_return 0;
  };
  CHECK_THROWS_AS(sync_wait(timeout.async_run(throwing, Deadline())), std::runtime_error);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE("with a timer on another thread, limit and answer that meet leave nothing behind") {
  auto here = std::make_shared<vx11::BackgroundTimer>();
  auto there = std::make_shared<vx11::BackgroundTimer>();
  Timeout timeout({.timeout = 30us, .timer = here});
  for (int i = 0; i < 500; ++i) {
    const auto call = [&](Deadline deadline) -> vx11::Task<Result<int>> {
      vx11::Task<bool> sleep = there->sleep(Duration(i % 60 * 1000), deadline.stop_token());
      const bool slept = co_await std::move(sleep);
      if (!slept) co_return failed(Errc::cancelled);
      co_return 1;
    };
    const auto result = sync_wait(timeout.async_run(call, Deadline()));
    CHECK((result == 1 || result.error().code == Errc::timeout));
  }
}
