#pragma once

/// \file
/// A transport that returns scripted responses and records the requests.

#include <vx11/testing/manual_clock.hpp>
#include <vx11/transport.hpp>

#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace testing {

/// Returns the responses in order and repeats the last one. Without any it returns `unreachable`.
///
/// Thread-safe. With a clock, a response can take time: the clock advances by that much, at most to
/// the call's deadline, where the result becomes a `timeout`.
class ScriptedTransport final : public Transport {
 public:
  ScriptedTransport() = default;
  explicit ScriptedTransport(ManualClock& clock) : clock_(&clock) {}

  /// Adds a response that takes `elapsed` of the manual clock's time.
  ScriptedTransport& then(Result<HttpResponse> answer, Duration elapsed = Duration::zero()) {
    const std::lock_guard lock(mutex_);
    script_.emplace_back(std::move(answer), elapsed);
    return *this;
  }
  /// Adds a 200 with a JSON body.
  ScriptedTransport& then_json(std::string body) {
    return then(HttpResponse(200, "application/json", std::move(body)));
  }
  /// Adds a failure.
  ScriptedTransport& then_fail(Errc code) { return then(fail(code, "scripted")); }

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    auto [answer, elapsed] = next(request);
    if (deadline.cancelled()) co_return fail(Errc::cancelled, "scripted");
    if (clock_ != nullptr) {
      const Duration left = deadline.remaining(clock_->now());
      clock_->advance(elapsed < left ? elapsed : left);
      if (elapsed >= left) co_return fail(Errc::timeout, "scripted");
    }
    co_return std::move(answer);
  }

  /// Every request so far, in order of arrival.
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t calls() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }

 private:
  using Line = std::pair<Result<HttpResponse>, Duration>;

  Line next(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (script_.empty()) return Line(fail(Errc::unreachable, "scripted"), Duration::zero());
    Line line = script_.front();
    if (script_.size() > 1) script_.pop_front();
    return line;
  }

  ManualClock* clock_ = nullptr;
  mutable std::mutex mutex_;
  std::deque<Line> script_;
  std::vector<HttpRequest> requests_;
};

}  // namespace testing
}  // namespace v0
}  // namespace vx11
