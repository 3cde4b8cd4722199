#pragma once

/// \file
/// The windows of a breaker. Not thread-safe: the breaker locks. Internal.

#include <vx11/circuit_breaker/detail/fixed_array.hpp>
#include <vx11/circuit_breaker/detail/min_max.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/circuit_breaker/types.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// What a window stores per call.
struct CallOutcome {
  std::uint8_t failed = 0;  ///< 0 or 1
  std::uint8_t slow = 0;    ///< 0 or 1
};

inline void add(WindowFigures& to, const WindowFigures& more) noexcept {
  to.calls += more.calls;
  to.failures += more.failures;
  to.slow += more.slow;
}
inline void take(WindowFigures& from, const WindowFigures& away) noexcept {
  from.calls -= away.calls;
  from.failures -= away.failures;
  from.slow -= away.slow;
}

/// The last n calls: a ring of outcomes and their running sums, so the cost per call does not
/// depend on n.
class CountRing {
 public:
  explicit CountRing(std::uint32_t size) : outcomes_(size) {}

  void record(CallOutcome outcome) noexcept {
    CallOutcome& oldest = outcomes_[at_];
    if (sums_.calls == outcomes_.size()) {
      take(sums_, WindowFigures{1, oldest.failed, oldest.slow});
    }
    oldest = outcome;
    add(sums_, WindowFigures{1, outcome.failed, outcome.slow});
    if (++at_ == outcomes_.size()) at_ = 0;
  }
  const WindowFigures& figures() const noexcept { return sums_; }
  void clear() noexcept {
    sums_ = {};
    at_ = 0;
  }

 private:
  FixedArray<CallOutcome> outcomes_;
  std::size_t at_ = 0;
  WindowFigures sums_ = {};
};

/// The calls of the last time span: a ring of buckets and their running sums. The next call clears
/// expired buckets; a reader skips them.
class TimeRing {
 public:
  TimeRing(Duration span, std::uint32_t buckets, TimePoint start)
      : width_(greater(span / buckets, Duration(1))),
        start_(start),
        head_end_(start + width_),
        buckets_(buckets) {}

  /// If `now` is older than the newest bucket, because another thread took the lock first, the call
  /// counts in the newest bucket.
  void record(CallOutcome outcome, TimePoint now) noexcept {
    if (now >= head_end_) advance(now);
    const WindowFigures call{1, outcome.failed, outcome.slow};
    add(buckets_[head_ % buckets_.size()], call);
    add(sums_, call);
  }
  /// As of the newest call.
  const WindowFigures& figures() const noexcept { return sums_; }
  WindowFigures figures(TimePoint now) const noexcept {
    WindowFigures left = sums_;
    const std::uint64_t gone = overdue(now);
    for (std::uint64_t i = 1; i <= gone; ++i) take(left, buckets_[(head_ + i) % buckets_.size()]);
    return left;
  }
  void clear() noexcept {
    sums_ = {};
    for (WindowFigures& each : buckets_) each = {};
  }

 private:
  std::uint64_t tick(TimePoint now) const noexcept {
    return static_cast<std::uint64_t>((now - start_) / width_);
  }
  /// How many buckets, from the oldest on, have expired.
  std::uint64_t overdue(TimePoint now) const noexcept {
    if (now < head_end_) return 0;
    return smaller(tick(now) - head_, buckets_.size());
  }
  void advance(TimePoint now) noexcept {
    const std::uint64_t gone = overdue(now);
    for (std::uint64_t i = 1; i <= gone; ++i) {
      WindowFigures& bucket = buckets_[(head_ + i) % buckets_.size()];
      take(sums_, bucket);
      bucket = {};
    }
    head_ = tick(now);
    head_end_ = start_ + width_ * static_cast<Duration::rep>(head_ + 1);
  }

  Duration width_;
  TimePoint start_;
  TimePoint head_end_;  ///< Of the newest bucket: until then no division is needed.
  std::uint64_t head_ = 0;
  FixedArray<WindowFigures> buckets_;
  WindowFigures sums_ = {};
};

/// The slow-call limits, if configured.
inline std::optional<SlowCalls> slow_calls(const TripCondition& trip) noexcept {
  if (const auto* count = std::get_if<CountWindow>(&trip)) return count->slow;
  if (const auto* time = std::get_if<TimeWindow>(&trip)) return time->slow;
  return std::nullopt;
}

/// A window of either kind, or none, and the thresholds that open the circuit. A template for the
/// same reason as `CircuitCore`.
template <class Clock>
class Window {
 public:
  Window(const TripCondition& trip, TimePoint start) : slow_(slow_calls(trip)) {
    if (const auto* count = std::get_if<CountWindow>(&trip)) {
      by_count_.emplace(count->size);
      take_limits(*count);
    } else if (const auto* time = std::get_if<TimeWindow>(&trip)) {
      by_time_.emplace(time->span, time->buckets, start);
      take_limits(*time);
    }
  }

  bool by_time() const noexcept { return by_time_.has_value(); }
  bool slow(Duration taken) const noexcept { return slow_ && taken >= slow_->after; }

  /// Whether the next call is the first that may open the circuit. Among calls that succeed in time
  /// only that one can open it: any other leaves the rates unchanged or lower.
  bool completes_minimum() const noexcept {
    return by_count_ && by_count_->figures().calls + 1 == minimum_calls_;
  }
  /// Records a call.
  /// \return whether the threshold to open is reached.
  bool record(CallOutcome outcome, TimePoint now) noexcept {
    if (by_count_) {
      by_count_->record(outcome);
      return exceeded(by_count_->figures());
    }
    if (by_time_) {
      by_time_->record(outcome, now);
      return exceeded(by_time_->figures());
    }
    return false;
  }
  WindowFigures figures(TimePoint now) const noexcept {
    if (by_count_) return by_count_->figures();
    if (by_time_) return by_time_->figures(now);
    return {};
  }
  void clear() noexcept {
    if (by_count_) by_count_->clear();
    if (by_time_) by_time_->clear();
  }

 private:
  template <class Description>
  void take_limits(const Description& from) noexcept {
    minimum_calls_ = from.minimum_calls;
    failure_rate_ = from.failure_rate;
  }
  bool exceeded(const WindowFigures& seen) const noexcept {
    if (seen.calls < minimum_calls_) return false;
    return reaches(seen.failures, failure_rate_, seen.calls) ||
           (slow_ && reaches(seen.slow, slow_->rate, seen.calls));
  }
  static bool reaches(std::uint32_t part, double rate, std::uint32_t calls) noexcept {
    return part != 0 && static_cast<double>(part) >= rate * static_cast<double>(calls);
  }

  // At most one of them is set.
  std::optional<CountRing> by_count_;
  std::optional<TimeRing> by_time_;
  std::uint32_t minimum_calls_ = 1;
  double failure_rate_ = 1.0;
  std::optional<SlowCalls> slow_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
