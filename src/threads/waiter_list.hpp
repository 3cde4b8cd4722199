#pragma once

/// \file
/// A list of coroutines waiting for one shared value, each up to its own deadline. Internal.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>

#include <algorithm>
#include <coroutine>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Coroutines to resume once no lock is held.
using Callers = std::vector<std::coroutine_handle<>>;

/// Accesses only `callers`: a resumed coroutine may destroy the object it waited for.
inline void resume_all(const Callers& callers) {
  for (const std::coroutine_handle<> caller : callers) caller.resume();
}

/// One waiting coroutine; stored in its frame.
template <class T>
struct ValueWaiter {
  TimePoint until = TimePoint::max();  ///< When it stops waiting, on the machine's clock.
  std::coroutine_handle<> caller = nullptr;
  std::shared_ptr<const T> value = {};  ///< Set before it is resumed.
};

/// The waiting coroutines. Not thread-safe: guarded by its owner's mutex.
template <class T>
class WaiterList {
 public:
  using Value = std::shared_ptr<const T>;

  bool empty() const noexcept { return waiters_.empty(); }
  void join(ValueWaiter<T>& waiter) { waiters_.push_back(&waiter); }

  /// The earliest end of a wait; `max` if there is none.
  TimePoint next_deadline() const noexcept {
    TimePoint next = TimePoint::max();
    for (const ValueWaiter<T>* waiter : waiters_) next = std::min(next, waiter->until);
    return next;
  }

  /// Passes `value` to all waiters.
  /// \return the coroutines to resume
  Callers finish(const Value& value) {
    Callers callers;
    for (ValueWaiter<T>* waiter : waiters_) give(*waiter, value, callers);
    waiters_.clear();
    return callers;
  }

  /// Passes `make()` to the waiters whose wait has ended by `now`.
  /// \return the coroutines to resume
  template <class Make>
  Callers release_overdue(TimePoint now, Make make) {
    const auto overdue = std::stable_partition(
        waiters_.begin(), waiters_.end(), [=](const ValueWaiter<T>* w) { return w->until > now; });
    if (overdue == waiters_.end()) return {};
    const Value value = make();
    Callers callers;
    for (auto w = overdue; w != waiters_.end(); ++w) give(**w, value, callers);
    waiters_.erase(overdue, waiters_.end());
    return callers;
  }

 private:
  static void give(ValueWaiter<T>& waiter, const Value& value, Callers& callers) {
    waiter.value = value;
    callers.push_back(waiter.caller);
  }

  std::vector<ValueWaiter<T>*> waiters_;
};

/// `co_await`: suspends until `group` has its value, `deadline` has passed, or its stop token
/// fires.
///
/// `Owner` has `bool wait(Group&, ValueWaiter<T>&)`, which returns whether the coroutine stays
/// suspended, and `void stop_waiting(ValueWaiter<T>&)`, which the stop token calls and which has
/// the coroutine resumed on another thread; both lock its mutex. It outlives the wait, but not
/// necessarily the resumed coroutine.
template <class T, class Owner, class Group>
class WaitForValue {
 public:
  WaitForValue(Owner& owner, std::shared_ptr<Group> group, Deadline deadline, SteadyClock clock)
      : owner_(owner), group_(std::move(group)), deadline_(std::move(deadline)), clock_(clock) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    if (!deadline_.never()) {
      const Duration left = deadline_.remaining(clock_.now());
      waiter_.until = Deadline::after(SteadyClock().now(), left).at();
    }
    waiter_.caller = caller;
    on_stop_.emplace(deadline_.stop_token(), OnStop{owner_, waiter_});
    return owner_.wait(*group_, waiter_);
  }
  std::shared_ptr<const T> await_resume() noexcept { return std::move(waiter_.value); }

 private:
  struct OnStop {
    Owner& owner;
    ValueWaiter<T>& waiter;
    void operator()() const { owner.stop_waiting(waiter); }
  };

  Owner& owner_;
  const std::shared_ptr<Group> group_;
  const Deadline deadline_;
  const SteadyClock clock_;
  ValueWaiter<T> waiter_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

}  // namespace v0
}  // namespace vx11
