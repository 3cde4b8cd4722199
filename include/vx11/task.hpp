#pragma once

/// \file
/// `Task<T>`: the coroutine type of all code that performs I/O, for blocking and awaiting callers;
/// `sync_wait` and `when_all`.
///
/// Why starting a child is not a symmetric transfer: docs/design/task.md.

#include <atomic>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace vx11 {
inline namespace v0 {

template <class T = void>
class Task;

namespace detail {

/// The common part of every promise: which callback to run when the coroutine has ended.
///
/// The starter and the end of the task synchronise in `arrive`; the second to arrive acts. A child
/// that ends before its parent has suspended therefore never resumes it: the parent continues
/// directly, and a loop over tasks that are ready at once runs in constant stack at every
/// optimisation level.
class PromiseBase {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return FinalAwaiter{}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Runs the coroutine until it ends or suspends.
  /// \return whether it has ended; if not, `wake(whom)` is called once it has, perhaps on another
  ///         thread, perhaps before this returns.
  bool start(std::coroutine_handle<> self, void (*wake)(void*), void* whom) noexcept {
    wake_ = wake;
    whom_ = whom;
    self.resume();
    return arrive();
  }

 protected:
  void rethrow_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      PromiseBase& promise = ended.promise();
      void (*const wake)(void*) = promise.wake_;
      void* const whom = promise.whom_;
      if (promise.arrive()) wake(whom);  // the frame may be destroyed from here on
    }
    void await_resume() const noexcept {}
  };

  /// \return whether the other side arrived first. Usually it is the same thread, which then sees
  ///         this without an atomic exchange.
  bool arrive() noexcept {
    return met_.load(std::memory_order_acquire) || met_.exchange(true, std::memory_order_acq_rel);
  }

  void (*wake_)(void*) = nullptr;
  void* whom_ = nullptr;
  std::exception_ptr failure_ = nullptr;
  std::atomic<bool> met_{false};
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
  requires std::convertible_to<U, T>
  void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
  T& result() {
    rethrow_failure();
    return *value_;
  }

 private:
  std::optional<T> value_ = std::nullopt;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void result() { rethrow_failure(); }
};

inline void resume_coroutine(void* address) {
  std::coroutine_handle<>::from_address(address).resume();
}

/// For the library's awaitables and drivers. Internal.
struct TaskAccess {
  /// Runs the task until it ends or suspends.
  /// \return whether it has ended. If not, `wake(whom)` is called exactly once when it has.
  template <class T>
  static bool start(Task<T>& task, void (*wake)(void*), void* whom) noexcept {
    return task.start(wake, whom);
  }
  /// The result, once the task has ended. Call it once.
  template <class T>
  static T take(Task<T>& task) {
    return task.take();
  }
};

/// The result of a task that is not a coroutine.
template <class T>
using ReadyValue = std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>>;

}  // namespace detail

/// A lazy coroutine with a result of type `T`.
///
/// Starts when awaited (`co_await std::move(task)`) or passed to `when_all` or `sync_wait`. It runs
/// on the caller's thread up to its first suspension; the awaited operation decides on which thread
/// it resumes. One owner, one await; movable, not copyable. Not thread-safe; only the hand-over
/// between the starting thread and the one on which it ends is synchronised.
///
/// A function that does not wait need not be a coroutine to return a task: returning the value
/// makes a ready task, without a frame. Such a function does its work when called.
///
/// A started task must have ended before it is destroyed. An exception that leaves the body is
/// rethrown to the awaiting coroutine; the library's own tasks return `Result` and do not throw.
///
/// Based on L. Baker, cppcoro's `task`; N4861 for the mechanism.
template <class T>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a task returns a value: T*, std::reference_wrapper<T>");

 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  /// A ready task. Implicit, so that a function can return the value.
  template <class U>
  requires std::convertible_to<U, T> Task(U&& value)
      : ready_(std::in_place, std::forward<U>(value)) {}
  Task(Task&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), ready_(std::move(other.ready_)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
      ready_ = std::move(other.ready_);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept { return Taking(*this); }
  /// Awaiting an lvalue keeps the result in the task and returns a reference to it, which avoids
  /// moving a large result: `auto& reply = co_await asking;`
  auto operator co_await() & noexcept { return Lending(*this); }

 private:
  friend struct detail::TaskAccess;

  bool start(void (*wake)(void*), void* whom) noexcept {
    return !handle_ || handle_.promise().start(handle_, wake, whom);
  }
  T take() {
    if constexpr (std::is_void_v<T>) {
      result();
    } else {
      return std::move(result());
    }
  }
  decltype(auto) result() {
    if constexpr (std::is_void_v<T>) {
      handle_.promise().result();
    } else {
      return handle_ ? handle_.promise().result() : *ready_;
    }
  }

  class Awaiter {
   public:
    explicit Awaiter(Task& task) noexcept : task_(task) {}
    bool await_ready() const noexcept { return !task_.handle_; }
    bool await_suspend(std::coroutine_handle<> parent) noexcept {
      return !task_.start(&detail::resume_coroutine, parent.address());
    }

   protected:
    Task& task_;
  };
  struct Taking : Awaiter {
    using Awaiter::Awaiter;
    T await_resume() { return this->task_.take(); }
  };
  struct Lending : Awaiter {
    using Awaiter::Awaiter;
    decltype(auto) await_resume() { return this->task_.result(); }
  };

  std::coroutine_handle<promise_type> handle_ = nullptr;  ///< Null if it is ready.
  [[no_unique_address]] detail::ReadyValue<T> ready_ = {};
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// Runs `task` and blocks the calling thread until it has ended. A task that never suspends, as
/// over a blocking transport, needs no synchronisation. Never call it on the thread of an event
/// loop.
template <class T>
T sync_wait(Task<T> task) {
  std::atomic<int> ended{0};
  const auto wake = [](void* flag) {
    // The waiter must not destroy the flag between the store of 1 and notify_one, so it waits for
    // the store of 2.
    auto& stored = *static_cast<std::atomic<int>*>(flag);
    stored.store(1, std::memory_order_release);
    stored.notify_one();
    stored.store(2, std::memory_order_release);
  };
  if (!detail::TaskAccess::start(task, wake, &ended)) {
    ended.wait(0, std::memory_order_acquire);
    while (ended.load(std::memory_order_acquire) != 2) {
    }
  }
  return detail::TaskAccess::take(task);
}

namespace detail {

/// Starts every task and resumes the parent when the last has ended.
template <class T>
class AllAwaiter {
 public:
  explicit AllAwaiter(std::vector<Task<T>>& tasks) noexcept : tasks_(tasks) {}

  bool await_ready() const noexcept { return tasks_.empty(); }
  bool await_suspend(std::coroutine_handle<> parent) noexcept {
    parent_ = parent;
    left_.store(tasks_.size() + 1, std::memory_order_relaxed);  // one for this loop itself
    for (Task<T>& task : tasks_) {
      if (TaskAccess::start(task, &one_ended, this)) left_.fetch_sub(1, std::memory_order_acq_rel);
    }
    return left_.fetch_sub(1, std::memory_order_acq_rel) != 1;
  }
  void await_resume() const noexcept {}

 private:
  static void one_ended(void* self) {
    auto* all = static_cast<AllAwaiter*>(self);
    if (all->left_.fetch_sub(1, std::memory_order_acq_rel) == 1) all->parent_.resume();
  }

  std::vector<Task<T>>& tasks_;
  std::coroutine_handle<> parent_ = nullptr;
  std::atomic<std::size_t> left_{0};
};

}  // namespace detail

/// Awaits all of `tasks` concurrently and returns their results in order.
///
/// All tasks are started before any is awaited; tasks that block run one after the other, unless
/// they first move to another thread. If several throw, the first in order is rethrown after all
/// have ended.
template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
  detail::AllAwaiter<T> all(tasks);
  co_await all;
  std::vector<T> results;
  results.reserve(tasks.size());
  for (Task<T>& task : tasks) results.push_back(detail::TaskAccess::take(task));
  co_return results;
}

/// Awaits all of `tasks` concurrently.
inline Task<void> when_all(std::vector<Task<void>> tasks) {
  detail::AllAwaiter<void> all(tasks);
  co_await all;
  for (Task<void>& task : tasks) detail::TaskAccess::take(task);
}

}  // namespace v0
}  // namespace vx11
