#pragma once

/// \file
/// Wakes queued coroutines without recursion as deep as the queue. Internal.

#include <vx11/detail/event_set.hpp>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// A coroutine that waits in a queue; lives in its frame.
struct Waiter {
  static constexpr EventSet::Set kWoken = 1;  ///< Happens when it is woken from the queue.

  EventSet events = {};
  Waiter* next = nullptr;
};

/// Wakes coroutines that have left a queue.
///
/// A woken coroutine may end at once and wake the next, which wakes the next. That nests only a few
/// levels per thread; further ones are woken in order once the others have returned.
class WakeTrampoline {
 public:
  /// Wakes `waiter`, which no queue refers to any more.
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
