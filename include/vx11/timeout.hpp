#pragma once

/// \file
/// `Timeout`: the most one call may take.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/policy.hpp>
#include <vx11/timer.hpp>

#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The description of a timeout. `validate` names what is out of range.
struct TimeoutOptions {
  /// The most a call may take. The caller's deadline shortens it, never lengthens it.
  Duration timeout = std::chrono::seconds(10);
  /// For awaited calls that heed a stop token but no deadline: when the limit has passed, their
  /// token fires, and `cancelled` becomes `timeout`. Null: the call heeds its deadline, as all
  /// calls of this library do.
  std::shared_ptr<Timer> timer = {};
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const TimeoutOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.timeout > Duration::zero(), "timeout", "above 0");
  return std::move(mistakes).result();
}

/// Gives the call a nearer deadline: what is left to the caller, but at most `limit` from now.
///
/// Cooperative: a call is asked to end, never abandoned, because what it uses may not outlive it. A
/// call that answers late has answered. A call for which no time is left, or nobody waits any more,
/// is not made: `rejected`, which blames nobody, or `cancelled`. **Thread-safe**; a value type.
template <MonotonicClock Clock = SteadyClock>
class BasicTimeout : public detail::ExecuteNames<BasicTimeout<Clock>> {
 public:
  explicit BasicTimeout(Duration limit, Clock clock = {}) : clock_(clock) {
    options_.timeout = limit;
  }
  explicit BasicTimeout(TimeoutOptions options, Clock clock = {})
      : options_(std::move(options)), clock_(clock) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicTimeout> create(TimeoutOptions options, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicTimeout>(tl::in_place, std::move(options), std::move(clock));
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    Result<Deadline> narrowed = narrow(deadline, clock_.now());
    if (!narrowed) return fail(std::move(narrowed.error()));
    return next(std::move(*narrowed));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    const TimePoint now = clock_.now();
    Result<Deadline> narrowed = narrow(deadline, now);
    if (!narrowed) co_return fail(std::move(narrowed.error()));
    if (options_.timer) {
      auto racing = race(std::move(next), std::move(deadline), narrowed->at(), now);
      co_return co_await std::move(racing);
    }
    auto call = next(std::move(*narrowed));
    co_return co_await std::move(call);
  }
  /// \}

 private:
  static constexpr detail::EventSet::Set kCall = 1;
  static constexpr detail::EventSet::Set kSleep = 2;

  Result<Deadline> narrow(const Deadline& deadline, TimePoint now) const {
    if (deadline.cancelled()) return fail(Errc::cancelled, "cancelled");
    Deadline narrowed = deadline.capped(now, options_.timeout);
    if (narrowed.passed(now)) return detail::reject(RejectionReason::no_time_left);
    return narrowed;
  }

  /// Runs the call and a sleep side by side; whichever ends first stops the other.
  template <class Next>
  Task<AwaitedResult<Next>> race(Next next, Deadline deadline, TimePoint end, TimePoint now) const {
    detail::EventSet events;
    detail::EventSet::EventSlot call_slot(events, kCall);
    detail::EventSet::EventSlot sleep_slot(events, kSleep);
    detail::LinkedStop call_stop(deadline.stop_token());
    detail::LinkedStop sleep_stop(deadline.stop_token());
    auto call = next(Deadline(end, call_stop.token()));
    Task<bool> sleep = options_.timer->sleep(Deadline(end).remaining(now), sleep_stop.token());
    events.start(call, call_slot);
    events.so_far() == 0 ? events.start(sleep, sleep_slot) : events.happen(kSleep);
    auto ended = events.beyond(0);
    const auto first = co_await ended;
    const bool late = (first & kCall) == 0;
    late ? call_stop.request_stop() : sleep_stop.request_stop();
    auto both = events.beyond(first);
    if (first != (kCall | kSleep)) co_await both;
    AwaitedResult<Next> result = detail::TaskAccess::take(call);
    if (late && !deadline.cancelled() && !result && result.error().code == Errc::cancelled) {
      co_return fail(Errc::timeout, "timeout");
    }
    co_return result;
  }

  TimeoutOptions options_;
  [[no_unique_address]] Clock clock_;
};

/// The timeout on the machine's monotonic clock.
using Timeout = BasicTimeout<SteadyClock>;

}  // namespace v0
}  // namespace vx11
