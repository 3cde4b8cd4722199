#pragma once

/// \file
/// One event loop: what a thread waits for, does next and keeps for others. Internal.

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "net/loop/poller.hpp"
#include "net/loop/timer_wheel.hpp"
#include "threads/offload.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Everything in a loop is touched by the thread that runs it and by no other; what comes from
/// outside is posted.
class Loop : public Executor {
 public:
  using Job = std::function<void()>;

  /// Throws `std::system_error` if the system has no room for it.
  Loop();
  /// Lets what is left end in order: pools close their connections, and what that posts still runs.
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop that the calling thread runs, or null.
  static Loop* current() noexcept { return current_; }

  /// Runs until stopped; once.
  void run();
  /// On any thread.
  void stop() noexcept;

  /// Has the loop run `job` after what it is doing now, in the order of posting. On any thread.
  void post(Job job);
  void resume(std::coroutine_handle<> waiting) override;

  /// What `owner` keeps on this loop; made on first use, gone with the loop.
  template <class T, class... Args>
  T& local(std::uint64_t owner, Args&&... args) {
    std::shared_ptr<void>& kept = locals_[owner];
    if (!kept) kept = std::make_shared<T>(std::forward<Args>(args)...);
    return *static_cast<T*>(kept.get());
  }

  TimerWheel timers;
  Poller poller;
  /// For what would block the loop: resolving names.
  Workers& workers() noexcept { return workers_; }

 private:
  /// Only there to end a wait; nobody ever reads what was written to it, for an edge is enough.
  class Wakeup final : public Poller::Watcher {
   public:
    Wakeup();
    const socket_detail::Fd& descriptor() const noexcept { return event_; }
    void wake() const noexcept;
    void ready(std::uint32_t /*events*/) override {}

   private:
    socket_detail::Fd event_;
  };

  void run_posted();

  static inline thread_local Loop* current_ = nullptr;
  Wakeup wakeup_;
  std::mutex mutex_;
  std::vector<Job> posted_;               ///< Guarded by the mutex.
  std::atomic<bool> has_posted_ = false;  ///< Whether there are any; set with the mutex held.
  std::atomic<bool> stopped_ = false;
  std::map<std::uint64_t, std::shared_ptr<void>> locals_;
  /// Several, because a name server may be silent about one name. Last: it posts until it ends.
  Workers workers_{4};
};

/// `co_await ResumeOn(loop)`: goes on on that loop's thread; at once if it is there already.
class ResumeOn {
 public:
  explicit ResumeOn(Loop& loop) noexcept : loop_(loop) {}
  bool await_ready() const noexcept { return Loop::current() == &loop_; }
  void await_suspend(std::coroutine_handle<> waiting) const { loop_.resume(waiting); }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
