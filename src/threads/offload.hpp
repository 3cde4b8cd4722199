#pragma once

/// \file
/// Leaving an event loop for work that blocks, and coming back. Internal.

#include <vx11/export.hpp>

#include <coroutine>

#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

/// A thread that must not be blocked and takes coroutines to go on with: an event loop.
class VX11_API Executor {
 public:
  virtual ~Executor() = default;
  /// Has `waiting` resumed on this thread. Called on any thread.
  virtual void resume(std::coroutine_handle<> waiting) = 0;

  /// The executor that the calling thread is, or null: then it may be blocked.
  static Executor* current() noexcept;

  /// While it lives, the calling thread is `executor`.
  class VX11_API ExecutorScope {
   public:
    explicit ExecutorScope(Executor& executor) noexcept;
    ~ExecutorScope();
    ExecutorScope(const ExecutorScope&) = delete;
    ExecutorScope& operator=(const ExecutorScope&) = delete;
  };
};

/// Takes a coroutine to a worker and executor again. On a thread that is nobody's executor it stays where
/// it is: whoever blocks on a task may as well do its work.
///
/// ```cpp
/// OffloadScope offload(workers);
/// co_await offload.to_worker();
/// const auto result = work_that_blocks();
/// co_await offload.to_executor();
/// ```
/// The workers and the executor outlive it.
class OffloadScope {
 public:
  explicit OffloadScope(Workers& workers) noexcept
      : workers_(workers), executor_(Executor::current()) {}

  auto to_worker() noexcept { return ToWorker{*this}; }
  auto to_executor() noexcept { return ToExecutor{*this}; }

 private:
  struct ToWorker {
    OffloadScope& offload;
    bool await_ready() const noexcept { return offload.executor_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      offload.workers_.run([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  struct ToExecutor {
    OffloadScope& offload;
    bool await_ready() const noexcept { return offload.executor_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      offload.executor_->resume(waiting);
    }
    void await_resume() const noexcept {}
  };

  Workers& workers_;
  Executor* executor_;
};

}  // namespace v0
}  // namespace vx11
