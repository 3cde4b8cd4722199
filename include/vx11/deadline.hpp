#pragma once

/// \file
/// `Deadline`: the time by which a call has to end, and the wish that it end sooner.

#include <vx11/clock.hpp>

#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {

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
  Duration remaining(TimePoint now) const noexcept { return time_left(at_, now); }

  /// The same interest with the nearer of two ends: what is left, but at most `limit` from `now`.
  Deadline capped(TimePoint now, Duration limit) const noexcept {
    const TimePoint end = saturated_add(now, limit);
    return Deadline(end < at_ ? end : at_, stop_);
  }

  bool cancelled() const noexcept { return stop_.stop_requested(); }
  const std::stop_token& stop_token() const noexcept { return stop_; }

 private:
  TimePoint at_ = TimePoint::max();
  std::stop_token stop_ = {};
};

}  // namespace v0
}  // namespace vx11
