#pragma once

/// \file
/// Waking those who queued, without a stack as deep as the queue. Internal.

#include <vx11/detail/event_set.hpp>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// One who waits in a queue, in the frame of the coroutine that waits.
struct Waiter {
  static constexpr EventSet::Set kWoken = 1;  ///< Happens when it is his waiter.

  EventSet events = {};
  Waiter* next = nullptr;
};

/// Wakes those whose waiter has come.
///
/// One who is woken may be done at once and wake the next, who wakes the next. That nests only a
/// few deep on a thread; those beyond are woken once the others have returned, in order.
class WakeTrampoline {
 public:
  /// Wakes `waiter`, which nobody else knows of any more.
  static void wake(Waiter& waiter) noexcept {
    thread_local WakeTrampoline here;
    if (here.depth_ == kDeepest) return here.put_off(waiter);
    here.wake_now(waiter);
    while (here.depth_ == 0 && here.first_ != nullptr) here.wake_now(here.take_first());
  }

 private:
  static constexpr int kDeepest = 32;

  void wake_now(Waiter& waiter) noexcept {
    ++depth_;
    waiter.events.happen(Waiter::kWoken);
    --depth_;
  }
  void put_off(Waiter& waiter) noexcept {
    (first_ == nullptr ? first_ : last_->next) = &waiter;
    last_ = &waiter;
  }
  Waiter& take_first() noexcept {
    Waiter& waiter = *first_;
    first_ = waiter.next;
    return waiter;
  }

  int depth_ = 0;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
