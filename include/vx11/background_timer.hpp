#pragma once

/// \file
/// `BackgroundTimer`: a timer with its own thread, for programs without an event loop.

#include <vx11/detail/sleep_queue.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Wakes sleepers on one thread, which the first sleep starts.
///
/// A sleeper resumes **on that thread** and runs there up to its next suspension, while all others
/// wait: suitable for calls that suspend, not for calls that block. A program with an event loop
/// derives its own `Timer` from that loop. **Thread-safe.** Outlives its sleeps; may be destroyed
/// by a sleeper that it has just woken.
class BackgroundTimer final : public Timer {
 public:
  BackgroundTimer() = default;
  ~BackgroundTimer() override {
    queue_->close();
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();  // the thread keeps the queue
    } else {
      thread_.join();
    }
  }

  Task<bool> sleep(Duration time, std::stop_token stop) override {
    if (stop.stop_requested()) co_return false;
    if (time <= Duration::zero()) co_return true;
    start_once();
    const TimePoint until = Deadline::after(SteadyClock().now(), time).at();
    detail::SleepQueue::Sleep asleep(*queue_, until, std::move(stop));
    co_return co_await asleep;
  }

 private:
  using Queue = std::shared_ptr<detail::SleepQueue>;

  // No std::call_once: after a function that threw, C libraries other than glibc leave every later
  // call waiting.
  void start_once() {
    if (started_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(starting_);
    if (thread_.joinable()) return;
    thread_ = std::thread(&BackgroundTimer::run, queue_);
    started_.store(true, std::memory_order_release);
  }
  static void run(Queue queue) {
    while (queue->wait(SteadyClock())) queue->wake_one(SteadyClock().now());
  }

  const Queue queue_ = std::make_shared<detail::SleepQueue>();
  std::mutex starting_;
  std::atomic<bool> started_ = false;
  std::thread thread_;
};

/// The shared timer used when none is given. Lives as long as anything holds it, at least until the
/// program's static objects are destroyed.
inline std::shared_ptr<Timer> background_timer() {
  static const auto shared = std::make_shared<BackgroundTimer>();
  return shared;
}

}  // namespace v0
}  // namespace vx11
