#pragma once

/// \file
/// `Notifier`: a coroutine waits until another thread has something for it.

#include <vx11/clock.hpp>
#include <vx11/task.hpp>
#include <vx11/timer.hpp>

#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Lets one coroutine sleep until it is notified: a binary semaphore, like Tokio's `Notify`.
///
/// For a stream that has nothing to send: what there is to send stands in a queue of its owner, and
/// who adds to it notifies.
///
/// ```cpp
/// vx11::Notifier notifier(vx11::make_net_timer());  // shared with who notifies
/// auto waiting = notifier.wait(15s, deadline.stop_token());
/// const bool notified = co_await std::move(waiting);
/// ```
/// The sleeper resumes where its timer resumes it: with `make_net_timer` on its event loop, from
/// whichever thread it is notified. A wait costs no thread and no polling; while it lasts, about a
/// kilobyte.
///
/// `notify` is **thread-safe**; `wait` is for one coroutine at a time. Outlives its waits.
class Notifier {
 public:
  explicit Notifier(std::shared_ptr<Timer> timer) noexcept : timer_(std::move(timer)) {}
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier() = default;

  /// Ends the wait. If there is none, the next one ends at once; several notifications before it
  /// count as one. A timer that resumes its sleepers in place, such as a manual one, resumes the
  /// waiting coroutine in this call: hold no lock.
  void notify() noexcept {
    std::stop_source sleep(std::nostopstate);
    {
      const std::lock_guard lock(mutex_);
      notified_ = true;
      sleep.swap(sleep_);
    }
    sleep.request_stop();
  }

  /// Waits for a notification, for `time` at most.
  /// \return true if there was one; false after `time`, or as soon as `stop` fires
  Task<bool> wait(Duration time, std::stop_token stop = {}) {
    const std::stop_source sleep = begin();
    {
      const std::stop_callback<Wake> on_stop(std::move(stop), Wake(sleep));
      Task<bool> sleeping = timer_->sleep(time, sleep.get_token());
      co_await std::move(sleeping);
    }
    co_return end();
  }

 private:
  class Wake {
   public:
    explicit Wake(std::stop_source sleep) noexcept : sleep_(std::move(sleep)) {}
    void operator()() noexcept { sleep_.request_stop(); }

   private:
    std::stop_source sleep_;
  };

  std::stop_source begin() {
    std::stop_source sleep;
    const std::lock_guard lock(mutex_);
    if (notified_) sleep.request_stop();
    sleep_ = sleep;
    return sleep;
  }
  bool end() noexcept {
    const std::lock_guard lock(mutex_);
    sleep_ = std::stop_source(std::nostopstate);
    return std::exchange(notified_, false);
  }

  const std::shared_ptr<Timer> timer_;
  std::mutex mutex_;
  bool notified_ = false;
  std::stop_source sleep_{std::nostopstate};  ///< Ends the current sleep.
};

}  // namespace v0
}  // namespace vx11
