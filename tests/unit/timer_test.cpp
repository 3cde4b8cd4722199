#include <vx11/background_timer.hpp>
#include <vx11/notifier.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using namespace std::chrono_literals;
using vx11::BackgroundTimer;
using vx11::BlockingTimer;
using vx11::Duration;
using vx11::sync_wait;
using vx11::Task;
using vx11::Timer;
using vx11::testing::InstantTimer;
using vx11::testing::ManualClock;
using vx11::testing::ManualTimer;

namespace {

std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

Task<bool> sleep_and_let_go(std::shared_ptr<Timer> timer) {
  Task<bool> sleep = timer->sleep(1ns, std::stop_token());
  const bool slept = co_await std::move(sleep);
  timer.reset();
  co_return slept;
}

template <class AnyTimer>
void keeps_what_a_timer_promises(AnyTimer& timer) {
  const auto before = std::chrono::steady_clock::now();
  CHECK(sync_wait(timer.sleep(2ms, std::stop_token())));
  CHECK(std::chrono::steady_clock::now() - before >= 2ms);  // never early
  CHECK(sync_wait(timer.sleep(0s, std::stop_token())));
  CHECK(sync_wait(timer.sleep(-1s, std::stop_token())));
  CHECK_FALSE(sync_wait(timer.sleep(1h, stopped())));
  std::stop_source stop;
  std::jthread later([&] { stop.request_stop(); });
  CHECK_FALSE(sync_wait(timer.sleep(Duration::max(), stop.get_token())));
}

}  // namespace

TEST_CASE("a blocking timer sleeps the whole time or until it is stopped") {
  BlockingTimer timer;
  keeps_what_a_timer_promises(timer);
}

TEST_CASE("a background timer sleeps the whole time or until it is stopped") {
  BackgroundTimer timer;
  keeps_what_a_timer_promises(timer);
}

TEST_CASE("a background timer that never slept is destroyed without ado") {
  const auto timer = std::make_unique<BackgroundTimer>();
  CHECK(timer);
}

TEST_CASE("many sleep at once and all are woken") {
  BackgroundTimer timer;
  std::vector<Task<bool>> sleeps;
  for (int i = 0; i < 200; ++i)
    sleeps.push_back(timer.sleep(Duration(i * 1000), std::stop_token()));
  for (const bool slept : sync_wait(vx11::when_all(std::move(sleeps)))) CHECK(slept);
}

TEST_CASE("stopping while the time runs out wakes a sleeper exactly once") {
  BackgroundTimer timer;
  for (int i = 0; i < 500; ++i) {
    std::stop_source stop;
    std::jthread stopper([&] { stop.request_stop(); });
    const bool slept = sync_wait(timer.sleep(Duration(i * 100), stop.get_token()));
    CHECK((slept || stop.stop_requested()));
  }
}

TEST_CASE("a background timer may be destroyed by the waiter it has just woken") {
  for (int i = 0; i < 50; ++i)
    CHECK(sync_wait(sleep_and_let_go(std::make_shared<BackgroundTimer>())));
}

TEST_CASE("all users without a timer of their own share one") {
  CHECK(vx11::background_timer() == vx11::background_timer());
}

TEST_CASE("a manual timer wakes due waiters, the earliest first") {
  ManualClock clock;
  ManualTimer timer(clock);
  Started late(timer.sleep(3s, std::stop_token()));
  Started early(timer.sleep(1s, std::stop_token()));
  CHECK(timer.sleepers() == 2);
  timer.advance(1s);
  CHECK(early.done());
  CHECK_FALSE(late.done());
  timer.advance(2s);
  CHECK(late.done());
  CHECK(timer.sleepers() == 0);
}

TEST_CASE("an instant timer turns the clock and remembers") {
  ManualClock clock;
  InstantTimer timer(clock);
  const auto before = clock.now();
  CHECK(sync_wait(timer.sleep(5s, std::stop_token())));
  CHECK_FALSE(sync_wait(timer.sleep(7s, stopped())));
  CHECK(clock.now() - before == 5s);
  CHECK(timer.sleeps() == std::vector<Duration>{5s, 7s});
}

TEST_CASE("a notification ends a wait, or the next one if there is none") {
  ManualClock clock;
  const auto timer = std::make_shared<ManualTimer>(clock);
  vx11::Notifier notifier(timer);
  std::jthread later([&] {
    while (timer->sleepers() == 0) std::this_thread::yield();
    notifier.notify();
  });
  CHECK(sync_wait(notifier.wait(1h)));
  later.join();
  notifier.notify();
  notifier.notify();
  CHECK(sync_wait(notifier.wait(1h)));
  later = std::jthread([&] {
    while (timer->sleepers() == 0) std::this_thread::yield();
    timer->advance(1h);
  });
  CHECK_FALSE(sync_wait(notifier.wait(1h)));  // the second notification counted with the first
}

TEST_CASE("a stop token ends a wait, and a notification that came before it is not lost") {
  vx11::Notifier notifier(std::make_shared<BackgroundTimer>());
  CHECK_FALSE(sync_wait(notifier.wait(1h, stopped())));
  std::stop_source stop;
  std::jthread later([&] { stop.request_stop(); });
  CHECK_FALSE(sync_wait(notifier.wait(1h, stop.get_token())));
  notifier.notify();
  CHECK(sync_wait(notifier.wait(1h, stopped())));
}

TEST_CASE("of two threads that notify and wait, none misses the other") {
  vx11::Notifier ping(std::make_shared<BackgroundTimer>());
  vx11::Notifier pong(std::make_shared<BlockingTimer>());
  std::jthread other([&] {
    for (int i = 0; i < 500; ++i) {
      CHECK(sync_wait(ping.wait(1h)));
      pong.notify();
    }
  });
  for (int i = 0; i < 500; ++i) {
    ping.notify();
    CHECK(sync_wait(pong.wait(1h)));
  }
}
