#pragma once

/// \file
/// `Timer`: how the policies wait. Time is read from a clock; this is the other half, letting it
/// pass.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/task.hpp>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Waits: the one seam between the policies and the passing of time.
///
/// As with a `Transport`, a blocking timer does its waiting inside the coroutine and never
/// suspends, an event-driven one suspends, and whoever awaits it cannot tell. On an event loop,
/// derive from this and wait with the loop's own timers, so that calls go on where they began.
///
/// Implementations are thread-safe and outlive the sleeps they gave.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;

  /// Waits for `time`; not at all if it is zero or less, for ever if it is too long to add to now.
  /// \return true after the whole time, false as soon as `stop` fires
  virtual Task<bool> sleep(Duration time, std::stop_token stop) = 0;
};

/// Waits on the caller's own thread. For programs without an event loop: a retry that waits costs
/// nothing but the thread that waits anyway. Not for `Hedge` and not for a bulkhead's queue, where
/// something else is to happen meanwhile, and never on an event loop.
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
