#include "net/loop/timer_wheel.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// The coarse clock advances with the kernel's tick, at least every 10 ms.
TimePoint TimerWheel::in(Duration limit) noexcept {
  timespec noted{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &noted);
  const TimePoint now(std::chrono::seconds(noted.tv_sec) + std::chrono::nanoseconds(noted.tv_nsec));
  return saturated_add(now + kTick, limit);
}

void WheelTimer::arm(TimePoint at) noexcept {
  at_ = at;
  if (at >= slot_at_ || at == TimePoint::max()) return;
  unlink();
  wheel_.link(*this);
}

void WheelTimer::unlink() noexcept {
  if (slot_at_ == TimePoint::max()) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    const auto slot = static_cast<std::size_t>(TimerWheel::tick_of(slot_at_)) % TimerWheel::kSlots;
    wheel_.slots_[slot] = next_;
  }
  previous_ = next_ = nullptr;
  slot_at_ = TimePoint::max();
  --wheel_.linked_;
}

void TimerWheel::link(WheelTimer& timer) noexcept {
  if (linked_ == 0) done_ = tick_of(now());
  // Rounded up, so that it never fires early; at most one revolution ahead, where it is checked
  // again.
  const long long tick =
      std::clamp(tick_of(timer.at_) + 1, done_ + 1, done_ + static_cast<long long>(kSlots) - 1);
  timer.slot_at_ = TimePoint(kTick * tick);
  WheelTimer*& head = slots_[static_cast<std::size_t>(tick) % kSlots];
  timer.next_ = head;
  if (head != nullptr) head->previous_ = &timer;
  head = &timer;
  ++linked_;
  next_ = std::min(next_, tick);
}

int TimerWheel::wait_at_most() const noexcept {
  if (next_ == kNever) return -1;
  const Duration left = TimePoint(kTick * next_) - now();
  return static_cast<int>(
      std::max(std::chrono::ceil<std::chrono::milliseconds>(left).count(), std::int64_t{0}));
}

void TimerWheel::fire_due() {
  if (next_ == kNever) return;
  const TimePoint time = now();
  const long long due = tick_of(time);
  if (due < next_) return;
  // After a stall of more than a revolution each slot is processed once.
  done_ = std::max(next_ - 1, due - static_cast<long long>(kSlots));
  while (done_ < due) turn(static_cast<std::size_t>(++done_) % kSlots, time);
  next_ = next_occupied();
}

/// Firing may arm timers again, hence several rounds; what is still armed after the last stays
/// unfired.
void TimerWheel::fire_all() {
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds && linked_ != 0; ++round) {
    for (std::size_t slot = 0; slot < kSlots; ++slot) turn(slot, TimePoint::max());
  }
}

long long TimerWheel::next_occupied() const noexcept {
  if (linked_ == 0) return kNever;
  long long tick = done_ + 1;
  while (slots_[static_cast<std::size_t>(tick) % kSlots] == nullptr) ++tick;
  return tick;
}

void TimerWheel::turn(std::size_t slot, TimePoint time) {
  // A firing timer may arm or destroy any other, so the head is read again each time. Timers that
  // are not due are linked to a later slot, never to the current one.
  while (WheelTimer* timer = slots_[slot]) {
    timer->unlink();
    if (timer->at_ == TimePoint::max()) continue;
    if (timer->at_ > time) {
      link(*timer);
      continue;
    }
    timer->at_ = TimePoint::max();
    timer->fire_(timer->whom_);
  }
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
