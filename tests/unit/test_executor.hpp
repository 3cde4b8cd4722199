#pragma once

/// \file
/// An event loop that a test turns itself, and tasks that run on it.

#include <vx11/task.hpp>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "threads/offload.hpp"

/// Resumes posted coroutines on the thread that calls `run_one`.
class TestExecutor final : public vx11::Executor {
 public:
  void post(vx11::QueuedJob& job) noexcept override {
    const std::lock_guard lock(mutex_);
    posted_.push(job);
    changed_.notify_one();
  }
  /// Waits for the next coroutine that is posted, and resumes it.
  void run_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !posted_.empty(); });
    vx11::QueuedJob* const next = posted_.pop();
    lock.unlock();
    next->run();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  vx11::JobQueue posted_;
};

/// Starts a task and runs it detached to its end.
template <class T>
struct Running {
  struct promise_type {
    Running get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
template <class T>
Running<T> start(vx11::Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}
