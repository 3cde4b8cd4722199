#pragma once

/// \file
/// `RateLimiter`: a number of calls per period, evenly spaced, with a burst.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/policy.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a rate. `validate` reports values out of range; the constructor clamps them to the
/// nearest valid value.
struct RateLimiterOptions {
  /// Calls per `period`; at least 1. The interval between two is rounded down to whole nanoseconds:
  /// exact if the division is, otherwise at most a thousandth too fast at a million calls a second.
  std::uint32_t calls = 10;
  Duration period = std::chrono::seconds(1);
  /// How many calls may arrive at once after a pause; at least 1, which spaces all calls evenly. A
  /// larger burst does not raise the long-term rate.
  std::uint32_t burst = 1;
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `rate_limiter_rejected`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

namespace detail {
inline void check(Mistakes& mistakes, const RateLimiterOptions& options) {
  mistakes.require(options.calls >= 1, "calls", "at least 1");
  mistakes.require(options.period > Duration::zero(), "period", "above 0");
  mistakes.require(options.burst >= 1, "burst", "at least 1");
}
}  // namespace detail

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const RateLimiterOptions& options) {
  detail::Mistakes mistakes;
  detail::check(mistakes, options);
  return std::move(mistakes).result();
}

namespace detail {

/// The generic cell rate algorithm as virtual scheduling (ATM Forum, Traffic Management 4.0; ITU-T
/// I.371). The only state is the theoretical arrival time of the next call. An arrival time in the
/// past is equivalent to none.
class Gcra {
 public:
  using Instant = Duration::rep;  ///< Nanoseconds of the monotonic clock.
  static constexpr Instant kIdle = 0;

  explicit Gcra(const RateLimiterOptions& options) noexcept
      : Gcra(options.calls, options.period, options.burst) {}
  Gcra(std::uint32_t calls, Duration period, std::uint32_t burst) noexcept
      : interval_(std::clamp<Instant>(period.count() / std::max(calls, 1U), 1, kMost)),
        tolerance_(times(interval_, std::max(burst, 1U) - 1)) {}

  /// The decision on a call that costs `cost` at `now`.
  struct Decision {
    Instant next;       ///< The arrival time to store, if admitted.
    Duration too_soon;  ///< Zero: admitted.
  };
  Decision decide(Instant arrival, Instant now, std::uint32_t cost) const noexcept {
    const Instant weight = times(interval_, cost);
    if (cost != 0 && weight - interval_ > tolerance_) return {arrival, Duration::max()};
    const Instant next = plus(std::max(arrival, now), weight);
    const Instant earliest = next - interval_ - tolerance_;
    if (cost != 0 && earliest > now) return {arrival, Duration(earliest - now)};
    return {next, Duration::zero()};
  }
  /// How long a call that costs one has to wait at `now`; zero: it would be admitted.
  Duration wait(Instant arrival, Instant now) const noexcept {
    return decide(arrival, now, 1).too_soon;
  }
  /// The arrival time after `cost` that is charged in any case. What exceeds the burst is a debt:
  /// calls wait until it is paid.
  Instant charged(Instant arrival, Instant now, Instant cost) const noexcept {
    return plus(std::max(arrival, now), times(interval_, cost));
  }
  /// How many calls that cost one would be admitted at `now`, one after another.
  std::uint64_t left(Instant arrival, Instant now) const noexcept {
    const Instant room = tolerance_ + interval_ - std::max<Instant>(arrival - now, 0);
    return room <= 0 ? 0 : static_cast<std::uint64_t>(room / interval_);
  }

 private:
  static constexpr Instant kMost = Duration::max().count() / 4;  // sums of these do not overflow

  static Instant times(Instant value, Instant by) noexcept {
    return by != 0 && value > kMost / by ? kMost : value * by;
  }
  static Instant plus(Instant a, Instant b) noexcept {
    return a > 2 * kMost - b ? 2 * kMost : a + b;
  }

  Instant interval_;
  Instant tolerance_;
};

}  // namespace detail

/// What a limiter has decided so far.
struct RateLimiterStats {
  std::uint64_t admitted = 0;
  std::uint64_t rejected = 0;
};

/// Admits `calls` per `period`, and up to `burst` of them at once.
///
/// ```cpp
/// vx11::RateLimiter limiter({.calls = 100, .period = 1s, .burst = 20});
/// if (auto turned_away = limiter.try_acquire(); !turned_away) {
///   come_back_after(turned_away.error().retry_after);
/// }
/// ```
///
/// **Thread-safe** and lock-free: the whole state is one 64-bit atomic, beside the figures;
/// admission is a clock read and a compare-and-swap. As a policy it returns `rejected` with
/// `retry_after`. **Lifetime**: must outlive its calls; neither copied nor moved.
template <MonotonicClock Clock = SteadyClock>
class BasicRateLimiter : public detail::ExecuteNames<BasicRateLimiter<Clock>> {
 public:
  explicit BasicRateLimiter(RateLimiterOptions options = {}, Clock clock = {}) noexcept
      : gcra_(options),
        clock_(clock),
        name_(std::move(options.name)),
        events_(std::move(options.events)) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicRateLimiter> create(RateLimiterOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicRateLimiter>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicRateLimiter(const BasicRateLimiter&) = delete;
  BasicRateLimiter& operator=(const BasicRateLimiter&) = delete;
  ~BasicRateLimiter() = default;

  /// Takes `cost` calls from the rate, all or none. A cost above the burst is never admitted; a
  /// cost of zero always is.
  [[nodiscard]] tl::expected<void, Rejection> try_acquire(std::uint32_t cost = 1) noexcept {
    const auto now = TimePoint(clock_.now()).time_since_epoch().count();
    auto arrival = arrival_.load(std::memory_order_relaxed);
    for (;;) {
      const auto decision = gcra_.decide(arrival, now, cost);
      if (decision.too_soon > Duration::zero()) {
        rejected_.fetch_add(1, std::memory_order_relaxed);
        events_(Event{.kind = EventKind::rate_limiter_rejected,
                      .name = name_,
                      .duration = decision.too_soon});
        return tl::unexpected(Rejection{RejectionReason::rate_limited, decision.too_soon});
      }
      if (arrival_.compare_exchange_weak(arrival, decision.next, std::memory_order_relaxed)) {
        admitted_.fetch_add(1, std::memory_order_relaxed);
        return {};
      }
    }
  }

  RateLimiterStats stats() const noexcept {
    return {admitted_.load(std::memory_order_relaxed), rejected_.load(std::memory_order_relaxed)};
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) {
    auto admitted = try_acquire();
    if (!admitted) return fail(admitted.error());
    return next(std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) {
    auto admitted = try_acquire();
    if (!admitted) co_return fail(admitted.error());
    auto call = next(std::move(deadline));
    co_return co_await std::move(call);
  }
  /// \}

 private:
  const detail::Gcra gcra_;
  [[no_unique_address]] const Clock clock_;
  std::atomic<detail::Gcra::Instant> arrival_{detail::Gcra::kIdle};
  std::atomic<std::uint64_t> admitted_{0};
  std::atomic<std::uint64_t> rejected_{0};
  const std::string name_;
  const SharedEvents events_;
};

/// The limiter on the machine's monotonic clock.
using RateLimiter = BasicRateLimiter<SteadyClock>;

}  // namespace v0
}  // namespace vx11
