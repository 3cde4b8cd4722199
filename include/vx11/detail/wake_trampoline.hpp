#pragma once

/// \file
/// Waking those who queued, without a stack as deep as the queue. Internal.

#include <vx11/detail/event_set.hpp>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// One who waits in a queue, in the frame of the coroutine that waits.
struct Turn {
  static constexpr Arrivals::Set kCome = 1;  ///< Happens when it is his turn.

  Arrivals arrivals = {};
  Turn* next = nullptr;
};

/// Wakes those whose turn has come.
///
/// One who is woken may be done at once and wake the next, who wakes the next. That nests only a
/// few deep on a thread; those beyond are woken once the others have returned, in order.
class Turns {
 public:
  /// Wakes `turn`, which nobody else knows of any more.
  static void give(Turn& turn) noexcept {
    thread_local Turns here;
    if (here.depth_ == kDeepest) return here.put_off(turn);
    here.wake(turn);
    while (here.depth_ == 0 && here.first_ != nullptr) here.wake(here.take_first());
  }

 private:
  static constexpr int kDeepest = 32;

  void wake(Turn& turn) noexcept {
    ++depth_;
    turn.arrivals.happen(Turn::kCome);
    --depth_;
  }
  void put_off(Turn& turn) noexcept {
    (first_ == nullptr ? first_ : last_->next) = &turn;
    last_ = &turn;
  }
  Turn& take_first() noexcept {
    Turn& turn = *first_;
    first_ = turn.next;
    return turn;
  }

  int depth_ = 0;
  Turn* first_ = nullptr;
  Turn* last_ = nullptr;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
