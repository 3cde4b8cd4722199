#include <vx11/bulkhead.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::Bulkhead;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::Result;
using vx11::sync_wait;
using vx11::Task;
using vx11::TimePoint;
using vx11::testing::ManualClock;
using vx11::testing::ManualTimer;

namespace {

using World = ManualTime;

using Place = Result<Bulkhead::Permit>;

}  // namespace

TEST_CASE("calls run up to the limit, and the next is rejected") {
  Bulkhead bulkhead({.concurrent = 2});
  auto first = bulkhead.try_acquire();
  Place second = bulkhead.acquire();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(bulkhead.running() == 2);
  CHECK(bulkhead.try_acquire().error().reason == vx11::RejectionReason::bulkhead_full);
  CHECK(bulkhead.acquire().error().code == Errc::rejected);
  first->release();
  CHECK(bulkhead.running() == 1);
  CHECK(bulkhead.try_acquire());
}

TEST_CASE("a bulkhead of none admits none") {
  Bulkhead bulkhead({.concurrent = 0});
  CHECK(bulkhead.try_acquire().error().reason == vx11::RejectionReason::bulkhead_full);
  ScriptedCall call({7});
  CHECK(bulkhead.run(call, Deadline()).error().code == Errc::rejected);
  CHECK(call.calls() == 0);
}

TEST_CASE("a permit gives its place back once, wherever it was moved") {
  Bulkhead bulkhead({.concurrent = 2});
  auto one = bulkhead.try_acquire();
  auto two = bulkhead.try_acquire();
  *one = std::move(*two);
  CHECK(bulkhead.running() == 1);
  one->release();
  one->release();
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("free places go to waiting calls, in order of arrival") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 3, .timer = world.timer}, world.clock);
  auto held = bulkhead.try_acquire();
  Started first(bulkhead.async_acquire());
  Started second(bulkhead.async_acquire());
  CHECK(bulkhead.waiting() == 2);
  held->release();
  REQUIRE(first.done());
  CHECK_FALSE(second.done());
  CHECK_FALSE(bulkhead.try_acquire());
  { const Place place = first.take(); }
  REQUIRE(second.done());
  CHECK(second.take());
  CHECK(bulkhead.running() == 0);
  CHECK(world.timer->sleepers() == 0);
}

TEST_CASE("a full queue rejects at once") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 1, .timer = world.timer}, world.clock);
  auto held = bulkhead.try_acquire();
  Started waiting(bulkhead.async_acquire());
  Started refused(bulkhead.async_acquire());
  REQUIRE(refused.done());
  CHECK(refused.take().error().code == Errc::rejected);
  held->release();
  CHECK(waiting.take());
}

TEST_CASE("a call past its wait limit leaves the queue") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 2, .wait_timeout = 5s, .timer = world.timer},
                    world.clock);
  auto held = bulkhead.try_acquire();
  Started patient(bulkhead.async_acquire());
  Started hurried(bulkhead.async_acquire(Deadline::after(world.clock.now(), 1s)));
  world.timer->advance(1s);
  REQUIRE(hurried.done());
  CHECK(hurried.take().error().code == Errc::rejected);
  CHECK(bulkhead.waiting() == 1);
  world.timer->advance(4s);
  REQUIRE(patient.done());
  CHECK(patient.take().error().code == Errc::rejected);
  CHECK(bulkhead.waiting() == 0);
  held->release();
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a wait limit of zero does not wait") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 9, .wait_timeout = 0s});
  const auto held = bulkhead.try_acquire();
  CHECK(bulkhead.acquire().error().code == Errc::rejected);
  CHECK(bulkhead.waiting() == 0);
}

TEST_CASE("a cancelled call leaves the queue, and those behind move up") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 2, .timer = world.timer}, world.clock);
  auto held = bulkhead.try_acquire();
  std::stop_source stop;
  Started gone(bulkhead.async_acquire(Deadline(TimePoint::max(), stop.get_token())));
  Started behind(bulkhead.async_acquire());
  stop.request_stop();
  REQUIRE(gone.done());
  CHECK(gone.take().error().code == Errc::cancelled);
  CHECK(bulkhead.waiting() == 1);
  held->release();
  REQUIRE(behind.done());
  CHECK(behind.take());
}

TEST_CASE("a call cancelled beforehand takes no place") {
  Bulkhead bulkhead({.concurrent = 1, .queue = 1});
  std::stop_source stop;
  stop.request_stop();
  const Deadline gone(TimePoint::max(), stop.get_token());
  CHECK(sync_wait(bulkhead.async_acquire(gone)).error().code == Errc::cancelled);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a free place is taken without waiting and without a timer") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 1, .timer = world.timer}, world.clock);
  CHECK(sync_wait(bulkhead.async_acquire()));
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a call that throws gives its place back") {
  Bulkhead bulkhead({.concurrent = 1});
  const auto throwing = [](Deadline) -> Result<int> { throw std::runtime_error("call"); };
  CHECK_THROWS_AS(bulkhead.run(throwing, Deadline()), std::runtime_error);
  CHECK_THROWS_AS(sync_wait(bulkhead.async_run(awaited(throwing), Deadline())), std::runtime_error);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("awaited calls keep their place until they have ended") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 1, .timer = world.timer}, world.clock);
  OpenCalls calls;
  Started first(bulkhead.async_run(std::ref(calls), Deadline()));
  Started second(bulkhead.async_run(std::ref(calls), Deadline()));
  CHECK(calls.calls() == 1);
  calls.end(0, 1);
  CHECK(first.take() == 1);
  REQUIRE(calls.calls() == 2);
  calls.end(1, 2);
  CHECK(second.take() == 2);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("a long queue of calls that are done at once does not exhaust the stack") {
  World world;
  constexpr int kWaiting = 50'000;
  Bulkhead bulkhead({.concurrent = 1, .queue = kWaiting, .timer = world.timer}, world.clock);
  auto held = bulkhead.try_acquire();
  ScriptedCall call({1});
  std::deque<Started<Result<int>>> running;
  for (int i = 0; i < kWaiting; ++i) {
    running.emplace_back(bulkhead.async_run(awaited(call), Deadline()));
  }
  CHECK(bulkhead.waiting() == kWaiting);
  held->release();
  for (auto& one : running) REQUIRE(one.done());
  CHECK(call.calls() == kWaiting);
  CHECK(bulkhead.running() == 0);
}

TEST_CASE("blocking callers wait for each other, never too many run, and none is lost") {
  Bulkhead bulkhead({.concurrent = 3, .queue = 100});
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  const auto call = [&](Deadline) -> Result<int> {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --running;
    return ++done;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) CHECK(bulkhead.run(call, Deadline()));
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(done == 1600);
  CHECK(most <= 3);
  CHECK(bulkhead.running() == 0);
  CHECK(bulkhead.waiting() == 0);
}

TEST_CASE("grants, time-outs and cancellations that meet lose no place") {
  Bulkhead bulkhead({.concurrent = 1, .queue = 100, .wait_timeout = 20us});
  std::atomic<int> outcomes{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 300; ++n) {
        std::stop_source stop;
        std::optional<std::jthread> canceller;
        if (n % 10 == 0) canceller.emplace([&] { stop.request_stop(); });
        const Place place = bulkhead.acquire(Deadline(TimePoint::max(), stop.get_token()));
        ++outcomes;
        if (place) std::this_thread::yield();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(outcomes == 1200);
  CHECK(bulkhead.running() == 0);
  CHECK(bulkhead.waiting() == 0);
}
