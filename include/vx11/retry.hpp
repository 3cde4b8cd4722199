#pragma once

/// \file
/// `Retry`: repeats failed calls with exponential backoff and jitter, within a budget and a
/// deadline.

#include <vx11/background_timer.hpp>
#include <vx11/backoff.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/policy.hpp>
#include <vx11/retry_budget.hpp>
#include <vx11/retryable.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The result of a call when the budget allows no further attempt.
enum class BudgetSpent : std::uint8_t {
  return_last,  ///< The failure of the last attempt.
  reject,       ///< `rejected`, which an outer breaker counts as neutral.
};

/// Options of a retry. `validate` reports values out of range; the constructor clamps them to the
/// nearest valid value.
struct RetryOptions {
  /// Attempts in all, the first included; at least 1, which never retries. Three cover one upstream
  /// that restarts and one that is slow.
  std::uint32_t attempts = 3;
  BackoffOptions backoff = {};
  /// The longest Retry-After that is waited for. A longer one ends the loop, since retrying earlier
  /// would ignore it.
  Duration max_retry_after = std::chrono::seconds(30);
  /// Shared by all callers of the same upstream. Null: only `attempts` limits retries.
  std::shared_ptr<RetryBudget> budget = {};
  BudgetSpent when_budget_spent = BudgetSpent::return_last;
  /// Null: a blocking call waits on its own thread, an awaited one uses `background_timer()` and
  /// resumes on its thread. On an event loop, set the loop's timer.
  std::shared_ptr<Timer> timer = {};
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `retry_attempt` and `retry_gave_up`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const RetryOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.attempts >= 1, "attempts", "at least 1");
  mistakes.require(options.max_retry_after >= Duration::zero(), "max_retry_after", "at least 0");
  mistakes.within("backoff.");
  detail::check(mistakes, options.backoff);
  return std::move(mistakes).result();
}

/// What a retry has done so far.
struct RetryStats {
  std::uint64_t calls = 0;     ///< Calls, each with one attempt or more.
  std::uint64_t retries = 0;   ///< Attempts after the first of their call.
  std::uint64_t given_up = 0;  ///< Calls that ended with a retryable result.
};

namespace detail {
/// The counters behind `RetryStats`.
struct RetryFigures {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> given_up{0};
};
}  // namespace detail

/// Calls up to `attempts` times, until a result is not retryable.
///
/// ```cpp
/// vx11::Retry retry({.attempts = 4, .backoff = {.base = 50ms}});
/// vx11::Result<Page> page =
///     vx11::pipeline(retry).run([&](vx11::Deadline d) { return get(url, d); });
/// ```
///
/// Returns the result of the last attempt. Between attempts it waits for the backoff or the
/// result's Retry-After, whichever is longer, **never past the deadline**: if the next attempt
/// could only start at the deadline or later, the loop ends at once with the current result. A stop
/// token that fires ends the wait, and the loop, with `cancelled`.
///
/// Use it only for calls that may be repeated. **Thread-safe**; copies share the budget, the timer
/// and the figures. An exception thrown by the call is not retried. Sources: M. Brooker,
/// "Exponential Backoff and Jitter" (AWS, 2015); Finagle's retry budget.
template <MonotonicClock Clock = SteadyClock, class Retryable = DefaultRetryable,
          class RetryAfter = DefaultRetryAfter>
class BasicRetry : public detail::ExecuteNames<BasicRetry<Clock, Retryable, RetryAfter>> {
 public:
  explicit BasicRetry(RetryOptions options = {}, Clock clock = {}, Retryable retryable = {},
                      RetryAfter retry_after = {})
      : options_(std::move(options)),
        clock_(clock),
        retryable_(std::move(retryable)),
        retry_after_(std::move(retry_after)) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicRetry> create(RetryOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicRetry>(tl::in_place, std::move(options), std::move(clock));
  }

  /// A copy that retries if `predicate` returns true for a `const Result<T>&`.
  template <class Predicate>
  auto when(Predicate predicate) const {
    return with_figures(BasicRetry<Clock, Predicate, RetryAfter>(
        options_, clock_, std::move(predicate), retry_after_));
  }
  /// A copy that reads the requested wait with `extractor`: it takes a `const Result<T>&` and
  /// returns an `optional<Duration>`.
  template <class Extractor>
  auto with_retry_after(Extractor extractor) const {
    return with_figures(BasicRetry<Clock, Retryable, Extractor>(options_, clock_, retryable_,
                                                                std::move(extractor)));
  }

  /// The figures of this retry and its copies.
  RetryStats stats() const noexcept {
    return {figures_->calls.load(std::memory_order_relaxed),
            figures_->retries.load(std::memory_order_relaxed),
            figures_->given_up.load(std::memory_order_relaxed)};
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    Loop loop(*this, detail::may_repeat(next));
    for (;;) {
      CallResult<Next> result = next(deadline);
      const std::optional<Duration> wait = loop.wait_after(result, deadline);
      if (!wait) return result;
      if (!sync_wait(timer_or_thread()->sleep(*wait, deadline.stop_token()))) {
        return loop.cancelled();
      }
    }
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    Loop loop(*this, detail::may_repeat(next));
    for (;;) {
      auto call = next(deadline);
      AwaitedResult<Next> result = co_await std::move(call);
      const std::optional<Duration> wait = loop.wait_after(result, deadline);
      if (!wait) co_return result;
      const std::shared_ptr<Timer> timer = timer_or_background();
      Task<bool> sleep = timer->sleep(*wait, deadline.stop_token());
      const bool slept = co_await std::move(sleep);
      if (!slept) co_return loop.cancelled();
    }
  }
  /// \}

 private:
  template <MonotonicClock, class, class>
  friend class BasicRetry;

  template <class Other>
  Other with_figures(Other copy) const {
    copy.figures_ = figures_;
    return copy;
  }

  /// The attempts of one call.
  class Loop {
   public:
    Loop(const BasicRetry& retry, bool may_repeat)
        : retry_(retry),
          backoff_(retry.options_.backoff),
          attempts_(may_repeat ? retry.options_.attempts : 1) {
      count(retry.figures_->calls);
      if (retry.options_.budget) retry.options_.budget->deposit();
    }

    /// The wait before the next attempt; none if there is no further attempt.
    template <class R>
    std::optional<Duration> wait_after(R& result, const Deadline& deadline) {
      if (!retry_.retryable_(std::as_const(result))) return std::nullopt;
      const std::optional<Duration> wait = wait_before_next(result, deadline);
      count(wait ? retry_.figures_->retries : retry_.figures_->given_up);
      wait ? report_attempt(*wait) : report_end();
      return wait;
    }

    /// The wait was cancelled.
    tl::unexpected<Error> cancelled() {
      end("cancelled");
      report_end();
      return fail(Errc::cancelled, "cancelled");
    }

   private:
    template <class R>
    std::optional<Duration> wait_before_next(R& result, const Deadline& deadline) {
      const RetryOptions& options = retry_.options_;
      if (++made_ >= attempts_)
        return end(attempts_ < options.attempts ? "not_repeatable" : "attempts");
      if (deadline.cancelled()) return end("cancelled");
      const Duration asked = retry_.retry_after_(std::as_const(result)).value_or(Duration::zero());
      if (asked > options.max_retry_after) return end("retry_after");
      const Duration wait = std::max(backoff_.next(), asked);
      if (!deadline.never() && wait >= deadline.remaining(retry_.clock_.now())) {
        return end("deadline");
      }
      return paid(result) ? std::optional(wait) : end("budget_spent");
    }

    std::nullopt_t end(std::string_view why) noexcept {
      why_ = why;
      return std::nullopt;
    }
    void report_attempt(Duration wait) const noexcept {
      retry_.options_.events(Event{.kind = EventKind::retry_attempt,
                                   .name = retry_.options_.name,
                                   .count = made_ + 1,
                                   .duration = wait});
    }
    void report_end() const noexcept {
      retry_.options_.events(Event{.kind = EventKind::retry_gave_up,
                                   .name = retry_.options_.name,
                                   .detail = why_,
                                   .count = made_});
    }

    template <class R>
    bool paid(R& result) const {
      const RetryOptions& options = retry_.options_;
      if (!options.budget || options.budget->withdraw()) return true;
      if (options.when_budget_spent == BudgetSpent::reject) {
        result = detail::reject(RejectionReason::budget_spent);
      }
      return false;
    }

    const BasicRetry& retry_;
    Backoff backoff_;
    const std::uint32_t attempts_;
    std::uint32_t made_ = 0;
    std::string_view why_ = {};  ///< Why it ended.
  };

  static void count(std::atomic<std::uint64_t>& figure) noexcept {
    figure.fetch_add(1, std::memory_order_relaxed);
  }

  std::shared_ptr<Timer> timer_or_thread() const {
    return options_.timer ? options_.timer : std::make_shared<BlockingTimer>();
  }
  std::shared_ptr<Timer> timer_or_background() const {
    return options_.timer ? options_.timer : background_timer();
  }

  RetryOptions options_;
  [[no_unique_address]] Clock clock_;
  // Mutable: a function object of the caller may have state; it is thread-safe if calls overlap.
  [[no_unique_address]] mutable Retryable retryable_;
  [[no_unique_address]] mutable RetryAfter retry_after_;
  std::shared_ptr<detail::RetryFigures> figures_ = std::make_shared<detail::RetryFigures>();
};

/// The retry on the machine's monotonic clock.
using Retry = BasicRetry<>;

}  // namespace v0
}  // namespace vx11
