#pragma once

/// \file
/// Waiting for the first of several things to happen. Internal.

#include <vx11/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Up to 31 one-shot events, one bit each, that may happen on any thread; one coroutine waits for
/// the next. Events that happen before it waits are kept, and the thread that triggers an event
/// does not access this object afterwards.
class EventSet {
 public:
  using Set = std::uint32_t;
  /// Where a started task reports its end.
  struct EventSlot {
    EventSlot(EventSet& set, Set mine) noexcept : all(&set), bit(mine) {}
    EventSet* all;
    Set bit;
  };

  /// Starts `task`, whose end is the event `slot.bit`. Both outlive the event.
  template <class T>
  void start(Task<T>& task, EventSlot& slot) noexcept {
    if (TaskAccess::start(task, &ended, &slot)) happen(slot.bit);
  }

  /// Triggers the event and resumes the waiting coroutine, if any.
  void happen(Set bit) noexcept {
    Set word = word_.load(std::memory_order_acquire);
    while (!word_.compare_exchange_weak(word, (word | bit) & ~kWaiting, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
    }
    // Only the thread that has taken the mark off may read the handle: after any other event the
    // coroutine may be writing its next one, or be gone.
    if ((word & kWaiting) == 0) return;
    const std::coroutine_handle<> waiting = waiting_;
    waiting.resume();
  }

  Set so_far() const noexcept { return word_.load(std::memory_order_acquire) & ~kWaiting; }

  /// `co_await`: resumes once an event outside `known` has happened; returns all events so far.
  auto beyond(Set known) noexcept { return Beyond{*this, known}; }

 private:
  static constexpr Set kWaiting = Set{1} << 31U;

  struct Beyond {
    EventSet& all;
    Set known;
    bool await_ready() const noexcept { return all.so_far() != known; }
    bool await_suspend(std::coroutine_handle<> handle) noexcept {
      all.waiting_ = handle;
      Set expected = known;
      return all.word_.compare_exchange_strong(
          expected, known | kWaiting, std::memory_order_acq_rel, std::memory_order_acquire);
    }
    Set await_resume() const noexcept { return all.so_far(); }
  };

  static void ended(void* slot) {
    const auto [all, bit] = *static_cast<EventSlot*>(slot);
    all->happen(bit);
  }

  std::atomic<Set> word_{0};
  std::coroutine_handle<> waiting_ = nullptr;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
