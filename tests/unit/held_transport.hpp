#pragma once

/// \file
/// An upstream that suspends its callers until the test answers, each call by itself.

#include <vx11/transport.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "health_fakes.hpp"

namespace vx11::fakes {

class HeldTransport final : public Transport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }

  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    Call& call = begin(request, deadline.at());
    const OnStop stop{call};
    const std::stop_callback<OnStop> on_stop(deadline.stop_token(), stop);
    co_await call.baton;
    if (call.cancelled) co_return fail(Errc::cancelled, "scripted");
    co_return HttpResponse(200, "application/json", call.answer);
  }

  std::size_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
  }
  std::string target(std::size_t number) { return at(number).target; }
  std::thread::id thread(std::size_t number) { return at(number).thread; }
  bool cancelled(std::size_t number) { return at(number).cancelled; }
  TimePoint deadline(std::size_t number) { return at(number).until; }

  /// Answers the call of that number, on this thread.
  void answer(std::size_t number, std::string body) {
    Call& call = at(number);
    call.answer = std::move(body);
    call.baton.pass();
  }

 private:
  struct Call {
    Call(std::string target, TimePoint until) : target(std::move(target)), until(until) {}
    const std::string target;
    const TimePoint until;
    const std::thread::id thread = std::this_thread::get_id();
    Baton baton = {};
    std::string answer = {};
    std::atomic<bool> cancelled = false;
  };
  struct OnStop {
    Call& call;
    void operator()() const {
      call.cancelled = true;
      call.baton.pass();
    }
  };

  Call& begin(const HttpRequest& request, TimePoint until) {
    const std::lock_guard lock(mutex_);
    return calls_.emplace_back(request.target, until);
  }
  Call& at(std::size_t number) {
    const std::lock_guard lock(mutex_);
    return calls_.at(number);
  }

  mutable std::mutex mutex_;
  std::deque<Call> calls_;
};

}  // namespace vx11::fakes
