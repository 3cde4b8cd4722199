#pragma once

/// \file
/// Upstreams that answer when the test says so, each call by itself, on a manual clock.

#include <vx11/testing/manual_timer.hpp>
#include <vx11/transport.hpp>

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

/// Calls that stay under way until the test ends them, their limit is over, or their stop token
/// fires.
class HeldUpstream final : public vx11::Transport {
 public:
  using Answer = vx11::Result<vx11::HttpResponse>;
  using Transport::send;

  bool blocks() const noexcept override { return false; }

  vx11::Task<Answer> send(const vx11::HttpRequest&, vx11::Deadline deadline) override {
    Call& call = calls_.emplace_back();
    call.deadline = deadline;
    const auto stop = [&call] { end(call, vx11::fail(vx11::Errc::cancelled)); };
    const std::stop_callback on_stop(deadline.stop_token(), stop);
    Waiting waiting{call};
    co_await waiting;
    co_return std::move(*call.answer);
  }

  std::size_t calls() const { return calls_.size(); }
  bool under_way(std::size_t number) const { return static_cast<bool>(calls_.at(number).waiting); }
  bool cancelled(std::size_t number) const { return calls_.at(number).deadline.cancelled(); }
  vx11::Deadline deadline(std::size_t number) const { return calls_.at(number).deadline; }
  std::size_t all_under_way() const {
    std::size_t count = 0;
    for (const Call& call : calls_) count += call.waiting ? 1 : 0;
    return count;
  }

  void end(std::size_t number, Answer answer) { end(calls_.at(number), std::move(answer)); }
  void say(std::size_t number, const std::string& text) {
    end(number, vx11::HttpResponse(200, "application/json", R"({"response":")" + text + "\"}"));
  }
  /// Ends the calls whose limit has passed.
  void expire(vx11::TimePoint now) {
    for (Call& call : calls_) {
      if (call.deadline.passed(now)) end(call, vx11::fail(vx11::Errc::timeout));
    }
  }

  /// Ends the calls still under way, which a router would observe to their limits.
  void end_all() {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      end(calls_[i], vx11::fail(vx11::Errc::cancelled));
    }
  }

 private:
  struct Call {
    vx11::Deadline deadline = {};
    std::coroutine_handle<> waiting = nullptr;
    std::optional<Answer> answer = std::nullopt;
  };
  struct Waiting {
    Call& call;
    bool await_ready() const noexcept { return call.answer.has_value(); }
    void await_suspend(std::coroutine_handle<> handle) const noexcept { call.waiting = handle; }
    void await_resume() const noexcept {}
  };

  static void end(Call& call, Answer answer) {
    if (call.answer) return;
    call.answer.emplace(std::move(answer));
    if (call.waiting) std::exchange(call.waiting, nullptr).resume();
  }

  std::deque<Call> calls_;
};
