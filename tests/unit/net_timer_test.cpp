#include <vx11/detail/alarm.hpp>
#include <vx11/net/timer.hpp>
#include <vx11/router.hpp>
#include <vx11/task.hpp>

#include <atomic>
#include <chrono>
#include <memory>
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

/// Answers on the thread of another loop than the timer's.
class ElsewhereTransport final : public vx11::Transport {
 public:
  using Transport::send;
  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline) override {
    auto waiting = own_->sleep(1ms, {});
    co_await std::move(waiting);
    vx11::HttpResponse response(200);
    response.body = R"({"response":"x"})";
    co_return response;
  }
  bool blocks() const noexcept override { return false; }

 private:
  std::shared_ptr<vx11::Timer> own_ = vx11::make_net_timer();
};

}  // namespace

TEST_CASE("a chat asked on a thread without a loop ends with its answer") {
  vx11::RouterOptions options;
  options.timer = vx11::make_net_timer();
  options.targets.push_back({.name = "madre",
                             .url = "http://madre:8001",
                             .transport = std::make_shared<ElsewhereTransport>()});
  const auto router = vx11::Router::create(std::move(options));
  REQUIRE(router);
  vx11::ChatRequest chat;
  chat.message = "hello";
  for (int i = 0; i < 20; ++i) CHECK(router->ask(chat));
}

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

namespace {

/// Alarms of a loop, and which of them have rung.
struct Alarms {
  struct One {
    vx11::detail::AlarmSlot slot = {};
    int rings = 0;
    Loop* on = nullptr;
  };
  static void ring(void* whom) {
    auto& one = *static_cast<One*>(whom);
    ++one.rings;
    one.on = Loop::current();
  }

  std::shared_ptr<vx11::Timer> timer = vx11::make_net_timer();
  vx11::detail::AlarmTimer& maker = dynamic_cast<vx11::detail::AlarmTimer&>(*timer);
  Loop loop = {};
  One first = {};
  One second = {};
};

}  // namespace

TEST_CASE(
    "an alarm rings on its loop, again when it is set again, and not after it was cancelled") {
  Alarms all;
  bool cancelled = false;
  all.loop.post([&] {
    all.maker.make_alarm(all.first.slot, &Alarms::ring, &all.first);
    all.maker.make_alarm(all.second.slot, &Alarms::ring, &all.second);
    all.first.slot->set(1ms);
    all.second.slot->set(2ms);
    cancelled = all.second.slot->cancel();
  });
  all.loop.post([&] {
    vx11::run_detached(all.timer, [](Alarms& all) -> vx11::Task<void> {
      co_await all.timer->sleep(100ms, {});
      all.first.slot->set(1ms);
      co_await all.timer->sleep(100ms, {});
      all.loop.stop();
    }(all));
  });
  all.loop.run();
  CHECK(cancelled);
  CHECK(all.first.rings == 2);
  CHECK(all.first.on == &all.loop);
  CHECK(all.second.rings == 0);
}

TEST_CASE("an alarm that another thread cancels rings on its loop instead") {
  Alarms all;
  std::atomic<bool> set = false;
  std::atomic<bool> cancelled = true;
  all.loop.post([&] {
    all.maker.make_alarm(all.first.slot, &Alarms::ring, &all.first);
    all.first.slot->set(1h);
    set = true;
    set.notify_one();
  });
  std::jthread other([&] {
    set.wait(false);
    cancelled = all.first.slot->cancel();
    all.loop.post([&] { all.loop.stop(); });
  });
  all.loop.run();
  CHECK_FALSE(cancelled);
  CHECK(all.first.rings == 1);
  CHECK(all.first.on == &all.loop);
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
