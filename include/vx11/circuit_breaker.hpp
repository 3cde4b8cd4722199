#pragma once

/// \file
/// `CircuitBreaker`: stops calling a failing upstream and uses a few probes to detect its recovery.
///
/// Usable alone: this header needs only the standard library and tl::expected. Design of the
/// two-load hot path and cost of the windows: docs/design/circuit_breaker.md.

#include <vx11/circuit_breaker/detail/core.hpp>
#include <vx11/circuit_breaker/detail/run.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/circuit_breaker/types.hpp>
#include <vx11/circuit_breaker/validate.hpp>
#include <vx11/clock.hpp>
#include <vx11/rejection.hpp>
#include <vx11/result.hpp>
#include <vx11/verdict.hpp>

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Admits calls while they succeed, rejects them at once after too many failures, and admits a
/// fixed number of probes once the open time has passed.
///
/// ```cpp
/// vx11::CircuitBreaker breaker{{.failures_to_open = 3, .open_for = 60s}};
/// if (auto permit = breaker.try_acquire()) {
///   call() ? permit->success() : permit->failure();
/// } else {
///   come_back_after(permit.error().retry_after);
/// }
/// ```
///
/// or around a callable: `auto reply = breaker.run([&] { return client.get(url); });`
///
/// The trip condition is configurable: consecutive failures (the default), or the share of failed
/// or slow calls in a window.
/// ```cpp
/// vx11::CircuitBreaker breaker{{.trip = vx11::CountWindow{.size = 100, .failure_rate = 0.3}}};
/// ```
///
/// **Thread-safety**: every member may be called from any thread. In consecutive mode, admission
/// and success while closed take no lock and read no clock. With a window, a verdict takes a lock
/// for a few nanoseconds. Nothing is allocated after construction, unless the listener falls
/// behind.
/// **Lifetime**: the breaker must outlive its permits. Neither copied nor moved; share it by
/// `std::shared_ptr`.
/// **Errors**: throws nothing itself; exceptions from the caller's callables pass through.
/// **Generations**: every change of state or mode starts a new one, and a verdict counts only in
/// the generation that admitted the call. A late success from before the circuit opened does not
/// close it, and a late failure does not extend the open time.
template <MonotonicClock Clock = SteadyClock>
class BasicCircuitBreaker {
 public:
  class Permit;
  using Admission = tl::expected<Permit, Rejection>;

  explicit BasicCircuitBreaker(CircuitBreakerOptions options = {}, Clock clock = {})
      : clock_(clock), core_(std::move(options), clock_.now()) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the breaker, or the error of `validate(options)`.
  static Result<BasicCircuitBreaker> create(CircuitBreakerOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicCircuitBreaker>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicCircuitBreaker(const BasicCircuitBreaker&) = delete;
  BasicCircuitBreaker& operator=(const BasicCircuitBreaker&) = delete;
  ~BasicCircuitBreaker() = default;

  /// Requests admission for one call.
  /// \return a permit that takes the call's verdict, or a rejection with the time to retry.
  [[nodiscard]] Admission try_acquire() noexcept {
    const auto word = core_.load();
    if (word.phase() == detail::CircuitPhase::closed) [[likely]]
      return admit(word);
    return acquire_unless_closed(word);
  }

  /// Runs `call` if it is admitted, records the verdict on its result and returns the result.
  ///
  /// \param call takes no arguments. A `Result<T>` that it returns is returned unchanged, any other
  ///         `T` as the value of a `Result<T>`.
  /// \param classify returns the `Verdict` on the result; not called if `call` returns void, which
  ///         is a success.
  /// \return the result, or an error with the code `circuit_open` and the `retry_after` of the
  ///         rejection.
  ///
  /// An exception from `call` is a failure, one from `classify` is neutral; both pass through to
  /// the caller. No lock is held during the call. For awaited calls use `async_run`; in a pipeline
  /// pass `std::ref(breaker)`.
  /// ```cpp
  /// auto reply = breaker.run([&] { return client.get(url); });
  /// ```
  template <std::invocable Call, class Classify = CallVerdict>
  detail::RunResult<Call> run(Call&& call, Classify&& classify = {}) {
    static_assert(!detail::Awaitable<std::invoke_result_t<Call>>,
                  "run() would judge the task instead of its result: co_await async_run()");
    auto permit = try_acquire();
    if (!permit) return fail(permit.error());
    return detail::call_and_judge(*permit, std::forward<Call>(call),
                                  std::forward<Classify>(classify));
  }

  /// The same for a call that returns a `Task<Result<T>>`. Nothing runs until the task is awaited;
  /// the breaker must outlive the task.
  /// ```cpp
  /// auto reply = co_await breaker.async_run([&] { return client.async_get(url); });
  /// ```
  template <std::invocable Call, class Classify = CallVerdict>
  typename detail::AwaitedCall<Call>::type async_run(Call call, Classify classify = {}) {
    auto permit = try_acquire();
    if (!permit) co_return fail(permit.error());
    detail::PermitReport report(std::move(*permit));
    auto task = std::invoke(call);
    auto result = co_await std::move(task);
    report.returned(result, classify);
    co_return result;
  }

  template <std::invocable Call, class Classify = CallVerdict>
  [[deprecated("use run")]] detail::RunResult<Call> execute(Call&& call, Classify&& classify = {}) {
    return run(std::forward<Call>(call), std::forward<Classify>(classify));
  }

  /// The effective state: an open breaker whose open time has passed reads as half-open. Reading
  /// changes nothing and takes no lock.
  CircuitState state() const noexcept {
    const auto [word, until] = core_.load_with_deadline();
    if (word.phase() != detail::CircuitPhase::open) return word.state();
    return clock_.now() < until ? CircuitState::open : CircuitState::half_open;
  }
  /// How long until `try_acquire` could admit a call: zero while it would now, the rest of the open
  /// time, or the time until a probe that is under way is overdue, which may end before.
  /// `Duration::max()` while isolated. Reading changes nothing; it takes the lock for a few
  /// nanoseconds while half-open.
  Duration admission_wait() const noexcept { return core_.admission_wait(clock_.now()); }
  CircuitMode mode() const noexcept { return core_.load().mode(); }

  /// A consistent snapshot of state and figures. With a window it takes the lock for a few
  /// nanoseconds.
  CircuitSnapshot snapshot() const noexcept { return core_.snapshot(clock_.now()); }
  /// Continues where another breaker, perhaps of an earlier process, was when `seen` was taken.
  ///
  /// \param age the time since then; negative counts as zero. In the same process it is the
  ///        difference of the monotonic clock, after a restart that of the wall clock, which has to
  ///        be saved beside the snapshot: monotonic clocks of two machine starts have no relation.
  ///
  /// A breaker that was open stays open for `seen.retry_after - age`, never longer than these
  /// options can open it; if nothing is left, or it was half-open, the next call is a probe. Mode,
  /// consecutive failures, the growth of the open time and the age of the last failure continue.
  /// Windows begin empty and totals are not changed. Starts a new generation.
  void restore(const CircuitSnapshot& seen, Duration age = {}) noexcept {
    core_.restore(seen, age, clock_.now());
  }

  /// The upstream has answered a call that this breaker did not admit: another purpose's, a health
  /// check, or one from before it opened. Ends the open time: the next call is a probe. It does not
  /// close the circuit, since the other call may be served by other parts of the upstream. No
  /// effect unless open; an isolated breaker stays isolated. One load unless open.
  /// \see LinkedBreakers
  void evidence_of_recovery() noexcept {
    if (core_.load().phase() == detail::CircuitPhase::open) [[unlikely]]
      core_.recovered(clock_.now());
  }

  /// Others, such as replicas of the program, have found the upstream failing: the next failure
  /// opens, however many it takes otherwise. Nothing else changes: calls are admitted as before,
  /// and without a failure of its own the breaker does not open. A success ends it, as do `trust`,
  /// every change of state or mode, and `restore`. No effect unless closed in automatic mode. Takes
  /// no lock.
  /// \see BreakerHints
  void suspect() noexcept { core_.suspect(); }
  /// Ends what `suspect` began; no effect otherwise.
  void trust() noexcept { core_.set_suspicion(false); }

  /// The options in use, with values out of range clamped to the nearest valid value.
  const CircuitBreakerOptions& options() const noexcept { return core_.options(); }

  // Manual control. Each call starts a new generation, so that verdicts of calls admitted before no
  // longer count, and replaces the previous mode; repeating a call has no effect.

  /// Holds it open, for maintenance or to take an upstream out of use: rejects every call.
  void isolate() noexcept { core_.hold(detail::CircuitPhase::isolated, clock_.now()); }
  /// Holds it closed: admits and counts every call, never opens.
  void force_close() noexcept { core_.hold(detail::CircuitPhase::forced_closed, clock_.now()); }
  /// Admits every call and counts none, as if there were no breaker.
  void disable() noexcept { core_.hold(detail::CircuitPhase::disabled, clock_.now()); }
  /// Admits and counts every call. Instead of opening, it counts and reports the event and restarts
  /// counting. For testing thresholds on live traffic.
  void metrics_only() noexcept { core_.hold(detail::CircuitPhase::metrics_only, clock_.now()); }
  /// Returns to automatic mode: closed, all counts zero. No effect if already automatic.
  void automatic() noexcept { core_.release(clock_.now()); }
  /// Resets to the initial state: automatic, closed, all figures zero. Reported unless it was
  /// already automatic and closed.
  void reset() noexcept { core_.reset(clock_.now()); }

 private:
  using Core = detail::CircuitCore<Clock>;

  Permit admit(detail::PackedState word) noexcept;
  Admission acquire_unless_closed(detail::PackedState word) noexcept;

  [[no_unique_address]] const Clock clock_;
  Core core_;
};

/// A permit for one call. Takes one verdict; later ones are ignored. Destroyed without a verdict it
/// is neutral: its slot is released and nothing is decided.
///
/// Move-only. Not thread-safe; may be finished on another thread than it was acquired on.
template <MonotonicClock Clock>
class [[nodiscard]] BasicCircuitBreaker<Clock>::Permit {
 public:
  Permit(Permit&& other) noexcept
      : breaker_(std::exchange(other.breaker_, nullptr)),
        generation_(other.generation_),
        ticket_(other.ticket_),
        since_(other.since_) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      neutral();
      breaker_ = std::exchange(other.breaker_, nullptr);
      generation_ = other.generation_;
      ticket_ = other.ticket_;
      since_ = other.since_;
    }
    return *this;
  }
  ~Permit() { neutral(); }

  /// The call succeeded.
  void success() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) succeeded(*breaker);
  }
  /// The upstream failed. Reads the clock, because failures have a timestamp.
  void failure() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) failed(*breaker);
  }
  /// Not counted against the upstream: for a cancelled call or an invalid request.
  void neutral() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) {
      breaker->core_.abandon(generation_, ticket_);
    }
  }
  /// Records `verdict` by calling the corresponding function above.
  void record(Verdict verdict) noexcept {
    switch (verdict) {
      case Verdict::success:
        return success();
      case Verdict::failure:
        return failure();
      case Verdict::neutral:
        return neutral();
    }
  }
  /// Whether the call is a probe, whose verdict decides if the circuit closes.
  bool is_probe() const noexcept { return ticket_ != detail::kNoTicket; }

 private:
  friend class BasicCircuitBreaker;
  using Core = detail::CircuitCore<Clock>;

  Permit(BasicCircuitBreaker& breaker, std::uint64_t generation, detail::Ticket ticket,
         TimePoint since) noexcept
      : breaker_(&breaker), generation_(generation), ticket_(ticket), since_(since) {}

  void succeeded(BasicCircuitBreaker& breaker) const noexcept {
    Core& core = breaker.core_;
    if (!is_probe() && !core.windowed()) return core.forget_failures(generation_);
    if (is_probe() || core.watches_slow() || core.judges_by_time()) {
      return judge(core, {}, breaker.clock_.now());
    }
    if (!core.record(generation_, {}, std::nullopt)) {
      core.record(generation_, {}, breaker.clock_.now());
    }
  }
  void failed(BasicCircuitBreaker& breaker) const noexcept {
    Core& core = breaker.core_;
    const TimePoint now = breaker.clock_.now();
    if (!is_probe() && !core.windowed()) return core.count_failure(generation_, now);
    judge(core, {.failed = 1}, now);
  }
  void judge(Core& core, detail::CallOutcome outcome, TimePoint now) const noexcept {
    if (core.watches_slow()) outcome.slow = core.slow(now - since_) ? 1 : 0;
    if (is_probe()) return core.conclude_probe(ticket_, outcome, now);
    core.record(generation_, outcome, now);
  }

  BasicCircuitBreaker* breaker_;
  std::uint64_t generation_;
  detail::Ticket ticket_;
  TimePoint since_;  ///< Time of admission; unset if not needed.
};

template <MonotonicClock Clock>
typename BasicCircuitBreaker<Clock>::Permit BasicCircuitBreaker<Clock>::admit(
    detail::PackedState word) noexcept {
  const TimePoint since = core_.watches_slow() ? clock_.now() : TimePoint();
  return Permit(*this, word.generation(), detail::kNoTicket, since);
}

template <MonotonicClock Clock>
typename BasicCircuitBreaker<Clock>::Admission BasicCircuitBreaker<Clock>::acquire_unless_closed(
    detail::PackedState word) noexcept {
  if (word.state() == CircuitState::closed) return admit(word);
  const TimePoint now = clock_.now();
  const typename Core::Answer answer = core_.acquire(now);
  if (!answer.admitted) return tl::unexpected(answer.rejection);
  return Permit(*this, answer.generation, answer.ticket, now);
}

/// The breaker on the machine's monotonic clock.
using CircuitBreaker = BasicCircuitBreaker<SteadyClock>;

}  // namespace v0
}  // namespace vx11
