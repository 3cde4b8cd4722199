#pragma once

/// \file
/// `Timer`: how policies wait. A clock reads the time; a timer lets it pass.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/task.hpp>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Waits: the interface between the policies and the passing of time.
///
/// Like a `Transport`, a timer may block inside the coroutine or suspend; the awaiting code is the
/// same for both. On an event loop, derive from this class and use the loop's timers, so that calls
/// resume on the loop.
///
/// Implementations are thread-safe and outlive their sleeps.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;

  /// Waits for `time`; returns at once if it is zero or less, waits forever if `now + time`
  /// overflows.
  /// \return true after the full time, false as soon as `stop` fires
  virtual Task<bool> sleep(Duration time, std::stop_token stop) = 0;
};

/// Blocks the calling thread. For programs without an event loop. Not for `Hedge` or the queue of a
/// bulkhead, which must make progress during the wait, and never on an event loop.
class BlockingTimer final : public Timer {
 public:
  Task<bool> sleep(Duration time, std::stop_token stop) override {
    const TimePoint until = Deadline::after(SteadyClock().now(), time).at();
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, until, [] { return false; });
    co_return !stop.stop_requested();
  }
};

}  // namespace v0
}  // namespace vx11
