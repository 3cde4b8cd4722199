#pragma once

/// \file
/// Time: monotonic for every decision, wall-clock for display only, both injectable.

#include <vx11/export.hpp>

#include <chrono>
#include <concepts>
#include <stop_token>
#include <utility>

namespace vx11::inline v0 {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

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

/// How long a call may take, and whether anyone still waits for it.
///
/// A point in monotonic time plus a `std::stop_token`: the two reasons for which work ends early
/// travel together, so that no layer can pass on one and forget the other. A default Deadline never
/// ends. A value type; thread-safe to copy and read.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(TimePoint at, std::stop_token stop = {}) noexcept
      : at_(at), stop_(std::move(stop)) {}

  /// The deadline `limit` after `now`. A limit too large to add means never.
  static Deadline after(TimePoint now, Duration limit, std::stop_token stop = {}) noexcept {
    return Deadline(saturated_add(now, limit), std::move(stop));
  }

  TimePoint at() const noexcept { return at_; }
  bool never() const noexcept { return at_ == TimePoint::max(); }
  bool passed(TimePoint now) const noexcept { return now >= at_; }

  /// What is left at `now`; zero once passed.
  Duration remaining(TimePoint now) const noexcept {
    if (never()) return Duration::max();
    return at_ > now ? at_ - now : Duration::zero();
  }

  /// The same interest with the nearer of two ends: what is left, but at most `limit` from `now`.
  Deadline capped(TimePoint now, Duration limit) const noexcept {
    const TimePoint end = saturated_add(now, limit);
    return Deadline(end < at_ ? end : at_, stop_);
  }

  bool cancelled() const noexcept { return stop_.stop_requested(); }
  const std::stop_token& stop_token() const noexcept { return stop_; }

 private:
  static TimePoint saturated_add(TimePoint now, Duration limit) noexcept {
    if (limit > Duration::zero() && now > TimePoint::max() - limit) return TimePoint::max();
    return now + limit;
  }

  TimePoint at_ = TimePoint::max();
  std::stop_token stop_ = {};
};

}  // namespace vx11::inline v0
