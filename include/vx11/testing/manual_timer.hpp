#pragma once

/// \file
/// Timers for tests, in which no time passes.

#include <vx11/detail/sleep_queue.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/timer.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace testing {

/// Sleeps by turning the clock, at once, and remembers for how long. For tests of what waits in
/// sequence, such as `Retry`. Thread-safe.
class InstantTimer final : public Timer {
 public:
  explicit InstantTimer(ManualClock& clock) : clock_(clock) {}

  Task<bool> sleep(Duration time, std::stop_token stop) override {
    remember(time);
    if (stop.stop_requested()) co_return false;
    clock_.advance(time);
    co_return true;
  }

  /// Every sleep so far, in order.
  std::vector<Duration> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  void remember(Duration time) {
    const std::lock_guard lock(mutex_);
    sleeps_.push_back(time);
  }

  ManualClock& clock_;
  mutable std::mutex mutex_;
  std::vector<Duration> sleeps_;
};

/// Sleeps until the test has turned the clock far enough. For tests of what waits side by side,
/// such as `Hedge` and a bulkhead's queue. Thread-safe; sleepers go on on the thread that calls
/// `advance` or that fires their stop token.
class ManualTimer final : public Timer {
 public:
  explicit ManualTimer(ManualClock& clock) : clock_(clock) {}

  Task<bool> sleep(Duration time, std::stop_token stop) override {
    if (stop.stop_requested()) co_return false;
    const TimePoint until = Deadline::after(clock_.now(), time).at();
    detail::SleepQueue::Sleep asleep(queue_, until, std::move(stop));
    co_return co_await asleep;
  }

  /// WakeTrampoline the clock and wakes all who are due, the earliest first.
  void advance(Duration by) {
    clock_.advance(by);
    while (queue_.wake_one(clock_.now())) {
    }
  }
  std::size_t sleepers() const noexcept { return queue_.size(); }

 private:
  ManualClock& clock_;
  detail::SleepQueue queue_;
};

}  // namespace testing
}  // namespace v0
}  // namespace vx11
