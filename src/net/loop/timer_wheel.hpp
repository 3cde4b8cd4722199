#pragma once

/// \file
/// Many deadlines, one timer: hashed timing wheel (Varghese and Lauck, 1987, scheme 6). Internal.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <limits>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class TimerWheel;

/// A deadline embedded in its owner. Fires at most one tick late, never early. Disarmed on
/// destruction. Belongs to one loop's thread.
class VX11_API WheelTimer {
 public:
  using Fire = void (*)(void* whom);
  WheelTimer(TimerWheel& wheel, Fire fire, void* whom) noexcept
      : wheel_(wheel), fire_(fire), whom_(whom) {}
  WheelTimer(const WheelTimer&) = delete;
  WheelTimer& operator=(const WheelTimer&) = delete;
  ~WheelTimer() { unlink(); }

  /// Moves the deadline. Usually only a store: a timer linked in an earlier slot stays there and is
  /// moved when that slot is processed.
  void arm(TimePoint at) noexcept;
  void disarm() noexcept { at_ = TimePoint::max(); }

 private:
  friend class TimerWheel;
  void unlink() noexcept;

  TimerWheel& wheel_;
  Fire fire_;
  void* whom_;
  TimePoint at_ = TimePoint::max();
  TimePoint slot_at_ = TimePoint::max();  ///< The time of its slot; max: not linked.
  WheelTimer* previous_ = nullptr;
  WheelTimer* next_ = nullptr;
};

/// The loop asks for the longest wait, then fires due timers. Empty slots cause no wake-up.
class VX11_API TimerWheel {
 public:
  TimerWheel() = default;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  static TimePoint now() noexcept { return SteadyClock().now(); }
  /// The time `limit` from now, from a clock that is one tick coarser and three times as fast to
  /// read; never too early. For limits, of which each request has several.
  static TimePoint in(Duration limit) noexcept;
  /// Exact; reads the exact clock only if `at` is near or past.
  static bool has_passed(TimePoint at) noexcept {
    return at <= in(Duration::zero()) && at <= now();
  }

  /// In milliseconds, rounded up; negative: no limit.
  int wait_at_most() const noexcept;
  void fire_due();
  /// Fires all armed timers regardless of their time: for the end of a loop, after which none could
  /// fire.
  void fire_all();
  /// Whether any timer may be armed.
  bool any() const noexcept { return linked_ != 0; }

 private:
  friend class WheelTimer;
  static constexpr Duration kTick = std::chrono::milliseconds(10);
  static constexpr std::size_t kSlots = 1024;

  void link(WheelTimer& timer) noexcept;
  void turn(std::size_t slot, TimePoint now);
  long long next_occupied() const noexcept;
  static long long tick_of(TimePoint at) noexcept { return at.time_since_epoch() / kTick; }

  static constexpr long long kNever = std::numeric_limits<long long>::max();

  std::array<WheelTimer*, kSlots> slots_{};
  std::size_t linked_ = 0;
  long long done_ = 0;       ///< All slots up to this tick are empty.
  long long next_ = kNever;  ///< Also empty before this tick; the one to wait for.
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
