#pragma once

/// \file
/// `AdaptiveLimit`: as many calls at once as the upstream bears, found out by watching it.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/guard.hpp>
#include <vx11/policy.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// How the limit follows what is seen.
enum class LimitAlgorithm : std::uint8_t {
  /// Compares each latency with the long-term average: falls as calls queue up inside the upstream,
  /// before anything fails. After the Gradient2 limit of Netflix concurrency-limits.
  gradient,
  /// Grows by one for each window's worth of successes, falls by a share with each failure. For
  /// upstreams whose latency says nothing, or that fail when overloaded.
  aimd,
};

/// The description of an adaptive limit. `validate` names what is out of range; the constructor uses
/// the nearest value that works.
struct AdaptiveLimitOptions {
  LimitAlgorithm algorithm = LimitAlgorithm::gradient;
  std::uint32_t initial = 20;
  std::uint32_t min = 1;  ///< Never below, and at least 1: without calls nothing is learnt.
  std::uint32_t max = 1000;
  /// gradient: how much above the average a latency may be before the limit falls; at least 1.
  double tolerance = 1.5;
  /// gradient: calls beyond the ideal that may queue up inside the upstream; what makes it grow.
  double headroom = 4;
  /// gradient: how much of each step is taken, above 0 to 1. Less is calmer.
  double smoothing = 0.2;
  /// By what the limit is multiplied when a call fails; from 0 to 1.
  double after_failure = 0.9;
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const AdaptiveLimitOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.min >= 1, "min", "at least 1");
  mistakes.require(options.max >= options.min, "max", "at least min");
  mistakes.require(options.initial >= options.min && options.initial <= options.max, "initial",
                   "min to max");
  mistakes.require(options.tolerance >= 1.0, "tolerance", "at least 1");
  mistakes.require(options.headroom >= 0.0, "headroom", "at least 0");
  mistakes.require(options.smoothing > 0.0 && options.smoothing <= 1.0, "smoothing",
                   "above 0 and at most 1");
  mistakes.require(options.after_failure >= 0.0 && options.after_failure <= 1.0, "after_failure",
                   "0 to 1");
  return std::move(mistakes).result();
}

namespace detail {

/// What is known after some calls. A pure step from one to the next, so that it can be tested and
/// replayed without calls.
struct LimitEstimate {
  double limit = 1;
  double average = 0;  ///< Of the latencies, in nanoseconds, over some hundred calls; 0: none yet.

  LimitEstimate after_failure(const AdaptiveLimitOptions& options) const noexcept {
    const double share = std::clamp(options.after_failure, 0.0, 1.0);
    return within(options, LimitEstimate{limit * share, average});
  }

  LimitEstimate after_success(const AdaptiveLimitOptions& options, Duration latency,
                              std::uint32_t running) const noexcept {
    const double sample = std::max(static_cast<double>(latency.count()), 1.0);
    LimitEstimate next = *this;
    next.average = average <= 0 ? sample : average + (sample - average) * kAverageStep;
    // After an overload the average is too high; let go of it faster than it came.
    if (next.average > 2 * sample) next.average *= 0.95;
    if (2.0 * running < limit) return next;  // not tried out: says nothing about the limit
    next.limit = options.algorithm == LimitAlgorithm::aimd ? limit + 1 / limit
                                                           : gradient_step(options, next, sample);
    return within(options, next);
  }

 private:
  static constexpr double kAverageStep = 2.0 / (600 + 1);  // an exponential average over 600 calls

  double gradient_step(const AdaptiveLimitOptions& options, const LimitEstimate& next,
                       double sample) const noexcept {
    const double tolerance = std::max(options.tolerance, 1.0);
    const double gradient = std::clamp(tolerance * next.average / sample, 0.5, 1.0);
    const double goal = limit * gradient + std::max(options.headroom, 0.0);
    return limit + (goal - limit) * std::clamp(options.smoothing, 0.001, 1.0);
  }

  static LimitEstimate within(const AdaptiveLimitOptions& options, LimitEstimate next) noexcept {
    const double min = std::max(options.min, 1U);
    next.limit = std::clamp(next.limit, min, std::max<double>(options.max, min));
    return next;
  }
};

}  // namespace detail

/// Limits calls at once to a number that rises while latencies stay low and falls as they grow or
/// calls fail.
///
/// Nobody has to know the right number, and it stays right when the upstream changes: Little's law
/// turned into a control loop. Use it as `CircuitBreaker`: `try_acquire`, then a verdict on the
/// permit; or in a pipeline, where it asks `CallVerdict`, or as `guard(limit, classify)`.
///
/// **Thread-safe**: admission is lock-free, a verdict takes a short lock. A permit without a
/// verdict is neutral and teaches nothing. **Lifetime**: outlives its permits; neither copied nor
/// moved. Source of the idea: Netflix concurrency-limits (Gradient2Limit, AIMDLimit); D. Chiu and
/// R. Jain, 1989, for AIMD.
template <MonotonicClock Clock = SteadyClock>
class BasicAdaptiveLimit : public detail::ExecuteNames<BasicAdaptiveLimit<Clock>> {
 public:
  class Permit;

  explicit BasicAdaptiveLimit(AdaptiveLimitOptions options = {}, Clock clock = {})
      : options_(options), clock_(clock) {
    const std::uint32_t min = std::max(options.min, 1U);
    estimate_.limit = std::clamp(options.initial, min, std::max(options.max, min));
    publish();
  }
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicAdaptiveLimit> create(AdaptiveLimitOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicAdaptiveLimit>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicAdaptiveLimit(const BasicAdaptiveLimit&) = delete;
  BasicAdaptiveLimit& operator=(const BasicAdaptiveLimit&) = delete;
  ~BasicAdaptiveLimit() = default;

  /// A permit for one call now, or `rejected`.
  tl::expected<Permit, Rejection> try_acquire() noexcept {
    std::uint32_t running = running_.load(std::memory_order_relaxed);
    do {
      if (running >= limit()) return tl::unexpected(Rejection{RejectionReason::limit_reached});
    } while (!running_.compare_exchange_weak(running, running + 1, std::memory_order_relaxed));
    return Permit(*this, clock_.now());
  }

  /// \name As a policy
  /// Judges results by `CallVerdict`; `guard(limit, classify)` judges otherwise.
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) {
    return guard(std::ref(*this)).run(std::forward<Next>(next), std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) {
    auto policy = guard(std::ref(*this));
    auto call = policy.async_run(std::move(next), std::move(deadline));
    co_return co_await std::move(call);
  }
  /// \}

  /// Calls at once that are admitted now.
  std::uint32_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
  std::uint32_t running() const noexcept { return running_.load(std::memory_order_relaxed); }

 private:
  void succeeded(TimePoint began) noexcept {
    const Duration latency = clock_.now() - began;
    const std::uint32_t running = running_.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    estimate_ = estimate_.after_success(options_, latency, running);
    publish();
  }
  void failed() noexcept {
    release();
    const std::lock_guard lock(mutex_);
    estimate_ = estimate_.after_failure(options_);
    publish();
  }
  void release() noexcept { running_.fetch_sub(1, std::memory_order_relaxed); }
  void publish() noexcept {
    limit_.store(static_cast<std::uint32_t>(estimate_.limit), std::memory_order_relaxed);
  }

  const AdaptiveLimitOptions options_;
  [[no_unique_address]] const Clock clock_;
  std::atomic<std::uint32_t> running_{0};
  std::atomic<std::uint32_t> limit_{1};
  std::mutex mutex_;
  detail::LimitEstimate estimate_;
};

/// The right to make one call. Say once what came of it, or drop it: dropped without a word it is
/// neutral. Move-only. Not thread-safe in itself; may be finished on another thread.
template <MonotonicClock Clock>
class [[nodiscard]] BasicAdaptiveLimit<Clock>::Permit {
 public:
  Permit(Permit&& other) noexcept
      : limit_(std::exchange(other.limit_, nullptr)), began_(other.began_) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      neutral();
      limit_ = std::exchange(other.limit_, nullptr);
      began_ = other.began_;
    }
    return *this;
  }
  ~Permit() { neutral(); }

  /// The call did what it should; its latency, from the permit to here, is learnt from.
  void success() noexcept {
    if (auto* limit = std::exchange(limit_, nullptr)) limit->succeeded(began_);
  }
  /// The upstream could not cope: it failed, or took too long.
  void failure() noexcept {
    if (auto* limit = std::exchange(limit_, nullptr)) limit->failed();
  }
  /// Says nothing about what the upstream bears.
  void neutral() noexcept {
    if (auto* limit = std::exchange(limit_, nullptr)) limit->release();
  }

 private:
  friend class BasicAdaptiveLimit;
  Permit(BasicAdaptiveLimit& limit, TimePoint began) noexcept : limit_(&limit), began_(began) {}

  BasicAdaptiveLimit* limit_;
  TimePoint began_;
};

/// The adaptive limit on the machine's monotonic clock.
using AdaptiveLimit = BasicAdaptiveLimit<SteadyClock>;

}  // namespace v0
}  // namespace vx11
