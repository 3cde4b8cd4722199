#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "net/loop/loop.hpp"
#include "net/loop/short_time_slice.hpp"

using namespace std::chrono_literals;
using vx11::net_detail::Loop;
using vx11::net_detail::ShortTimeSlice;
using vx11::net_detail::TimerWheel;
using vx11::net_detail::WheelTimer;

TEST_CASE("a loop runs what was posted in its order, and what that posts after it") {
  Loop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] {
      order += 'c';
      loop.stop();
    });
  });
  loop.post([&] { order += 'b'; });
  loop.run();
  CHECK(order == "abc");
}

TEST_CASE("what is to be called after work is called once for it, and not without work") {
  Loop loop;
  int calls = 0;
  WheelTimer later(
      loop.timers, [](void* self) { static_cast<Loop*>(self)->stop(); }, &loop);
  loop.call_after_work(
      [&] {
        if (++calls == 1) later.arm(TimerWheel::in(50ms));
      },
      10ms);
  loop.post([] {});
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a loop that waits is woken by what another thread posts, each time") {
  Loop loop;
  std::thread runs([&] { loop.run(); });
  for (int i = 0; i < 1000; ++i) {
    std::atomic<bool> ran = false;
    loop.post([&] {
      ran = true;
      ran.notify_one();
    });
    ran.wait(false);
  }
  loop.stop();
  runs.join();
}

TEST_CASE("what a loop did not get round to runs at its end, and what it kept for others ends") {
  struct Kept {
    Kept(Loop& on, int& number) : loop(on), ends(number) {}
    ~Kept() {
      loop.post([&ends = ends] { ++ends; });
    }
    Loop& loop;
    int& ends;
  };
  int ends = 0;
  std::optional<Loop> loop(std::in_place);
  loop->local<Kept>(1, *loop, ends);
  loop->post([&] { ++ends; });
  loop.reset();
  CHECK(ends == 2);
}

TEST_CASE("what still waits for its time when a loop ends does not wait for ever") {
  Loop loop;
  int fired = 0;
  WheelTimer timer(
      loop.timers, [](void* count) { ++*static_cast<int*>(count); }, &fired);
  WheelTimer disarmed(
      loop.timers, [](void* count) { ++*static_cast<int*>(count); }, &fired);
  loop.post([&] {
    timer.arm(TimerWheel::now() + 1h);
    disarmed.arm(TimerWheel::now() + 1h);
    disarmed.disarm();
    loop.stop();
  });
  loop.run();
  CHECK(fired == 1);
}

TEST_CASE("a loop's thread has short turns while it runs, and its own again after that") {
  const std::uint64_t before = ShortTimeSlice::of_this_thread();
  std::uint64_t within = before;
  Loop loop;
  loop.post([&] {
    within = ShortTimeSlice::of_this_thread();
    loop.stop();
  });
  loop.run();
  CHECK(ShortTimeSlice::of_this_thread() == before);
  if (before == 0) return;  // not reported by kernels before 6.12
  CHECK(within == 200'000);
  CHECK(before > within);
}

TEST_CASE("a job's holdings are gone before the next job runs") {
  Loop loop;
  const auto held = std::make_shared<int>();
  long holders = 0;
  loop.post([held] {});
  loop.post([&] {
    holders = held.use_count();
    loop.stop();
  });
  loop.run();
  CHECK(holders == 1);
}

TEST_CASE("a loop wakes for no timer but the next one") {
  Loop loop;
  CHECK(loop.timers.wait_at_most() < 0);
  std::optional<WheelTimer> timer(
      std::in_place, loop.timers, [](void*) {}, nullptr);
  timer->arm(TimerWheel::now() + 9s);
  CHECK(loop.timers.wait_at_most() > 10);
  CHECK(loop.timers.wait_at_most() <= 9020);
  timer.reset();
  timer.emplace(
      loop.timers, [](void*) {}, nullptr);
  timer->arm(TimerWheel::now());
  CHECK(loop.timers.wait_at_most() <= 20);
}

TEST_CASE("timers that are moved about all fire, once and never early") {
  struct Watched {
    Watched(Loop& loop, int& number)
        : timer(loop.timers, &Watched::fired, this), on(loop), left(number) {}
    static void fired(void* self) {
      auto& watched = *static_cast<Watched*>(self);
      ++watched.times;
      watched.early = TimerWheel::now() < watched.at;
      if (--watched.left == 0) watched.on.stop();
    }
    void arm(vx11::TimePoint when) {
      at = when;
      timer.arm(when);
    }
    WheelTimer timer;
    Loop& on;
    int& left;
    vx11::TimePoint at = {};
    int times = 0;
    bool early = false;
  };
  Loop loop;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> soon(0, 60'000);
  int left = 200;
  std::vector<std::unique_ptr<Watched>> all;
  for (int i = 0; i < left; ++i) all.push_back(std::make_unique<Watched>(loop, left));
  for (int round = 0; round < 3; ++round) {
    for (const auto& one : all) {
      one->arm(TimerWheel::now() + std::chrono::microseconds(soon(random)));
    }
  }
  loop.run();
  for (const auto& one : all) {
    CHECK(one->times == 1);
    CHECK_FALSE(one->early);
  }
}
