#pragma once

/// \file
/// `Deadline`: the time limit of a call and its cancellation token.

#include <vx11/clock.hpp>
#include <vx11/detail/requirements.hpp>

#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The time limit of a call and its cancellation token.
///
/// Combines a monotonic time point with a `std::stop_token`, so that every layer passes both on. A
/// default Deadline never expires. A value type; thread-safe to copy and read.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(TimePoint at, std::stop_token stop = {}) noexcept
      : at_(at), stop_(std::move(stop)) {}

  /// The deadline `limit` after `now`; never, if the sum overflows.
  static Deadline after(TimePoint now, Duration limit, std::stop_token stop = {}) noexcept {
    return Deadline(saturated_add(now, limit), std::move(stop));
  }

  TimePoint at() const noexcept { return at_; }
  bool never() const noexcept { return at_ == TimePoint::max(); }
  bool passed(TimePoint now) const noexcept { return now >= at_; }

  /// The time left at `now`; zero once passed.
  Duration remaining(TimePoint now) const noexcept { return time_left(at_, now); }

  /// The same stop token with the earlier of this deadline and `now + limit`.
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
