#pragma once

/// \file
/// `AdaptiveLimit`: limits concurrent calls to what the upstream sustains, measured at run time.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/guard.hpp>
#include <vx11/policy.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// How the limit is adjusted.
enum class LimitAlgorithm : std::uint8_t {
  /// Compares each latency with the long-term average: falls as calls queue up inside the upstream,
  /// before anything fails. Based on the Gradient2 limit of Netflix concurrency-limits.
  gradient,
  /// Grows by one per window of successes, falls by a share with each failure. For upstreams whose
  /// latency does not depend on load, or that fail when overloaded.
  aimd,
};

/// Options of an adaptive limit. `validate` reports values out of range; the constructor clamps
/// them to the nearest valid value.
struct AdaptiveLimitOptions {
  LimitAlgorithm algorithm = LimitAlgorithm::gradient;
  std::uint32_t initial = 20;
  std::uint32_t min = 1;  ///< At least 1: without calls there is no measurement.
  std::uint32_t max = 1000;
  /// gradient: ratio of latency to average above which the limit falls; at least 1.
  double tolerance = 1.5;
  /// gradient: calls beyond the ideal that may queue up inside the upstream; makes the limit grow.
  double headroom = 4;
  /// gradient: the share of each step that is applied, above 0 to 1. Lower is steadier.
  double smoothing = 0.2;
  /// The factor applied to the limit when a call fails; from 0 to 1.
  double after_failure = 0.9;
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `adaptive_limit_changed` and `adaptive_limit_rejected`. Empty, the default: nothing
  /// is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
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

/// What an adaptive limit holds, and what it has decided so far.
struct AdaptiveLimitStats {
  std::uint32_t limit = 0;     ///< Now.
  std::uint32_t running = 0;   ///< Calls with a permit now.
  std::uint64_t rejected = 0;  ///< Calls that found the limit reached.
};

namespace detail {

/// The state of the estimate. Each update returns a new value, so that it can be tested and
/// replayed without calls.
struct LimitEstimate {
  double limit = 1;
  double average = 0;  ///< Of the latencies, in nanoseconds, over hundreds of calls; 0: none yet.

  LimitEstimate after_failure(const AdaptiveLimitOptions& options) const noexcept {
    const double share = std::clamp(options.after_failure, 0.0, 1.0);
    return within(options, LimitEstimate{limit * share, average});
  }

  LimitEstimate after_success(const AdaptiveLimitOptions& options, Duration latency,
                              std::uint32_t running) const noexcept {
    const double sample = std::max(static_cast<double>(latency.count()), 1.0);
    LimitEstimate next = *this;
    next.average = average <= 0 ? sample : average + (sample - average) * kAverageStep;
    // After an overload the average is too high; let it decay faster than it rose.
    if (next.average > 2 * sample) next.average *= 0.95;
    if (2.0 * running < limit) return next;  // limit not used: no information about it
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

/// Limits concurrent calls to a number that rises while latencies stay low and falls as they grow
/// or calls fail.
///
/// The limit need not be configured, and it follows changes of the upstream: a control loop based
/// on Little's law. Use it like `CircuitBreaker`: `try_acquire`, then a verdict on the permit; or
/// in a pipeline, where it uses `CallVerdict`, or as `guard(limit, classify)`.
///
/// **Thread-safe**: admission is lock-free, a verdict takes a short lock. A permit without a
/// verdict is neutral and does not change the limit. **Lifetime**: must outlive its permits;
/// neither copied nor moved. Based on Netflix concurrency-limits (Gradient2Limit, AIMDLimit); D.
/// Chiu and R. Jain, 1989, for AIMD.
template <MonotonicClock Clock = SteadyClock>
class BasicAdaptiveLimit : public detail::ExecuteNames<BasicAdaptiveLimit<Clock>> {
 public:
  class Permit;

  explicit BasicAdaptiveLimit(AdaptiveLimitOptions options = {}, Clock clock = {})
      : options_(std::move(options)), clock_(clock) {
    const std::uint32_t min = std::max(options_.min, 1U);
    estimate_.limit = std::clamp(options_.initial, min, std::max(options_.max, min));
    publish();
  }
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicAdaptiveLimit> create(AdaptiveLimitOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicAdaptiveLimit>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicAdaptiveLimit(const BasicAdaptiveLimit&) = delete;
  BasicAdaptiveLimit& operator=(const BasicAdaptiveLimit&) = delete;
  ~BasicAdaptiveLimit() = default;

  /// Acquires a permit for one call now, or returns `rejected`.
  [[nodiscard]] tl::expected<Permit, Rejection> try_acquire() noexcept {
    std::uint32_t running = running_.load(std::memory_order_relaxed);
    do {
      if (running >= limit()) {
        rejected_.fetch_add(1, std::memory_order_relaxed);
        options_.events(Event{
            .kind = EventKind::adaptive_limit_rejected, .name = options_.name, .limit = limit()});
        return tl::unexpected(Rejection{RejectionReason::limit_reached});
      }
    } while (!running_.compare_exchange_weak(running, running + 1, std::memory_order_relaxed));
    return Permit(*this, clock_.now());
  }

  /// \name As a policy
  /// Uses `CallVerdict`; `guard(limit, classify)` takes another classifier.
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

  /// The current limit on concurrent calls.
  std::uint32_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
  std::uint32_t running() const noexcept { return running_.load(std::memory_order_relaxed); }
  AdaptiveLimitStats stats() const noexcept {
    return {limit(), running(), rejected_.load(std::memory_order_relaxed)};
  }

 private:
  void succeeded(TimePoint began) noexcept {
    const Duration latency = clock_.now() - began;
    const std::uint32_t running = running_.fetch_sub(1, std::memory_order_relaxed);
    update([&] { return estimate_.after_success(options_, latency, running); });
  }
  void failed() noexcept {
    release();
    update([&] { return estimate_.after_failure(options_); });
  }
  template <class Next>
  void update(const Next& next) noexcept {
    std::uint32_t before = 0;
    std::uint32_t now = 0;
    {
      const std::lock_guard lock(mutex_);
      before = limit();
      estimate_ = next();
      publish();
      now = limit();
    }
    if (now == before) return;
    options_.events(Event{.kind = EventKind::adaptive_limit_changed,
                          .name = options_.name,
                          .count = before,
                          .limit = now});
  }
  void release() noexcept { running_.fetch_sub(1, std::memory_order_relaxed); }
  void publish() noexcept {
    limit_.store(static_cast<std::uint32_t>(estimate_.limit), std::memory_order_relaxed);
  }

  const AdaptiveLimitOptions options_;
  [[no_unique_address]] const Clock clock_;
  std::atomic<std::uint32_t> running_{0};
  std::atomic<std::uint32_t> limit_{1};
  std::atomic<std::uint64_t> rejected_{0};
  std::mutex mutex_;
  detail::LimitEstimate estimate_;
};

/// A permit for one call. Takes one verdict; without one it is neutral on destruction. Move-only.
/// Not thread-safe; may be finished on another thread.
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

  /// The call succeeded; its latency, from the permit to here, updates the limit.
  void success() noexcept {
    if (auto* limit = std::exchange(limit_, nullptr)) limit->succeeded(began_);
  }
  /// The upstream failed or took too long.
  void failure() noexcept {
    if (auto* limit = std::exchange(limit_, nullptr)) limit->failed();
  }
  /// Not counted; only releases the permit.
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
