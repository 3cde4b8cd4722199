#pragma once

/// \file
/// `Hedge`: starts a second attempt when the first takes unusually long.

#include <vx11/background_timer.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/exceptions.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/policy.hpp>
#include <vx11/retry_budget.hpp>
#include <vx11/verdict.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Which policy deposits calls into the budget.
enum class Traffic : std::uint8_t {
  counted_here,
  counted_elsewhere,  ///< By a `Retry` around this, which shares the budget.
};

/// Options of a hedge. `validate` reports values out of range; the constructor clamps them to the
/// nearest valid value.
struct HedgeOptions {
  /// The delay before the second attempt. With a percentile, it applies until enough latencies are
  /// known.
  Duration delay = std::chrono::milliseconds(100);
  /// Above 0: the second attempt starts once the first exceeds this percentile of the latest
  /// latencies; 0.95 hedges the slowest twentieth. Zero: always after `delay`.
  double percentile = 0;
  /// Limits the second attempts. Null: unlimited, so an upstream that is slow overall receives
  /// every call twice.
  std::shared_ptr<RetryBudget> budget = {};
  Traffic traffic = Traffic::counted_here;
  /// Null: `background_timer()`, on whose thread the second attempt starts. A blocking timer does
  /// not work.
  std::shared_ptr<Timer> timer = {};
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `hedge_started`, `hedge_won` and `hedge_refused`. Empty, the default: nothing is
  /// reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const HedgeOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.delay >= Duration::zero(), "delay", "at least 0");
  mistakes.require(options.percentile >= 0.0 && options.percentile <= 1.0, "percentile", "0 to 1");
  return std::move(mistakes).result();
}

/// What a hedge has done so far.
struct HedgeStats {
  std::uint64_t calls = 0;
  std::uint64_t hedged = 0;  ///< Calls for which a second attempt was started.
  std::uint64_t won = 0;     ///< Calls that returned the response of their second attempt.
};

namespace detail {

/// The latest latencies and their percentile, recomputed every few calls. Thread-safe.
class RecentLatencies {
 public:
  static constexpr std::size_t kEnough = 32;

  explicit RecentLatencies(double percentile) noexcept
      : percentile_(std::clamp(percentile, 0.0, 1.0)) {}

  void add(Duration latency) noexcept {
    const std::lock_guard lock(mutex_);
    latest_[count_ % latest_.size()] = latency;
    if (++count_ >= kEnough && count_ % kEvery == 0) work_out();
  }

  /// Empty until enough latencies are known.
  std::optional<Duration> percentile() const noexcept {
    const Duration::rep known = known_.load(std::memory_order_relaxed);
    if (known == kUnknown) return std::nullopt;
    return Duration(known);
  }

 private:
  static constexpr std::size_t kEvery = 16;
  static constexpr Duration::rep kUnknown = -1;

  void work_out() noexcept {
    auto sorted = latest_;
    const std::size_t size = std::min(count_, sorted.size());
    const auto at = static_cast<std::ptrdiff_t>(percentile_ * static_cast<double>(size - 1));
    std::nth_element(sorted.begin(), sorted.begin() + at,
                     sorted.begin() + static_cast<std::ptrdiff_t>(size));
    known_.store(sorted[static_cast<std::size_t>(at)].count(), std::memory_order_relaxed);
  }

  const double percentile_;
  std::mutex mutex_;
  std::array<Duration, 128> latest_{};
  std::size_t count_ = 0;
  std::atomic<Duration::rep> known_{kUnknown};
};

}  // namespace detail

namespace detail {
template <class>
inline constexpr bool kNever = false;
}  // namespace detail

/// Starts a second attempt when the first has not completed after a delay, and returns the first
/// successful response.
///
/// The stop token of the other attempt fires, and the hedge returns once that attempt has ended:
/// objects used by a call may not outlive it, so no call is left running. Calls that observe their
/// stop token, such as those of the event-driven transport, end without delay. If the first attempt
/// fails before the delay, its failure is returned; retrying is left to `Retry`. If both fail, the
/// failure of the first is returned.
///
/// **Only for awaited calls.** A blocking call cannot be abandoned and would need a thread each;
/// inside an awaited call, move to your own thread instead. **Only for calls that may be repeated.
/// Thread-safe.** Neither copied nor moved. Based on J. Dean and L. Barroso, "The Tail at Scale",
/// CACM 56(2), 2013.
template <MonotonicClock Clock = SteadyClock>
class BasicHedge : public detail::ExecuteNames<BasicHedge<Clock>> {
 public:
  explicit BasicHedge(HedgeOptions options = {}, Clock clock = {})
      : options_(std::move(options)), clock_(clock), latencies_(options_.percentile) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicHedge> create(HedgeOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicHedge>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicHedge(const BasicHedge&) = delete;
  BasicHedge& operator=(const BasicHedge&) = delete;
  ~BasicHedge() = default;

  /// The delay before the second attempt of the next call.
  Duration delay() const noexcept {
    if (options_.percentile <= 0) return std::max(options_.delay, Duration::zero());
    return latencies_.percentile().value_or(std::max(options_.delay, Duration::zero()));
  }
  /// The number of second attempts so far.
  std::uint64_t hedged() const noexcept { return hedged_.load(std::memory_order_relaxed); }

  HedgeStats stats() const noexcept {
    return {calls_.load(std::memory_order_relaxed), hedged(), won_.load(std::memory_order_relaxed)};
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&&, Deadline = {}) {
    static_assert(detail::kNever<Next>,
                  "a blocking call cannot be hedged: let it return Task<Result<T>>");
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {});
  /// \}

 private:
  using Set = detail::EventSet::Set;
  static constexpr Set kFirst = 1;
  static constexpr Set kSecond = 2;
  static constexpr Set kSleep = 4;

  template <class Next>
  class Try;

  template <class Next>
  bool start_second(std::optional<Try<Next>>& second, Next& next, const Deadline& deadline,
                    detail::EventSet& events) noexcept;
  void report(EventKind kind, Duration duration) const noexcept {
    options_.events(Event{.kind = kind, .name = options_.name, .duration = duration});
  }

  const HedgeOptions options_;
  [[no_unique_address]] const Clock clock_;
  detail::RecentLatencies latencies_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> hedged_{0};
  std::atomic<std::uint64_t> won_{0};
};

/// One of the two attempts, in the frame of the hedge.
template <MonotonicClock Clock>
template <class Next>
class BasicHedge<Clock>::Try {
 public:
  Try(Next& next, const Deadline& deadline, detail::EventSet& events, Set bit)
      : stop_(deadline.stop_token()),
        slot_(events, bit),
        task_(next(Deadline(deadline.at(), stop_.token()))) {}

  void start() noexcept { slot_.all->start(task_, slot_); }
  void cancel() noexcept { stop_.request_stop(); }
  bool ended() const noexcept { return (slot_.all->so_far() & slot_.bit) != 0; }

  /// Whether it ended with a response. No error counts as a response, not even a neutral one.
  bool answered() {
    if (!ended()) return false;
    fetch();
    return result_ && result_->has_value() && CallVerdict()(*result_) != Verdict::failure;
  }
  /// Its result; rethrows its exception.
  AwaitedResult<Next> take() {
    fetch();
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(*result_);
  }

 private:
  void fetch() {
    if (result_ || thrown_) return;
    VX11_TRY {
      result_.emplace(detail::TaskAccess::take(task_));
    }
    VX11_CATCH_ALL {
      thrown_ = std::current_exception();
    }
  }

  detail::LinkedStop stop_;
  detail::EventSet::EventSlot slot_;
  CallResult<Next> task_;
  std::optional<AwaitedResult<Next>> result_ = std::nullopt;
  std::exception_ptr thrown_ = nullptr;
};

// Once the first attempt runs, nothing may throw before it ends: its task lives in this frame.
template <MonotonicClock Clock>
template <class Next>
Task<AwaitedResult<Next>> BasicHedge<Clock>::async_run(Next next, Deadline deadline) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  if (!detail::may_repeat(next)) {
    auto only = next(std::move(deadline));
    co_return co_await std::move(only);
  }
  if (options_.budget && options_.traffic == Traffic::counted_here) options_.budget->deposit();
  const TimePoint began = clock_.now();
  const std::shared_ptr<Timer> timer = options_.timer ? options_.timer : background_timer();
  detail::LinkedStop wake(deadline.stop_token());
  Task<bool> sleep = timer->sleep(delay(), wake.token());
  detail::EventSet events;
  detail::EventSet::EventSlot slot(events, kSleep);
  Try<Next> first(next, deadline, events, kFirst);
  std::optional<Try<Next>> second = std::nullopt;

  first.start();
  first.ended() ? events.happen(kSleep) : events.start(sleep, slot);
  Set awaited = kFirst | kSleep;
  for (;;) {
    const Set happened = events.so_far();
    if (first.ended()) wake.request_stop();
    if (happened == kSleep && !second && start_second(second, next, deadline, events)) {
      awaited |= kSecond;
    }
    if (second && first.answered()) second->cancel();
    if (second && second->answered()) first.cancel();
    if (happened == awaited) break;
    auto more = events.beyond(happened);
    co_await more;
  }

  Try<Next>& winner = second && second->answered() && !first.answered() ? *second : first;
  const bool is_won = &winner != &first;
  if (is_won) won_.fetch_add(1, std::memory_order_relaxed);
  const Duration taken = winner.answered() ? clock_.now() - began : Duration::zero();
  if (winner.answered()) latencies_.add(taken);
  if (is_won) report(EventKind::hedge_won, taken);
  co_return winner.take();
}

template <MonotonicClock Clock>
template <class Next>
bool BasicHedge<Clock>::start_second(std::optional<Try<Next>>& second, Next& next,
                                     const Deadline& deadline, detail::EventSet& events) noexcept {
  if (deadline.cancelled() || deadline.passed(clock_.now())) return false;
  if (options_.budget && !options_.budget->withdraw()) {
    options_.events(
        Event{.kind = EventKind::hedge_refused, .name = options_.name, .detail = "budget_spent"});
    return false;
  }
  VX11_TRY {
    second.emplace(next, deadline, events, kSecond);
  }
  VX11_CATCH_ALL {
    return false;
  }  // continue with the first attempt alone
  hedged_.fetch_add(1, std::memory_order_relaxed);
  report(EventKind::hedge_started, delay());
  second->start();
  return true;
}

/// The hedge on the machine's monotonic clock.
using Hedge = BasicHedge<SteadyClock>;

}  // namespace v0
}  // namespace vx11
