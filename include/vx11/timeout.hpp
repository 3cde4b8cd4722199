#pragma once

/// \file
/// `Timeout`: limits the duration of a call.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/events.hpp>
#include <vx11/policy.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a timeout. `validate` reports values out of range.
struct TimeoutOptions {
  /// The longest duration of a call. The caller's deadline may shorten it.
  Duration timeout = std::chrono::seconds(10);
  /// For awaited calls that observe a stop token but no deadline: once the limit has passed, their
  /// token fires, and `cancelled` becomes `timeout`. Null: the call observes its deadline, as all
  /// calls of this library do.
  std::shared_ptr<Timer> timer = {};
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `timeout_expired` and `timeout_rejected`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const TimeoutOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.timeout > Duration::zero(), "timeout", "above 0");
  return std::move(mistakes).result();
}

/// What a timeout has seen so far.
struct TimeoutStats {
  std::uint64_t calls = 0;
  std::uint64_t timed_out = 0;  ///< Calls that ended with `timeout`.
  std::uint64_t rejected = 0;   ///< Calls that were not made: no time was left.
};

namespace detail {
/// The counters behind `TimeoutStats`.
struct TimeoutFigures {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> rejected{0};
};
}  // namespace detail

/// Gives the call the earlier of the caller's deadline and `limit` from now.
///
/// Cooperative: a call is asked to stop, never abandoned, because objects it uses may not outlive
/// it. A late result is returned as it is. With no time left the call is not made: `rejected`,
/// which is neutral; after cancellation, `cancelled`. **Thread-safe**; a value type whose copies
/// share the figures.
template <MonotonicClock Clock = SteadyClock>
class BasicTimeout : public detail::ExecuteNames<BasicTimeout<Clock>> {
 public:
  explicit BasicTimeout(Duration limit, Clock clock = {}) : clock_(clock) {
    options_.timeout = limit;
  }
  explicit BasicTimeout(TimeoutOptions options, Clock clock = {})
      : options_(std::move(options)), clock_(clock) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicTimeout> create(TimeoutOptions options, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicTimeout>(tl::in_place, std::move(options), std::move(clock));
  }

  /// The figures of this timeout and its copies.
  TimeoutStats stats() const noexcept {
    return {figures_->calls.load(std::memory_order_relaxed),
            figures_->timed_out.load(std::memory_order_relaxed),
            figures_->rejected.load(std::memory_order_relaxed)};
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
    Result<Deadline> narrowed = narrow(deadline, clock_.now());
    if (!narrowed) return fail(std::move(narrowed.error()));
    CallResult<Next> result = next(std::move(*narrowed));
    note(result);
    return result;
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
    const TimePoint now = clock_.now();
    Result<Deadline> narrowed = narrow(deadline, now);
    if (!narrowed) co_return fail(std::move(narrowed.error()));
    if (options_.timer) {
      auto racing = race(std::move(next), std::move(deadline), narrowed->at(), now);
      AwaitedResult<Next> raced = co_await std::move(racing);
      note(raced);
      co_return raced;
    }
    auto call = next(std::move(*narrowed));
    AwaitedResult<Next> result = co_await std::move(call);
    note(result);
    co_return result;
  }
  /// \}

 private:
  static constexpr detail::EventSet::Set kCall = 1;
  static constexpr detail::EventSet::Set kSleep = 2;

  static void count(std::atomic<std::uint64_t>& figure) noexcept {
    figure.fetch_add(1, std::memory_order_relaxed);
  }
  template <class R>
  void note(const R& result) const noexcept {
    if (result || result.error().code != Errc::timeout) return;
    count(figures_->timed_out);
    options_.events(Event{
        .kind = EventKind::timeout_expired, .name = options_.name, .duration = options_.timeout});
  }

  Result<Deadline> narrow(const Deadline& deadline, TimePoint now) const {
    count(figures_->calls);
    if (deadline.cancelled()) return fail(Errc::cancelled, "cancelled");
    Deadline narrowed = deadline.capped(now, options_.timeout);
    if (narrowed.passed(now)) {
      count(figures_->rejected);
      options_.events(Event{.kind = EventKind::timeout_rejected,
                            .name = options_.name,
                            .detail = to_string(RejectionReason::no_time_left)});
      return detail::reject(RejectionReason::no_time_left);
    }
    return narrowed;
  }

  /// Runs the call and a sleep concurrently; the first to end stops the other.
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
  std::shared_ptr<detail::TimeoutFigures> figures_ = std::make_shared<detail::TimeoutFigures>();
};

/// The timeout on the machine's monotonic clock.
using Timeout = BasicTimeout<SteadyClock>;

}  // namespace v0
}  // namespace vx11
