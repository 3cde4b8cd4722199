#pragma once

/// \file
/// The breaker without its clock: every decision takes the time as an argument. Internal.

#include <vx11/circuit_breaker/detail/atomic_state.hpp>
#include <vx11/circuit_breaker/detail/counter.hpp>
#include <vx11/circuit_breaker/detail/in_range.hpp>
#include <vx11/circuit_breaker/detail/min_max.hpp>
#include <vx11/circuit_breaker/detail/open_time.hpp>
#include <vx11/circuit_breaker/detail/outbox.hpp>
#include <vx11/circuit_breaker/detail/packed_state.hpp>
#include <vx11/circuit_breaker/detail/probes.hpp>
#include <vx11/circuit_breaker/detail/spin_lock.hpp>
#include <vx11/circuit_breaker/detail/window.hpp>
#include <vx11/circuit_breaker/types.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/rejection.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The state of a breaker: the packed word, and under a lock everything that the word alone does
/// not decide. Thread-safe.
///
/// A template of the clock, although the time is passed in, because unused templates are not
/// instantiated: most files that include a breaker's header only hold a pointer to one.
template <class Clock>
class CircuitCore {
 public:
  using Phase = CircuitPhase;
  using Word = PackedState;

  CircuitCore(CircuitBreakerOptions options, TimePoint now)
      : options_(in_range(std::move(options))),
        window_(options_.trip, now),
        probes_(options_),
        open_time_(options_, seed(now)),
        outbox_(options_) {
    if (options_.growth.random) open_time_.set_draw(outbox_.draw());
  }
  CircuitCore(const CircuitCore&) = delete;
  CircuitCore& operator=(const CircuitCore&) = delete;
  ~CircuitCore() = default;

  const CircuitBreakerOptions& options() const noexcept { return options_; }
  bool windowed() const noexcept { return windowed_; }
  bool watches_slow() const noexcept { return watches_slow_; }
  bool slow(Duration taken) const noexcept { return window_.slow(taken); }
  /// Whether recording a success in the window needs the time.
  bool judges_by_time() const noexcept { return window_.by_time(); }

  Word load() const noexcept { return state_.load(); }
  std::pair<Word, TimePoint> load_with_deadline() const noexcept {
    return state_.load_with_deadline();
  }

  /// The result of an admission request unless simply closed.
  struct Answer {
    bool admitted = false;
    std::uint64_t generation = 0;
    Ticket ticket = kNoTicket;
    Rejection rejection = {};  ///< Unless admitted.
  };

  Answer acquire(TimePoint now) noexcept {
    const auto [word, until] = load_with_deadline();
    if (word.state() == CircuitState::closed) return admit(word);
    if (word.phase() == Phase::isolated) return reject_isolated();
    if (word.phase() == Phase::open && now < until)
      return reject(RejectionReason::circuit_open, until - now);
    const Answer answer = acquire_locked(now);
    deliver();
    return answer;
  }

  /// How long until a call can be admitted; `Duration::max()`: not before it is released by hand.
  Duration admission_wait(TimePoint now) const noexcept {
    const auto [word, until] = load_with_deadline();
    if (word.state() == CircuitState::closed) return Duration::zero();
    if (word.phase() == Phase::isolated) return Duration::max();
    if (word.phase() == Phase::open) return time_left(until, now);
    const std::lock_guard lock(lock_);
    const TimePoint free_at = probes_.next_overdue();
    return now >= free_at ? Duration::zero() : free_at - now;
  }

  /// A success in consecutive mode: writes only if there are failures or a suspicion to reset.
  void forget_failures(std::uint64_t generation) noexcept {
    Word word = load();
    while (!word.is_clean() && word.counts(generation)) {
      if (state_.replace(word, word.with_failures(0))) return;
      SpinLock::step_back();
    }
  }

  /// A failure in consecutive mode.
  void count_failure(std::uint64_t generation, TimePoint now) noexcept {
    Word word = load();
    while (word.counts(generation)) {
      if (word.on_the_brink(options_.failures_to_open)) return count_last_failure(generation, now);
      if (state_.replace(word, word.with_failures(word.failures() + 1))) return failures_.add(now);
      SpinLock::step_back();
    }
  }

  /// Records a call in the window; `now` is the time if known.
  /// \return false, with nothing done, if this call needs the time.
  bool record(std::uint64_t generation, CallOutcome outcome,
              std::optional<TimePoint> now) noexcept {
    {
      const std::lock_guard lock(lock_);
      const Word word = load();
      if (!word.counts(generation)) return true;
      if (!now && window_.completes_minimum()) return false;
      const TimePoint at = now.value_or(TimePoint());
      count_locked(outcome, at);
      const bool exceeds = window_.record(outcome, at);
      if (!confirms_suspicion(word, outcome) && !exceeds) return true;
      react(word, at);
    }
    deliver();
    return true;
  }

  void conclude_probe(Ticket ticket, CallOutcome outcome, TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      const bool failed = outcome.failed != 0 || outcome.slow != 0;
      const auto decision = failed ? probes_.failed(ticket) : probes_.succeeded(ticket);
      if (decision == Probes::Decision::stale) return;
      count_locked(outcome, now);
      const Word word = load();
      const std::uint32_t failures = word.failures() + (failed ? 1 : 0);
      if (decision == Probes::Decision::undecided)
        return state_.store(word.with_failures(failures));
      if (decision == Probes::Decision::open) {
        open(word, failures, now);
      } else {
        enter(word.next(Phase::closed, 0), now);
      }
    }
    deliver();
  }

  void abandon(std::uint64_t generation, Ticket ticket) noexcept {
    if (ticket == kNoTicket) {
      if (load().counts(generation)) totals_.neutral.add();
      return;
    }
    const std::lock_guard lock(lock_);
    if (probes_.abandoned(ticket)) totals_.neutral.add();
  }

  /// Manual control: the breaker stays in `phase` until changed.
  void hold(Phase phase, TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      if (load().phase() == phase) return;
      enter(load().next(phase, 0), now);
    }
    deliver();
  }
  /// Returns to automatic mode, if it was under manual control.
  void release(TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      if (load().mode() == CircuitMode::automatic) return;
      enter(load().next(Phase::closed, 0), now);
    }
    deliver();
  }
  /// Whether the next failure opens. Only a closed breaker in automatic mode can be suspected.
  void set_suspicion(bool is_suspected) noexcept {
    Word word = load();
    while (word.phase() == Phase::closed && word.is_suspected() != is_suspected) {
      if (state_.replace(word, word.with_suspicion(is_suspected))) return;
      SpinLock::step_back();
    }
  }
  /// Ends the open time: the next call is a probe.
  void recovered(TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      const Word word = load();
      if (word.phase() != Phase::open) return;
      enter(word.next(Phase::half_open, word.failures()), now);
    }
    deliver();
  }
  /// Continues in the state of a breaker that was seen `age` ago.
  void restore(const CircuitSnapshot& seen, Duration age, TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      const Duration passed = bounded(age);
      restore_locked(seen, passed, now);
      if (seen.last_failure) {
        failures_.remember(now - passed - bounded(seen.taken_at - *seen.last_failure));
      }
    }
    deliver();
  }
  void reset(TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      enter(load().next(Phase::closed, 0), now);
      failures_.clear();
      rejected_.clear();
      totals_.clear();
    }
    deliver();
  }

  CircuitSnapshot snapshot(TimePoint now) const noexcept {
    std::unique_lock lock(lock_, std::defer_lock);
    if (windowed_ || open_time_.grows()) lock.lock();
    const auto [word, until] = load_with_deadline();
    CircuitSnapshot seen;
    seen.taken_at = now;
    seen.next_open_time = open_time_.planned();
    seen.state = word.state();
    seen.mode = word.mode();
    seen.generation = word.generation();
    seen.failures = word.failures();
    if (word.phase() == Phase::isolated) seen.retry_after = options_.open_for;
    if (word.phase() == Phase::open) {
      seen.retry_after = time_left(until, now);
      if (now >= until) seen.state = CircuitState::half_open;
    }
    seen.is_suspected = word.is_suspected();
    seen.last_failure = failures_.last();
    seen.window = window_.figures(now);
    seen.totals = totals_.with(failures_, rejected_);
    return seen;
  }

 private:
  std::uint64_t seed(TimePoint now) const noexcept {
    return static_cast<std::uint64_t>(now.time_since_epoch().count()) ^
           reinterpret_cast<std::uintptr_t>(this);
  }

  static Answer admit(Word word, Ticket ticket = kNoTicket) noexcept {
    return {.admitted = true, .generation = word.generation(), .ticket = ticket};
  }
  Answer reject(RejectionReason reason, Duration retry_after) noexcept {
    rejected_.add();
    return {.rejection = {.reason = reason, .retry_after = retry_after}};
  }
  Answer reject_isolated() noexcept { return reject(RejectionReason::isolated, options_.open_for); }

  /// Of several concurrent failures the first to get here opens the circuit; the others find a new
  /// generation and must not move its deadline.
  void count_last_failure(std::uint64_t generation, TimePoint now) noexcept {
    {
      const std::lock_guard lock(lock_);
      Word word = load();
      if (!word.counts(generation)) return;
      arm(now);
      Word next;
      do {  // a success may have reset the count; then this failure is the first again
        next = word.after_failure(options_.failures_to_open);
      } while (!state_.replace(word, next));
      failures_.add(now);
      if (next.phase() == Phase::open) opened(word, next, now);
      if (next.phase() == Phase::metrics_only && next.failures() == 0) would_have_opened(next, now);
    }
    deliver();
  }

  // The following are called with the lock held.

  Answer acquire_locked(TimePoint now) noexcept {
    const std::lock_guard lock(lock_);
    Word word = load();
    if (word.state() == CircuitState::closed) return admit(word);
    if (word.phase() == Phase::isolated) return reject_isolated();
    if (word.phase() == Phase::open) {
      const TimePoint until = state_.open_until();
      if (now < until) return reject(RejectionReason::circuit_open, until - now);
      word = word.next(Phase::half_open, word.failures());
      enter(word, now);
    }
    const Ticket ticket = probes_.acquire(now);
    if (ticket != kNoTicket) {
      totals_.probes.add_locked();
      return admit(word, ticket);
    }
    return reject(RejectionReason::probes_busy, probes_.next_overdue() - now);
  }

  void count_locked(CallOutcome outcome, TimePoint now) noexcept {
    if (outcome.slow != 0) totals_.slow.add_locked();
    if (outcome.failed != 0) return failures_.add(now);
    if (windowed_) totals_.successes.add_locked();
  }

  /// Whether this call opens a suspected circuit. A success ends the suspicion.
  bool confirms_suspicion(Word word, CallOutcome outcome) noexcept {
    if (!word.is_suspected()) [[likely]]
      return false;
    if (outcome.failed == 0 && outcome.slow == 0) set_suspicion(false);
    return outcome.failed != 0;
  }
  /// The window has reached its threshold, or a suspicion is confirmed.
  void react(Word word, TimePoint now) noexcept {
    if (word.phase() == Phase::forced_closed) return;
    if (word.phase() == Phase::closed) return open(word, 0, now);
    window_.clear();
    would_have_opened(word, now);
  }
  void restore_locked(const CircuitSnapshot& seen, Duration passed, TimePoint now) noexcept {
    const Word word = load();
    if (seen.mode != CircuitMode::automatic) return enter(word.next(phase_of(seen.mode), 0), now);
    if (seen.state == CircuitState::closed) {
      const std::uint32_t most = windowed_ ? 0 : options_.failures_to_open - 1;
      return enter(word.next(Phase::closed, smaller(seen.failures, most)), now);
    }
    // The deadline of an open word is never moved, so an open breaker is half-open in between.
    if (word.phase() == Phase::open) state_.store(word.next(Phase::half_open, word.failures()));
    open_time_.plan(seen.next_open_time);
    const Duration left = smaller(seen.retry_after, open_time_.longest());
    state_.arm(saturated_add(now, greater(left - passed, Duration::zero())));
    const Word next = load().next(Phase::open, seen.failures);
    state_.store(next);
    entered(word, next, now);
  }
  /// An age from outside: not negative, and small enough to be subtracted from any time.
  static Duration bounded(Duration age) noexcept {
    return smaller(greater(age, Duration::zero()), std::chrono::hours(50 * 365 * 24));
  }
  void arm(TimePoint now) noexcept { state_.arm(saturated_add(now, open_time_.next())); }
  void open(Word from, std::uint32_t failures, TimePoint now) noexcept {
    arm(now);
    const Word next = from.next(Phase::open, failures);
    state_.store(next);
    opened(from, next, now);
  }
  void opened(Word from, Word to, TimePoint now) noexcept {
    open_time_.opened();
    outbox_.want_draw();
    entered(from, to, now);
  }
  void would_have_opened(Word word, TimePoint now) noexcept {
    totals_.would_have_opened.add_locked();
    outbox_.tell({CircuitState::closed, CircuitState::open, word.generation(), now, word.mode()});
  }
  /// Enters any state except open.
  void enter(Word to, TimePoint now) noexcept {
    const Word from = load();
    state_.store(to);
    if (to.state() == CircuitState::closed) {
      window_.clear();
      open_time_.closed();
    }
    entered(from, to, now);
  }
  void entered(Word from, Word to, TimePoint now) noexcept {
    probes_.clear();
    if (from.phase() == to.phase()) return;
    outbox_.tell({from.state(), to.state(), to.generation(), now, to.mode()});
  }

  // The following is called without the lock.

  void deliver() noexcept { outbox_.deliver(lock_, open_time_); }

  const CircuitBreakerOptions options_;

  // Read by every admission; written only by transitions and failures.
  alignas(kCacheLine) AtomicState state_;
  FailureRecord failures_;
  const bool windowed_ = !std::holds_alternative<ConsecutiveFailures>(options_.trip);
  const bool watches_slow_ = slow_calls(options_.trip).has_value();

  StripedCounter rejected_;

  // Written by every verdict if there is a window: on separate cache lines.
  alignas(kCacheLine) mutable SpinLock lock_;
  Counters totals_;
  Window<Clock> window_;
  Probes probes_;
  OpenTime open_time_;
  Outbox<Clock> outbox_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
