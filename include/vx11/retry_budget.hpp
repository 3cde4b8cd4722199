#pragma once

/// \file
/// `RetryBudget`: how many tries beyond the first all callers together may make.

#include <vx11/clock.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/rate_limiter.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace vx11 {
inline namespace v0 {

/// The description of a budget. `validate` names what is out of range; the constructor uses the
/// nearest value that works.
struct RetryBudgetOptions {
  /// Retries as a share of the calls. A fifth: an upstream that fails altogether sees 1.2 times its
  /// usual load, not 3 times as with three tries for each call. 0 to 1000.
  double share = 0.2;
  /// Retries per second that are allowed in any case, so that a caller with little traffic can
  /// retry at all. Zero: none beyond the share.
  std::uint32_t min_per_second = 10;
  /// How many retries can be saved up: after a quiet night, no more than this burst out at once.
  std::uint32_t max_saved = 100;
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const RetryBudgetOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.share >= 0.0 && options.share <= 1000.0, "share", "0 to 1000");
  return std::move(mistakes).result();
}

/// A bucket into which every call puts a share of a token and every retry takes a whole one.
///
/// One budget per upstream, shared by all who call it with `std::shared_ptr`: it bounds what
/// retries and hedges add to the load when everything fails. **Thread-safe** and lock-free; a
/// deposit reads no clock. Source of the idea: Twitter Finagle's RetryBudget. There a deposit
/// expires after some seconds; here savings are bounded in number, which needs no clock.
template <MonotonicClock Clock = SteadyClock>
class BasicRetryBudget {
 public:
  explicit BasicRetryBudget(RetryBudgetOptions options = {}, Clock clock = {}) noexcept
      : deposit_(share_of_token(options.share)),
        most_(std::int64_t{options.max_saved} * kToken),
        guaranteed_(options.min_per_second > 0),
        least_({.calls = options.min_per_second, .burst = options.min_per_second}, clock) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicRetryBudget> create(RetryBudgetOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicRetryBudget>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicRetryBudget(const BasicRetryBudget&) = delete;
  BasicRetryBudget& operator=(const BasicRetryBudget&) = delete;
  ~BasicRetryBudget() = default;

  /// A call was made for the first time.
  void deposit() noexcept {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved < most_ && !saved_.compare_exchange_weak(saved, std::min(saved + deposit_, most_),
                                                          std::memory_order_relaxed)) {
    }
  }

  /// Asks to make one more try.
  /// \return whether it may be made; it is then paid for
  bool withdraw() noexcept {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved >= kToken) {
      if (saved_.compare_exchange_weak(saved, saved - kToken, std::memory_order_relaxed)) {
        return true;
      }
    }
    return guaranteed_ && least_.try_acquire().has_value();
  }

  /// How many retries are saved up, those per second not counted.
  double saved() const noexcept {
    return static_cast<double>(saved_.load(std::memory_order_relaxed)) / kToken;
  }

 private:
  static constexpr std::int64_t kToken =
      1'000'000;  // so that a share may be as fine as a millionth

  static std::int64_t share_of_token(double share) noexcept {
    if (!(share > 0)) return 0;
    return static_cast<std::int64_t>(std::min(share, 1000.0) * kToken + 0.5);
  }

  const std::int64_t deposit_;
  const std::int64_t most_;
  const bool guaranteed_;
  std::atomic<std::int64_t> saved_{0};
  BasicRateLimiter<Clock> least_;
};

/// The budget on the machine's monotonic clock.
using RetryBudget = BasicRetryBudget<SteadyClock>;

}  // namespace v0
}  // namespace vx11
