#pragma once

/// \file
/// One event loop: its poller, timers, posted jobs and per-owner state. Internal.

#include <vx11/export.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "net/loop/poller.hpp"
#include "net/loop/timer_wheel.hpp"
#include "net/loop/turn_figures.hpp"
#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// All state of a loop is used by its own thread only; other threads post jobs.
class VX11_API Loop : public Executor {
 public:
  using Function = std::function<void()>;

  /// Throws `std::system_error` if the system is out of resources.
  Loop();
  /// Destroys the remaining state in order: pools close their connections; jobs posted by that
  /// still run.
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop of the calling thread, or null.
  static Loop* current() noexcept { return current_; }

  /// Runs until stopped. Call once.
  void run();
  /// Stops the loop. Thread-safe.
  void stop() noexcept;

  /// Queues `job`, to run on the loop's thread in the order of posting. Needs no memory.
  /// Thread-safe.
  void post(QueuedJob& job) noexcept override;
  void post_all(JobQueue jobs) noexcept override;
  /// The same for a function. Throws `std::bad_alloc` if it cannot be queued; so not for
  /// destructors, stop callbacks and other places that must not fail.
  void post(Function function);
  /// Queues `job` behind the sockets that are ready: only a few of these jobs run in each turn of
  /// the loop. For work that has had its share. Needs no memory. On the loop's thread only.
  void post_later(QueuedJob& job) noexcept { later_.push(job); }

  /// Calls `work` when `pause` has passed since the first event after the last call, and so at most
  /// once in that time. Ready sockets and posted jobs are events, timers alone are none: a loop
  /// without events is not woken for it. `work` must not throw. Call this before `run`.
  void call_after_work(Function work, Duration pause);

  /// A number that no other owner of state on loops has. Not an address, which may be reused later.
  static std::uint64_t new_owner() noexcept;
  /// The state of `owner` on this loop; created on first use, destroyed with the loop.
  template <class T, class... Args>
  T& local(std::uint64_t owner, Args&&... args) {
    std::shared_ptr<void>& kept = locals_[owner];
    if (!kept) kept = std::make_shared<T>(std::forward<Args>(args)...);
    return *static_cast<T*>(kept.get());
  }

  /// Whether the loop has stopped and only ends what is left: nothing may begin to wait, and timers
  /// fire before their time. On the loop's thread only.
  bool ending() const noexcept { return ending_; }

  TimerWheel timers;
  Poller poller;
  TurnFigures turns;  ///< May be read on any thread.

 private:
  /// Ends a wait. Edge-triggered, so what is written to it is never read.
  class Wakeup final : public Poller::Watcher {
   public:
    Wakeup();
    const socket_detail::Fd& descriptor() const noexcept { return event_; }
    void wake() const noexcept;
    void ready(std::uint32_t /*events*/) override {}

   private:
    socket_detail::Fd event_;
  };

  void note_work() noexcept;
  static void after_work(void* self);
  void run_posted();
  void run_later();
  bool has_jobs() const noexcept {
    return has_posted_.load(std::memory_order_relaxed) || !later_.empty();
  }
  void end_the_rest();

  static inline thread_local Loop* current_ = nullptr;
  Wakeup wakeup_;
  std::mutex mutex_;
  JobQueue posted_;                       ///< Guarded by `mutex_`.
  std::atomic<bool> has_posted_ = false;  ///< Whether there are any; set under `mutex_`.
  std::atomic<bool> stopped_ = false;
  JobQueue later_;
  bool ending_ = false;
  Function after_work_ = nullptr;  ///< Null: nothing to call.
  Duration pause_ = {};
  bool call_is_due_ = false;  ///< The timer is armed.
  WheelTimer after_work_timer_{timers, &Loop::after_work, this};
  std::map<std::uint64_t, std::shared_ptr<void>> locals_;
};

/// `co_await ResumeOn(loop)`: resumes on that loop's thread; does not suspend if already there.
class ResumeOn final : public ResumingJob {
 public:
  explicit ResumeOn(Loop& loop) noexcept : loop_(loop) {}
  bool await_ready() const noexcept { return Loop::current() == &loop_; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    loop_.post(*this);
  }

 private:
  Loop& loop_;
};

/// `co_await LaterTurn(loop)`, on that loop's thread: resumes after the sockets that are ready now
/// have been served.
class LaterTurn final : public ResumingJob {
 public:
  explicit LaterTurn(Loop& loop) noexcept : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    loop_.post_later(*this);
  }

 private:
  Loop& loop_;
};

/// A member function of a shared object as a job: keeps the object alive while it is queued.
template <class T, void (T::*kFunction)()>
class SharedJob final : public QueuedJob {
 public:
  /// For a job that is never queued twice at once.
  bool is_queued() const noexcept { return owner_ != nullptr; }
  /// To be called before it is queued.
  void keep(std::shared_ptr<T> owner) noexcept { owner_ = std::move(owner); }

 private:
  void run() override {
    const std::shared_ptr<T> owner = std::move(owner_);
    (owner.get()->*kFunction)();
  }
  void drop() noexcept override { const std::shared_ptr<T> owner = std::move(owner_); }

  std::shared_ptr<T> owner_ = nullptr;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
