#pragma once

/// \file
/// Moves a coroutine off an event loop for blocking work, and back. Internal.

#include <vx11/export.hpp>

#include <coroutine>

#include "threads/job_queue.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

/// A thread that must not be blocked and that resumes coroutines: an event loop.
class VX11_API Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `job` on this executor's thread. Called on any thread.
  virtual void post(QueuedJob& job) noexcept = 0;
  /// The same for several, in their order, with one wake-up at most.
  virtual void post_all(JobQueue jobs) noexcept {
    while (QueuedJob* const job = jobs.pop()) post(*job);
  }

  /// The executor of the calling thread; null: the thread may be blocked.
  static Executor* current() noexcept;

  /// For its lifetime, the calling thread belongs to `executor`.
  class VX11_API ExecutorScope {
   public:
    explicit ExecutorScope(Executor& executor) noexcept;
    ~ExecutorScope();
    ExecutorScope(const ExecutorScope&) = delete;
    ExecutorScope& operator=(const ExecutorScope&) = delete;
  };
};

/// Moves a coroutine to a worker and back to its executor. On a thread without an executor it does
/// nothing: a thread that blocks on a task may do the blocking work itself.
///
/// ```cpp
/// OffloadScope offload(workers);
/// co_await offload.to_worker();
/// const auto result = work_that_blocks();
/// co_await offload.to_executor();
/// ```
/// The workers and the executor must outlive it.
class OffloadScope {
 public:
  explicit OffloadScope(Workers& workers) noexcept
      : workers_(workers), executor_(Executor::current()) {}

  auto to_worker() noexcept { return ToWorker{*this}; }
  auto to_executor() noexcept { return ToExecutor(executor_); }

 private:
  struct ToWorker {
    OffloadScope& offload;
    bool await_ready() const noexcept { return offload.executor_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      offload.workers_.run([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  class ToExecutor final : public ResumingJob {
   public:
    explicit ToExecutor(Executor* executor) noexcept : executor_(executor) {}
    bool await_ready() const noexcept { return executor_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept {
      waiting_ = waiting;
      executor_->post(*this);
    }

   private:
    Executor* executor_;
  };

  Workers& workers_;
  Executor* executor_;
};

}  // namespace v0
}  // namespace vx11
