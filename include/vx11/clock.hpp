#pragma once

/// \file
/// Time: monotonic for every decision, wall-clock for display only, both injectable.

#include <vx11/detail/durations.hpp>
#include <vx11/export.hpp>

#include <concepts>

namespace vx11 {
inline namespace v0 {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// `limit` after `now`; `TimePoint::max()`, which never comes, where that is too far off to be
/// told.
constexpr TimePoint saturated_add(TimePoint now, Duration limit) noexcept {
  if (limit > Duration::zero() && now > TimePoint::max() - limit) return TimePoint::max();
  return now + limit;
}

/// What is left until `until` at `now`: nothing once it has come, `Duration::max()` if it never
/// does.
constexpr Duration time_left(TimePoint until, TimePoint now) noexcept {
  if (until == TimePoint::max()) return Duration::max();
  return until > now ? until - now : Duration::zero();
}

/// Where time comes from when it is not the machine's. `testing::ManualClock` is one.
///
/// Implementations are thread-safe, never run backwards in `now()`, and outlive what uses them.
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

/// The monotonic clock of the machine, or of a `TimeSource` in tests.
///
/// Unaffected by someone setting the time. A value type; copies read the same source. Thread-safe.
class SteadyClock {
 public:
  constexpr SteadyClock() noexcept = default;
  /// Reads `source`, which must outlive every copy of this clock. Implicit, so that a test hands
  /// its manual clock wherever a clock is wanted.
  SteadyClock(const TimeSource& source) noexcept : source_(&source) {}

  TimePoint now() const noexcept {
    return source_ ? source_->now() : TimePoint(std::chrono::steady_clock::now());
  }

 private:
  const TimeSource* source_ = nullptr;
};

/// The time of day, for timestamps that people read. Never used to decide anything. Thread-safe.
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

}  // namespace v0
}  // namespace vx11
