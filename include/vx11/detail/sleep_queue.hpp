#pragma once

/// \file
/// Coroutines that sleep until a point in time, woken by the thread that drives the queue.
/// Internal.

#include <vx11/clock.hpp>

#include <condition_variable>
#include <coroutine>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Sleepers, ordered by wake time. Thread-safe. Outlives its sleepers.
class SleepQueue {
 public:
  class Sleep;

  /// Resumes the earliest sleeper due at `now`, on this thread.
  /// \return whether there was one
  bool wake_one(TimePoint now) noexcept;

  /// When the earliest sleeper is due; `TimePoint::max()` if there is none.
  TimePoint next_due() const noexcept {
    const std::lock_guard lock(mutex_);
    return next_due_locked();
  }
  std::size_t size() const noexcept {
    const std::lock_guard lock(mutex_);
    return sleepers_.size();
  }

  /// Blocks until a sleeper is due by `clock`, or `close` was called.
  /// \return false once closed
  template <class Clock>
  bool wait(const Clock& clock) {
    std::unique_lock lock(mutex_);
    while (!closed_) {
      const TimePoint due = next_due_locked();
      if (due <= clock.now()) return true;
      if (due == TimePoint::max()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, due);
      }
    }
    return false;
  }
  void close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  using Sleepers = std::multimap<TimePoint, Sleep*>;

  TimePoint next_due_locked() const noexcept {
    return sleepers_.empty() ? TimePoint::max() : sleepers_.begin()->first;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Sleepers sleepers_;
  bool closed_ = false;
};

/// `co_await`: true once the time has passed, false if the stop token fired before.
class SleepQueue::Sleep {
 public:
  Sleep(SleepQueue& queue, TimePoint until, std::stop_token stop) noexcept
      : queue_(queue), until_(until), stop_(std::move(stop)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    // Registered before it is linked: a linked sleeper may be woken on another thread at any
    // moment.
    on_stop_.emplace(stop_, OnStop{this});
    const std::lock_guard lock(queue_.mutex_);
    if (stopped_) return false;
    place_ = queue_.sleepers_.emplace(until_, this);
    queue_.changed_.notify_all();
    return true;
  }
  bool await_resume() noexcept {
    on_stop_.reset();
    return !stopped_;
  }

 private:
  friend class SleepQueue;
  struct OnStop {
    Sleep* sleep;
    void operator()() const noexcept { sleep->stop(); }
  };

  void stop() noexcept {
    {
      const std::lock_guard lock(queue_.mutex_);
      if (woken_) return;
      stopped_ = true;
      if (!place_) return;  // not linked yet; await_suspend will see it
      queue_.sleepers_.erase(*place_);
    }
    handle_.resume();
  }

  SleepQueue& queue_;
  TimePoint until_;
  std::stop_token stop_;
  std::coroutine_handle<> handle_ = nullptr;
  std::optional<Sleepers::iterator> place_ = std::nullopt;
  bool woken_ = false;
  bool stopped_ = false;
  std::optional<std::stop_callback<OnStop>> on_stop_ = std::nullopt;
};

inline bool SleepQueue::wake_one(TimePoint now) noexcept {
  std::coroutine_handle<> handle = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (sleepers_.empty() || sleepers_.begin()->first > now) return false;
    Sleep& first = *sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    first.woken_ = true;
    handle = first.handle_;
  }
  handle.resume();
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
