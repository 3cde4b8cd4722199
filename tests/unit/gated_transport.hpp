#pragma once

/// \file
/// An upstream that answers when the test releases it.

#include <vx11/transport.hpp>

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <doctest/doctest.h>

/// An upstream that blocks its caller until the test releases it or the call is cancelled.
class GatedTransport final : public vx11::Transport {
 public:
  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline deadline) override {
    Wait wait{*this, deadline.stop_token()};
    co_await wait;
    const bool cancelled = deadline.cancelled();
    note(cancelled);
    if (cancelled) co_return vx11::fail(vx11::Errc::cancelled, "scripted");
    co_return vx11::HttpResponse(200, "application/json", R"({"response":"at last"})");
  }

  void wait_for_caller() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ != nullptr; }));
  }
  void wait_for_cancelled() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return cancelled_; }));
  }
  void let_go() {
    std::unique_lock lock(mutex_);
    const auto waiting = std::exchange(waiting_, nullptr);
    lock.unlock();
    if (waiting) waiting.resume();
  }

 private:
  struct Stop {
    GatedTransport* gate;
    void operator()() const { gate->let_go(); }
  };
  struct Wait {
    GatedTransport& gate;
    std::stop_token token;
    std::optional<std::stop_callback<Stop>> on_stop = {};

    bool await_ready() const noexcept { return token.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiting) {
      on_stop.emplace(token, Stop{&gate});
      const std::lock_guard lock(gate.mutex_);
      gate.waiting_ = waiting;
      gate.changed_.notify_all();
    }
    void await_resume() noexcept { on_stop.reset(); }
  };

  void note(bool cancelled) {
    const std::lock_guard lock(mutex_);
    cancelled_ = cancelled;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::coroutine_handle<> waiting_ = nullptr;
  bool cancelled_ = false;
};
