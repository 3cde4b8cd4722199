#pragma once

/// \file
/// `Hedge`: a second try beside the first when that takes unusually long.

#include <vx11/background_timer.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/mistakes.hpp>
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
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Who tells the budget of calls.
enum class Traffic : std::uint8_t {
  counted_here,
  counted_elsewhere,  ///< By a `Retry` around this, which shares the budget.
};

/// The description of a hedge. `validate` names what is out of range; the constructor uses the
/// nearest value that works.
struct HedgeOptions {
  /// How long the first try is left alone; and, with a percentile, until enough latencies are
  /// known.
  Duration delay = std::chrono::milliseconds(100);
  /// Above 0: the second try begins once the first has taken longer than this share of the latest
  /// calls did, 0.95 for the slowest twentieth. Zero: always after `delay`.
  double percentile = 0;
  /// Bounds how many second tries there are. Null: nothing does, and an upstream that is slow
  /// altogether is sent everything twice.
  std::shared_ptr<RetryBudget> budget = {};
  Traffic traffic = Traffic::counted_here;
  /// Null: `background_timer()`, on whose thread the second try is made. Not a blocking one.
  std::shared_ptr<Timer> timer = {};
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const HedgeOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.delay >= Duration::zero(), "delay", "at least 0");
  mistakes.require(options.percentile >= 0.0 && options.percentile <= 1.0, "percentile", "0 to 1");
  return std::move(mistakes).result();
}

namespace detail {

/// The latest latencies and a percentile of them, worked out again after every few. Thread-safe.
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

  /// None until enough are known.
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

/// Makes a second try when the first has not answered after a while, and takes the first good
/// answer.
///
/// The loser's stop token fires, and the hedge returns when the loser has ended: what a call uses
/// may not outlive it, so no call is left behind. Calls that heed their stop token, as those of the
/// event-driven transport do, cost no time by it. A first try that fails before the delay is just a
/// failure, and a matter for `Retry`; if both fail, the failure of the first is returned.
///
/// **Only for awaited calls.** A blocking call cannot be left, so it would need a thread for each;
/// hop to a thread of your own inside an awaited call instead. **Only for calls that may be made
/// twice. Thread-safe.** Neither copied nor moved. Source of the idea: J. Dean and L. Barroso, "The
/// Tail at Scale", CACM 56(2), 2013.
template <MonotonicClock Clock = SteadyClock>
class BasicHedge : public detail::ExecuteNames<BasicHedge<Clock>> {
 public:
  explicit BasicHedge(HedgeOptions options = {}, Clock clock = {})
      : options_(std::move(options)), clock_(clock), latencies_(options_.percentile) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicHedge> create(HedgeOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicHedge>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicHedge(const BasicHedge&) = delete;
  BasicHedge& operator=(const BasicHedge&) = delete;
  ~BasicHedge() = default;

  /// How long the next call is left alone before it is tried a second time.
  Duration delay() const noexcept {
    if (options_.percentile <= 0) return std::max(options_.delay, Duration::zero());
    return latencies_.percentile().value_or(std::max(options_.delay, Duration::zero()));
  }
  /// How many second tries were made.
  std::uint64_t hedged() const noexcept { return hedged_.load(std::memory_order_relaxed); }

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

  const HedgeOptions options_;
  [[no_unique_address]] const Clock clock_;
  detail::RecentLatencies latencies_;
  std::atomic<std::uint64_t> hedged_{0};
};

/// One of the two, in the frame of the hedge.
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

  /// Whether it has ended with an answer. An error of any kind is none, not even one that blames
  /// nobody.
  bool answered() {
    if (!ended()) return false;
    fetch();
    return result_ && result_->has_value() && CallVerdict()(*result_) != Verdict::failure;
  }
  /// What it ended with, or threw.
  AwaitedResult<Next> take() {
    fetch();
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(*result_);
  }

 private:
  void fetch() {
    if (result_ || thrown_) return;
    try {
      result_.emplace(detail::TaskAccess::take(task_));
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  detail::LinkedStop stop_;
  detail::EventSet::EventSlot slot_;
  CallResult<Next> task_;
  std::optional<AwaitedResult<Next>> result_ = std::nullopt;
  std::exception_ptr thrown_ = nullptr;
};

// Once the first try runs, nothing may throw before it has ended: its task lives in this frame.
template <MonotonicClock Clock>
template <class Next>
Task<AwaitedResult<Next>> BasicHedge<Clock>::async_run(Next next, Deadline deadline) {
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
  if (winner.answered()) latencies_.add(clock_.now() - began);
  co_return winner.take();
}

template <MonotonicClock Clock>
template <class Next>
bool BasicHedge<Clock>::start_second(std::optional<Try<Next>>& second, Next& next,
                                     const Deadline& deadline, detail::EventSet& events) noexcept {
  if (deadline.cancelled() || deadline.passed(clock_.now())) return false;
  if (options_.budget && !options_.budget->withdraw()) return false;
  try {
    second.emplace(next, deadline, events, kSecond);
  } catch (...) {  // then the first has to do
    return false;
  }
  hedged_.fetch_add(1, std::memory_order_relaxed);
  second->start();
  return true;
}

/// The hedge on the machine's monotonic clock.
using Hedge = BasicHedge<SteadyClock>;

}  // namespace v0
}  // namespace vx11
