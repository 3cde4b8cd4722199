#pragma once

/// \file
/// `Retry`: tries again what failed, with growing, spread waits, within a budget and a deadline.

#include <vx11/background_timer.hpp>
#include <vx11/backoff.hpp>
#include <vx11/policy.hpp>
#include <vx11/retry_budget.hpp>
#include <vx11/verdict.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What a caller gets when the budget allows no further try.
enum class BudgetSpent : std::uint8_t {
  return_last,  ///< The failure of the last try: that is what happened.
  reject,       ///< `rejected`: to a breaker outside, a retry that was not made says nothing.
};

/// The description of a retry. Values out of range are drawn to the nearest that works.
struct RetryOptions {
  /// Tries in all, the first included; at least 1, which never retries. Three get over one upstream
  /// that restarts and one that is slow.
  std::uint32_t attempts = 3;
  BackoffOptions backoff = {};
  /// The longest Retry-After that is waited for. One that asks for more ends the loop: to come back
  /// early is what it asked not to.
  Duration max_retry_after = std::chrono::seconds(30);
  /// Shared by all who call the same upstream. Null: no bound but `attempts`.
  std::shared_ptr<RetryBudget> budget = {};
  BudgetSpent when_budget_spent = BudgetSpent::return_last;
  /// Null: a blocking call waits on its own thread, an awaited one for `background_timer()`, on
  /// whose thread it goes on. On an event loop, give that loop's.
  std::shared_ptr<Timer> timer = {};
};

/// Calls up to `attempts` times, until a result is not worth another try.
///
/// ```cpp
/// vx11::Retry retry({.attempts = 4, .backoff = {.base = 50ms}});
/// vx11::Result<Page> page =
///     vx11::pipeline(retry).run([&](vx11::Deadline d) { return get(url, d); });
/// ```
///
/// What is returned is always the result of the last try. Between tries it waits for the backoff or
/// for the result's Retry-After, whichever is longer; **never past the deadline**: if the next try
/// could only begin at its end or later, the loop ends at once with what there is. A stop token
/// that fires ends a wait, and the loop, with `cancelled`.
///
/// Retries are only right for calls that may be made twice. **Thread-safe**; copies share the
/// budget and the timer. An exception thrown by the call is not retried. Sources: M. Brooker,
/// "Exponential Backoff and Jitter" (AWS, 2015); Finagle's retry budget.
template <MonotonicClock Clock = SteadyClock, class Retryable = DefaultRetryable,
          class RetryAfter = DefaultRetryAfter>
class BasicRetry {
 public:
  explicit BasicRetry(RetryOptions options = {}, Clock clock = {}, Retryable retryable = {},
                      RetryAfter retry_after = {})
      : options_(std::move(options)),
        clock_(clock),
        retryable_(std::move(retryable)),
        retry_after_(std::move(retry_after)) {}

  /// The same, retrying what `predicate` says: a `bool` for a `const Result<T>&`.
  template <class Predicate>
  auto when(Predicate predicate) const {
    return BasicRetry<Clock, Predicate, RetryAfter>(options_, clock_, std::move(predicate),
                                                    retry_after_);
  }
  /// The same, asking `extractor` how long a result wants its caller to wait: an
  /// `optional<Duration>` for a `const Result<T>&`.
  template <class Extractor>
  auto waiting_as_told_by(Extractor extractor) const {
    return BasicRetry<Clock, Retryable, Extractor>(options_, clock_, retryable_,
                                                   std::move(extractor));
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> execute(Next&& next, Deadline deadline) {
    Loop loop(*this);
    for (;;) {
      CallResult<Next> result = next(deadline);
      const std::optional<Duration> wait = loop.wait_after(result, deadline);
      if (!wait) return result;
      if (!sync_wait(timer_or_thread()->sleep(*wait, deadline.stop_token()))) return gone();
    }
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_execute(Next next, Deadline deadline) {
    Loop loop(*this);
    for (;;) {
      auto call = next(deadline);
      AwaitedResult<Next> result = co_await std::move(call);
      const std::optional<Duration> wait = loop.wait_after(result, deadline);
      if (!wait) co_return result;
      const std::shared_ptr<Timer> timer = timer_or_background();
      Task<bool> sleep = timer->sleep(*wait, deadline.stop_token());
      const bool slept = co_await std::move(sleep);
      if (!slept) co_return gone();
    }
  }
  /// \}

 private:
  /// The tries of one call.
  class Loop {
   public:
    explicit Loop(BasicRetry& retry) : retry_(retry), backoff_(retry.options_.backoff) {
      if (retry.options_.budget) retry.options_.budget->deposit();
    }

    /// How long to wait before the next try; none if there is to be none.
    template <class R>
    std::optional<Duration> wait_after(R& result, const Deadline& deadline) {
      const RetryOptions& options = retry_.options_;
      if (++made_ >= options.attempts || !retry_.retryable_(std::as_const(result))) {
        return std::nullopt;
      }
      if (deadline.cancelled()) return std::nullopt;
      const Duration told = retry_.retry_after_(std::as_const(result)).value_or(Duration::zero());
      if (told > options.max_retry_after) return std::nullopt;
      const Duration wait = std::max(backoff_.next(), told);
      if (!deadline.never() && wait >= deadline.remaining(retry_.clock_.now())) return std::nullopt;
      return paid(result) ? std::optional(wait) : std::nullopt;
    }

   private:
    template <class R>
    bool paid(R& result) const {
      const RetryOptions& options = retry_.options_;
      if (!options.budget || options.budget->withdraw()) return true;
      if (options.when_budget_spent == BudgetSpent::reject) {
        result = detail::reject("budget spent");
      }
      return false;
    }

    BasicRetry& retry_;
    Backoff backoff_;
    std::uint32_t made_ = 0;
  };

  static tl::unexpected<Error> gone() { return fail(Errc::cancelled, "cancelled"); }

  std::shared_ptr<Timer> timer_or_thread() const {
    return options_.timer ? options_.timer : std::make_shared<BlockingTimer>();
  }
  std::shared_ptr<Timer> timer_or_background() const {
    return options_.timer ? options_.timer : background_timer();
  }

  RetryOptions options_;
  [[no_unique_address]] Clock clock_;
  [[no_unique_address]] Retryable retryable_;
  [[no_unique_address]] RetryAfter retry_after_;
};

/// The retry on the machine's monotonic clock.
using Retry = BasicRetry<>;

}  // namespace v0
}  // namespace vx11
