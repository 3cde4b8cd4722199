#pragma once

/// \file
/// Clocks: monotonic for durations, wall-clock for dates; both injectable. All time is read here.

#include <vx11/detail/durations.hpp>
#include <vx11/export.hpp>

#include <concepts>

namespace vx11 {
inline namespace v0 {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// `now + limit`; `TimePoint::max()`, which means never, if the sum overflows.
constexpr TimePoint saturated_add(TimePoint now, Duration limit) noexcept {
  if (limit > Duration::zero() && now > TimePoint::max() - limit) return TimePoint::max();
  return now + limit;
}

/// The time from `now` to `until`: zero once passed, `Duration::max()` if `until` means never.
constexpr Duration time_left(TimePoint until, TimePoint now) noexcept {
  if (until == TimePoint::max()) return Duration::max();
  return until > now ? until - now : Duration::zero();
}

/// An injectable source of time, such as `testing::ManualClock`.
///
/// Implementations are thread-safe, their `now()` is monotonic, and they outlive their users.
class VX11_API TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual TimePoint now() const noexcept = 0;
  virtual WallTime wall_now() const noexcept = 0;
};

/// A clock that the policies accept: cheap to copy, monotonic, safe to read from any thread.
template <class C>
concept MonotonicClock = std::copyable<C> && requires(const C& clock) {
  { clock.now() }
  noexcept->std::convertible_to<TimePoint>;
};

/// The monotonic clock of the machine, or a `TimeSource` in tests.
///
/// Not affected by changes of the system time. A value type; copies read the same source.
/// Thread-safe.
class SteadyClock {
 public:
  constexpr SteadyClock() noexcept = default;
  /// Reads `source`, which must outlive every copy of this clock. Implicit, so that tests can pass
  /// a manual clock wherever a clock is expected.
  SteadyClock(const TimeSource& source) noexcept : source_(&source) {}

  TimePoint now() const noexcept {
    if (source_) return source_->now();
    return std::chrono::steady_clock::now();
  }

 private:
  const TimeSource* source_ = nullptr;
};

/// The wall clock: for timestamps, and for what depends on the date, such as schedules, budgets and
/// expiry. It may be set and jump: durations are measured by `SteadyClock`. Thread-safe.
class WallClock {
 public:
  constexpr WallClock() noexcept = default;
  WallClock(const TimeSource& source) noexcept : source_(&source) {}

  WallTime now() const noexcept {
    if (source_) return source_->wall_now();
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }

 private:
  const TimeSource* source_ = nullptr;
};

/// The wall clock of the machine in full resolution, for spans, which last microseconds.
inline std::chrono::time_point<std::chrono::system_clock, Duration> exact_wall_now() noexcept {
  return std::chrono::system_clock::now();
}

}  // namespace v0
}  // namespace vx11
