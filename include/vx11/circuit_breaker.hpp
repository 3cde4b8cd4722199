#pragma once

/// \file
/// `CircuitBreaker`: stops calling what keeps failing, and finds out by a few probes when to call
/// again.
///
/// Usable alone: this header needs the standard library and tl::expected. How the hot path came to
/// be two loads, and what the windows cost: docs/design/circuit_breaker.md.

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

/// Admits calls while they succeed, rejects them at once after too many failures, and lets a fixed
/// number of probes through when the open time has passed.
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
/// What opens it is a choice: failures in a row (the default), or the share of failed or slow calls
/// in a window.
/// ```cpp
/// vx11::CircuitBreaker breaker{{.trip = vx11::CountWindow{.size = 100, .failure_rate = 0.3}}};
/// ```
///
/// **Thread-safety**: every member may be called from any thread. In consecutive mode admission and
/// success while closed take no lock and read no clock. With a window a verdict takes a lock for a
/// few nanoseconds. Nothing is allocated after construction, unless a listener lags behind.
/// **Lifetime**: the breaker outlives its permits. Neither copied nor moved; share it by
/// `std::shared_ptr`.
/// **Errors**: nothing here throws, but for what the caller's own callables throw.
/// **Generations**: every change of state or mode starts a new one, and a verdict counts only in
/// the generation that admitted it. A success from before the break does not close it, a late
/// failure does not extend it.
template <MonotonicClock Clock = SteadyClock>
class BasicCircuitBreaker {
 public:
  class Permit;
  using Admission = tl::expected<Permit, Rejection>;

  explicit BasicCircuitBreaker(CircuitBreakerOptions options = {}, Clock clock = {})
      : clock_(clock), core_(std::move(options), clock_.now()) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicCircuitBreaker> create(CircuitBreakerOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicCircuitBreaker>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicCircuitBreaker(const BasicCircuitBreaker&) = delete;
  BasicCircuitBreaker& operator=(const BasicCircuitBreaker&) = delete;
  ~BasicCircuitBreaker() = default;

  /// Asks to make one call now.
  /// \return a permit that takes the call's verdict, or when to ask again.
  Admission try_acquire() noexcept {
    const auto word = core_.load();
    if (word.phase() == detail::CircuitPhase::closed) [[likely]]
      return admit(word);
    return acquire_unless_closed(word);
  }

  /// Makes `call` if it is admitted, judges its result and returns it.
  ///
  /// \param call takes nothing. A `Result<T>` that it returns is returned as it is, any other `T` as
  /// the value of a `Result<T>`.
  /// \param classify returns the `Verdict` on the result; not called where `call` returns nothing,
  /// which is a success.
  /// \return the result, or an error with the code `circuit_open` and the `retry_after` of the
  /// rejection.
  ///
  /// An exception from `call` is a failure, one from `classify` is neutral; both pass through to the
  /// caller. No lock is held meanwhile. A call that is awaited takes `async_run`; in a pipeline the
  /// breaker stands as `std::ref(breaker)`.
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

  /// The same for a call that returns a `Task<Result<T>>`. Nothing happens until the task is
  /// awaited; the breaker outlives it.
  /// ```cpp
  /// auto reply = co_await breaker.async_run([&] { return client.async_get(url); });
  /// ```
  template <std::invocable Call, class Classify = CallVerdict>
  std::invoke_result_t<Call&> async_run(Call call, Classify classify = {}) {
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

  /// The effective state: an open breaker whose time has passed reads as half-open, whoever looks
  /// and however often. Looking changes nothing and takes no lock.
  CircuitState state() const noexcept {
    const auto [word, until] = core_.load_with_deadline();
    if (word.phase() != detail::CircuitPhase::open) return word.state();
    return clock_.now() < until ? CircuitState::open : CircuitState::half_open;
  }
  CircuitMode mode() const noexcept { return core_.load().mode(); }

  /// State and figures, of one moment. With a window it takes the lock for a few nanoseconds.
  CircuitSnapshot snapshot() const noexcept { return core_.snapshot(clock_.now()); }

  /// As in use: what was out of range is the nearest value that works.
  const CircuitBreakerOptions& options() const noexcept { return core_.options(); }

  // Taking the decision from the breaker. Each starts a new generation, so that no verdict of a
  // call admitted before counts afterwards, and ends the mode before it; doing it twice is doing it
  // once.

  /// Holds it open, for maintenance or to shed an upstream: rejects every call.
  void isolate() noexcept { core_.hold(detail::CircuitPhase::isolated, clock_.now()); }
  /// Holds it closed: admits every call, counts, and never opens.
  void force_close() noexcept { core_.hold(detail::CircuitPhase::forced_closed, clock_.now()); }
  /// Admits every call and counts none, as though there were no breaker.
  void disable() noexcept { core_.hold(detail::CircuitPhase::disabled, clock_.now()); }
  /// Admits every call and counts; each time it would have opened is counted and told instead of
  /// done, and counting starts anew. For trying limits on live traffic.
  void metrics_only() noexcept { core_.hold(detail::CircuitPhase::metrics_only, clock_.now()); }
  /// Gives the decision back: closed, with nothing counted yet. Nothing happens if the breaker
  /// decides already.
  void automatic() noexcept { core_.release(clock_.now()); }
  /// As newly made: automatic, closed, all figures forgotten. Told unless it was automatic and
  /// closed before.
  void reset() noexcept { core_.reset(clock_.now()); }

 private:
  using Core = detail::CircuitCore<Clock>;

  Permit admit(detail::PackedState word) noexcept;
  Admission acquire_unless_closed(detail::PackedState word) noexcept;

  [[no_unique_address]] const Clock clock_;
  Core core_;
};

/// The right to make one call. Say what came of it once, or drop it: dropped without a word it is
/// neutral, its slot comes back and it decides nothing. Later words are ignored.
///
/// Move-only. Not thread-safe in itself; may be finished on another thread than it was acquired on.
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

  /// The call did what it should.
  void success() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) succeeded(*breaker);
  }
  /// The upstream is to blame. Reads the clock, because failures are dated.
  void failure() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) failed(*breaker);
  }
  /// Says nothing about the upstream: the caller went away, the request was wrong.
  void neutral() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) {
      breaker->core_.abandon(generation_, ticket_);
    }
  }
  /// One of the three.
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
  /// Whether the verdict of this call decides if the circuit closes.
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
  TimePoint since_;  ///< When it was admitted, if that matters.
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
