#pragma once

/// \file
/// `RetryBudget`: limits the retries of all callers together.

#include <vx11/clock.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/rate_limiter.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a budget. `validate` reports values out of range; the constructor clamps them to the
/// nearest valid value.
struct RetryBudgetOptions {
  /// Retries as a share of the calls. A fifth: an upstream that fails completely sees 1.2 times its
  /// usual load, instead of 3 times with three attempts per call. 0 to 1000.
  double share = 0.2;
  /// Retries per second that are always allowed, so that a caller with little traffic can retry at
  /// all. Zero: none beyond the share.
  std::uint32_t min_per_second = 10;
  /// How many retries can be saved up; limits the burst after a long time without failures.
  std::uint32_t max_saved = 100;
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `retry_budget_refused`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const RetryBudgetOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.share >= 0.0 && options.share <= 1000.0, "share", "0 to 1000");
  return std::move(mistakes).result();
}

/// What a budget has decided so far.
struct RetryBudgetStats {
  double saved = 0;           ///< Retries saved up, without those allowed per second.
  std::uint64_t allowed = 0;  ///< Attempts that were allowed.
  std::uint64_t refused = 0;  ///< Attempts that were not.
};

/// A token bucket: every call adds a share of a token and every retry takes a whole one.
///
/// One budget per upstream, shared by all its callers with `std::shared_ptr`: it limits the load
/// that retries and hedges add when everything fails. **Thread-safe** and lock-free; a deposit
/// reads no clock. Based on Twitter Finagle's RetryBudget. There a deposit expires after some
/// seconds; here the number of saved tokens is limited, which needs no clock.
template <MonotonicClock Clock = SteadyClock>
class BasicRetryBudget {
 public:
  explicit BasicRetryBudget(RetryBudgetOptions options = {}, Clock clock = {}) noexcept
      : deposit_(share_of_token(options.share)),
        most_(std::int64_t{options.max_saved} * kToken),
        guaranteed_(options.min_per_second > 0),
        least_({.calls = options.min_per_second, .burst = options.min_per_second}, clock),
        name_(std::move(options.name)),
        events_(std::move(options.events)) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicRetryBudget> create(RetryBudgetOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicRetryBudget>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicRetryBudget(const BasicRetryBudget&) = delete;
  BasicRetryBudget& operator=(const BasicRetryBudget&) = delete;
  ~BasicRetryBudget() = default;

  /// Records the first attempt of a call.
  void deposit() noexcept {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved < most_ && !saved_.compare_exchange_weak(saved, std::min(saved + deposit_, most_),
                                                          std::memory_order_relaxed)) {
    }
  }

  /// Requests one more attempt.
  /// \return whether it is allowed; its token is then taken
  bool withdraw() noexcept {
    const bool allowed = take_token() || (guaranteed_ && least_.try_acquire().has_value());
    (allowed ? allowed_ : refused_).fetch_add(1, std::memory_order_relaxed);
    if (!allowed) events_(Event{.kind = EventKind::retry_budget_refused, .name = name_});
    return allowed;
  }

  RetryBudgetStats stats() const noexcept {
    return {saved(), allowed_.load(std::memory_order_relaxed),
            refused_.load(std::memory_order_relaxed)};
  }

  /// The retries saved up, without those allowed per second.
  double saved() const noexcept {
    return static_cast<double>(saved_.load(std::memory_order_relaxed)) / kToken;
  }

 private:
  static constexpr std::int64_t kToken = 1'000'000;  // resolution of a share: one millionth

  static std::int64_t share_of_token(double share) noexcept {
    if (!(share > 0)) return 0;
    return static_cast<std::int64_t>(std::min(share, 1000.0) * kToken + 0.5);
  }

  bool take_token() noexcept {
    auto saved = saved_.load(std::memory_order_relaxed);
    while (saved >= kToken) {
      if (saved_.compare_exchange_weak(saved, saved - kToken, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  const std::int64_t deposit_;
  const std::int64_t most_;
  const bool guaranteed_;
  std::atomic<std::int64_t> saved_{0};
  BasicRateLimiter<Clock> least_;
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<std::uint64_t> refused_{0};
  const std::string name_;
  const SharedEvents events_;
};

/// The budget on the machine's monotonic clock.
using RetryBudget = BasicRetryBudget<SteadyClock>;

}  // namespace v0
}  // namespace vx11
