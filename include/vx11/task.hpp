#pragma once

/// \file
/// `Task<T>`: the coroutine in which all logic that performs I/O is written, once, for blocking and
/// awaiting callers alike; `sync_wait` and `when_all`.
///
/// Why the start of a child is not a symmetric transfer: docs/design/task.md.

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

/// What every promise has: whom to wake when the coroutine has ended.
///
/// The one who starts the task and the task's end meet in `arrive`: whoever comes second acts. So a
/// child that ends before its parent has suspended never resumes it, the parent just goes on, and a
/// loop over tasks that are ready at once runs in constant stack at every optimisation level.
class PromiseBase {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return FinalAwaiter{}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Runs the coroutine until it ends or suspends.
  /// \return whether it has ended; if not, `wake(whom)` will be called once it has, perhaps on
  ///         another thread, perhaps before this returns.
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
      if (promise.arrive()) wake(whom);  // from here on the frame may be gone
    }
    void await_resume() const noexcept {}
  };

  /// \return whether the other was here before. Usually it is the same thread, which then sees so
  /// without an exchange.
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

/// For the library's own awaitables and drivers. Internal.
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

/// The result of a task that never was a coroutine.
template <class T>
using ReadyValue = std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>>;

}  // namespace detail

/// A lazy coroutine with a result of type `T`.
///
/// Nothing runs before it is awaited (`co_await std::move(task)`), given to `when_all` or to
/// `sync_wait`. It then runs on the caller's thread up to its first real suspension; what it waits
/// for decides where it goes on. One owner, one await; movable, not copyable. Not thread-safe in
/// itself; the hand-over between the thread that starts it and the one on which it ends is.
///
/// A function that has nothing to wait for need not be a coroutine to return a task: it returns the
/// value, which makes a task that is ready, without a frame. It has then done its work when called.
///
/// A task that was started must have ended before it is destroyed. An exception that leaves the
/// body is rethrown to whoever awaits it; the library's own tasks return `Result` and throw none.
///
/// Source of the idea: L. Baker, cppcoro's `task`; N4861 for the mechanism.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  /// A task that is ready. Implicit, so that a function may just return the value.
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
  /// Awaited where it stands, a task keeps its result and hands out a reference to it, which saves
  /// moving one that is large: `auto& reply = co_await asking;`
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
/// over a blocking transport, costs no synchronisation. Never call it on an event loop's own
/// thread.
template <class T>
T sync_wait(Task<T> task) {
  std::atomic<int> ended{0};
  const auto wake = [](void* flag) {
    // notify_one after the store could touch a flag that the waiter has already given up, so the
    // store is the last but one step and the waiter below waits for the last.
    auto& ended = *static_cast<std::atomic<int>*>(flag);
    ended.store(1, std::memory_order_release);
    ended.notify_one();
    ended.store(2, std::memory_order_release);
  };
  if (!detail::TaskAccess::start(task, wake, &ended)) {
    ended.wait(0, std::memory_order_acquire);
    while (ended.load(std::memory_order_acquire) != 2) {
    }
  }
  return detail::TaskAccess::take(task);
}

namespace detail {

/// Starts every task, resumes the parent when the last has ended.
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

/// Awaits all of `tasks` side by side and returns their results in order.
///
/// Side by side means that each is started before any is waited for; tasks that block run one after
/// the other, unless they first hop to a thread of their own. If some throw, the first in order is
/// rethrown after all have ended.
template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
  detail::AllAwaiter<T> all(tasks);
  co_await all;
  std::vector<T> results;
  results.reserve(tasks.size());
  for (Task<T>& task : tasks) results.push_back(detail::TaskAccess::take(task));
  co_return results;
}

/// Awaits all of `tasks` side by side.
inline Task<void> when_all(std::vector<Task<void>> tasks) {
  detail::AllAwaiter<void> all(tasks);
  co_await all;
  for (Task<void>& task : tasks) detail::TaskAccess::take(task);
}

}  // namespace v0
}  // namespace vx11
