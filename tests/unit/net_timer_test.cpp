#include <vx11/net/timer.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <thread>

#include <doctest/doctest.h>

#include "net/loop/loop.hpp"
#include "threads/detached.hpp"

using namespace std::chrono_literals;
using vx11::net_detail::Loop;

namespace {

vx11::Detached sleep_on(Loop& loop, vx11::Timer& timer, vx11::Duration time, std::stop_token stop,
                        std::optional<bool>& whole, Loop*& woken_on) {
  whole = co_await timer.sleep(time, std::move(stop));
  woken_on = Loop::current();
  loop.stop();
}

/// How a sleep on a loop ends, and on which loop it resumes.
std::pair<std::optional<bool>, bool> sleep_of(vx11::Duration time, std::stop_token stop) {
  const auto timer = vx11::make_net_timer();
  std::optional<bool> whole;
  Loop* woken_on = nullptr;
  Loop loop;
  loop.post([&] { sleep_on(loop, *timer, time, stop, whole, woken_on); });
  loop.run();
  return {whole, woken_on == &loop};
}

}  // namespace

TEST_CASE("a sleep on a loop resumes there, never early") {
  const auto before = std::chrono::steady_clock::now();
  CHECK(sleep_of(3ms, {}) == std::pair(std::optional(true), true));
  CHECK(std::chrono::steady_clock::now() - before >= 3ms);
  CHECK(sleep_of(0ms, {}) == std::pair(std::optional(true), true));
}

TEST_CASE("a stop ends a sleep, however long it was to be") {
  std::stop_source before;
  before.request_stop();
  CHECK(sleep_of(1h, before.get_token()) == std::pair(std::optional(false), true));

  std::stop_source meanwhile;
  std::jthread stopper([&] { meanwhile.request_stop(); });
  CHECK(sleep_of(1h, meanwhile.get_token()) == std::pair(std::optional(false), true));
}

TEST_CASE("without a loop it sleeps on one of its own") {
  const auto timer = vx11::make_net_timer();
  CHECK(vx11::sync_wait(timer->sleep(1ms, {})));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  CHECK_FALSE(vx11::sync_wait(timer->sleep(vx11::Duration::max(), stop.get_token())));
}

TEST_CASE("a sleep that its loop does not live to finish ends as cancelled, not as elapsed") {
  const auto timer = vx11::make_net_timer();
  std::optional<bool> whole;
  std::optional<bool> begun_at_the_end;
  Loop loop;
  loop.post([&] {
    [](vx11::Timer& timer, std::optional<bool>& whole,
       std::optional<bool>& next) -> vx11::Detached {
      whole = co_await timer.sleep(1h, {});
      next = co_await timer.sleep(1h, {});
    }(*timer, whole, begun_at_the_end);
    loop.stop();
  });
  loop.run();
  CHECK(whole == false);
  CHECK(begun_at_the_end == false);
}
