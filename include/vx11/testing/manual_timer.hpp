#pragma once

/// \file
/// Timers for tests, driven by a manual clock.

#include <vx11/detail/sleep_queue.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/timer.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace testing {

/// Sleeps by advancing the clock at once, and records the duration. For tests of sequential waits,
/// such as those of `Retry`. Thread-safe.
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

/// Sleeps until the test has advanced the clock far enough. For tests of concurrent waits, such as
/// those of `Hedge` and the queue of a bulkhead. Thread-safe; a sleeper resumes on the thread that
/// calls `advance` or fires its stop token.
class ManualTimer final : public Timer {
 public:
  explicit ManualTimer(ManualClock& clock) : clock_(clock) {}

  Task<bool> sleep(Duration time, std::stop_token stop) override {
    if (stop.stop_requested()) co_return false;
    const TimePoint until = Deadline::after(clock_.now(), time).at();
    detail::SleepQueue::Sleep asleep(queue_, until, std::move(stop));
    co_return co_await asleep;
  }

  /// Advances the clock and wakes all sleepers that are due, the earliest first.
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
