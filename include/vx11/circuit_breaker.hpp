#pragma once

/// \file
/// `CircuitBreaker`: stops calling what keeps failing, and finds out by a few probes when to call
/// again.
///
/// Usable alone: this header needs the standard library and tl::expected. How the hot path came to
/// be two loads: docs/design/circuit_breaker.md.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11::inline v0 {

/// The three states of M. Nygard's circuit breaker ("Release It!", 2007).
enum class CircuitState : std::uint8_t {
  closed,     ///< Calls pass; failures are counted.
  open,       ///< Calls are rejected at once.
  half_open,  ///< A few calls pass as probes; their verdicts decide.
};

/// The state as a stable word: "closed", "open", "half_open".
constexpr std::string_view to_string(CircuitState state) noexcept {
  switch (state) {
    case CircuitState::closed:
      return "closed";
    case CircuitState::open:
      return "open";
    case CircuitState::half_open:
      return "half_open";
  }
  return "unknown";
}

/// Why a call was not admitted, and when asking again makes sense.
struct Rejection {
  CircuitState state = CircuitState::open;  ///< `open`, or `half_open` with every probe under way.
  Duration retry_after = {};                ///< From now; by then the breaker may admit a call.
};

/// A change of state, as the listener is told of it.
struct CircuitTransition {
  CircuitState from = CircuitState::closed;
  CircuitState to = CircuitState::closed;
  std::uint64_t generation = 0;  ///< Of the state entered; grows by one with every change.
  TimePoint at = {};             ///< When it happened.
};

/// What a breaker looks like at one moment. Taking it changes nothing.
struct CircuitSnapshot {
  CircuitState state = CircuitState::closed;  ///< Effective, as `CircuitBreaker::state()`.
  std::uint64_t generation = 0;
  std::uint32_t failures = 0;  ///< In a row, failed probes included; back to 0 when it closes.
  Duration retry_after = {};   ///< What is left of the open time; zero unless open.
  std::optional<TimePoint> last_failure = std::nullopt;  ///< The newest failure that counted.
};

/// The description of a breaker. Values out of range are drawn to the nearest that works.
struct CircuitBreakerOptions {
  /// Failures in a row that open it; at least 1, at most 4,194,303. Three rides out one lost packet
  /// and one retry of it, and still notices a dead upstream within three calls.
  std::uint32_t failures_to_open = 3;
  /// How long it stays open before a probe is let through. A minute lets a service restart in
  /// peace; take less where a failed probe is cheap.
  Duration open_for = std::chrono::seconds(60);
  /// Probes let through while half-open; at least 1. When all have succeeded it closes, when one
  /// fails it opens again. One is the gentlest to an upstream that has just come back.
  std::uint32_t probes = 1;
  /// After this long without a verdict a probe is given up and its slot handed to another, so that
  /// a caller who never reports cannot hold the breaker half-open for ever. Longer than any call
  /// takes.
  Duration probe_limit = std::chrono::seconds(30);
  /// Told of every change of state, in order, one at a time, outside every lock, on the thread
  /// whose call made or observed it; may call back into the breaker. Exceptions it throws are
  /// dropped.
  std::function<void(const CircuitTransition&)> on_transition = {};
};

namespace detail {

/// State, count of failures and generation in one word, so that one load sees all three agree.
class CircuitWord {
 public:
  static constexpr std::uint32_t kMaxFailures = (1U << 22) - 1;

  constexpr CircuitWord() noexcept = default;
  constexpr explicit CircuitWord(std::uint64_t bits) noexcept : bits_(bits) {}
  constexpr CircuitWord(CircuitState state, std::uint32_t failures,
                        std::uint64_t generation) noexcept
      : bits_(generation << 24U | std::uint64_t{std::min(failures, kMaxFailures)} << 2U |
              static_cast<std::uint64_t>(state)) {}

  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr CircuitState state() const noexcept { return static_cast<CircuitState>(bits_ & 3U); }
  constexpr std::uint32_t failures() const noexcept {
    return static_cast<std::uint32_t>(bits_ >> 2U) & kMaxFailures;
  }
  constexpr std::uint64_t generation() const noexcept { return bits_ >> 24U; }
  constexpr CircuitWord with_failures(std::uint32_t failures) const noexcept {
    return CircuitWord(state(), failures, generation());
  }
  constexpr CircuitWord next(CircuitState state, std::uint32_t failures) const noexcept {
    return CircuitWord(state, failures, generation() + 1);
  }

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace detail

/// Admits calls while they succeed, rejects them at once after too many failures in a row, and lets
/// a fixed number of probes through when the open time has passed.
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
/// **Thread-safety**: every member may be called from any thread. Admission and success while
/// closed take no lock, read no clock and allocate nothing.
/// **Lifetime**: the breaker outlives its permits. Neither copied nor moved; share it by
/// `std::shared_ptr`.
/// **Errors**: none; nothing here throws.
/// **Generations**: every change of state starts a new one, and a verdict counts only in the
/// generation that admitted it. A success from before the break does not close it, a late failure
/// does not extend it.
template <MonotonicClock Clock = SteadyClock>
class BasicCircuitBreaker {
 public:
  class Permit;
  using Admission = tl::expected<Permit, Rejection>;

  explicit BasicCircuitBreaker(CircuitBreakerOptions options = {}, Clock clock = {})
      : options_(in_range(std::move(options))), clock_(clock), slots_(options_.probes) {}
  BasicCircuitBreaker(const BasicCircuitBreaker&) = delete;
  BasicCircuitBreaker& operator=(const BasicCircuitBreaker&) = delete;
  ~BasicCircuitBreaker() = default;

  /// Asks to make one call now.
  /// \return a permit that takes the call's verdict, or when to ask again.
  Admission try_acquire() noexcept {
    const Word word = load();
    if (word.state() == CircuitState::closed) [[likely]] {
      return Permit(*this, word.generation(), kNoTicket);
    }
    return acquire_unless_closed(word);
  }

  /// The effective state: an open breaker whose time has passed reads as half-open, whoever looks
  /// and however often. Looking changes nothing.
  CircuitState state() const noexcept { return snapshot().state; }

  CircuitSnapshot snapshot() const noexcept {
    const auto [word, until] = load_with_deadline();
    CircuitSnapshot seen;
    seen.state = word.state();
    seen.generation = word.generation();
    seen.failures = word.failures();
    if (word.state() == CircuitState::open) {
      seen.retry_after = Deadline(until).remaining(clock_.now());
      if (seen.retry_after == Duration::zero()) seen.state = CircuitState::half_open;
    }
    const Duration::rep failed_at = last_failure_.load(std::memory_order_relaxed);
    if (failed_at != kNeverFailed) seen.last_failure = TimePoint(Duration(failed_at));
    return seen;
  }

  const CircuitBreakerOptions& options() const noexcept { return options_; }

 private:
  using Word = detail::CircuitWord;
  using Ticket = std::uint64_t;

  /// A place for one probe. A ticket is used once, so an overdue probe cannot speak for its
  /// successor.
  struct Slot {
    Ticket ticket = kNoTicket;
    TimePoint overdue_at = TimePoint::min();
  };

  static constexpr Ticket kNoTicket = 0;
  static constexpr Ticket kSpent = ~Ticket{0};  ///< Its probe succeeded; not given out again.
  static constexpr Duration::rep kNeverFailed = Duration::min().count();

  static CircuitBreakerOptions in_range(CircuitBreakerOptions options) noexcept {
    options.failures_to_open = std::clamp(options.failures_to_open, 1U, Word::kMaxFailures);
    options.open_for = std::max(options.open_for, Duration::zero());
    options.probes = std::max(options.probes, 1U);
    options.probe_limit = std::max(options.probe_limit, Duration(1));
    return options;
  }

  Word load() const noexcept { return Word(word_.load(std::memory_order_acquire)); }
  bool replace(Word& seen, Word by) noexcept {
    std::uint64_t bits = seen.bits();
    const bool done = word_.compare_exchange_weak(bits, by.bits(), std::memory_order_acq_rel,
                                                  std::memory_order_acquire);
    seen = Word(bits);
    return done;
  }

  /// The word and the open deadline that belongs to it: read again if a transition came in between.
  std::pair<Word, TimePoint> load_with_deadline() const noexcept {
    for (Word word = load();;) {
      const TimePoint until(Duration(open_until_.load(std::memory_order_acquire)));
      const Word again = load();
      if (again.generation() == word.generation()) return {again, until};
      word = again;
    }
  }

  Admission acquire_unless_closed(Word word) noexcept {
    const TimePoint now = clock_.now();
    if (word.state() == CircuitState::open) {
      const auto [current, until] = load_with_deadline();
      if (current.state() == CircuitState::open && now < until) return reject_open(until - now);
    }
    Admission admission = acquire_locked(now);
    deliver();
    return admission;
  }

  Admission acquire_locked(TimePoint now) noexcept {
    const std::lock_guard lock(mutex_);
    Word word = load();
    if (word.state() == CircuitState::closed) return Permit(*this, word.generation(), kNoTicket);
    if (word.state() == CircuitState::open) {
      const TimePoint until(Duration(open_until_.load(std::memory_order_relaxed)));
      if (now < until) return reject_open(until - now);
      word = enter(word.next(CircuitState::half_open, word.failures()), now);
    }
    return acquire_probe(word, now);
  }

  Admission acquire_probe(Word word, TimePoint now) noexcept {
    const auto slot = std::min_element(slots_.begin(), slots_.end(), [](auto& a, auto& b) {
      return a.overdue_at < b.overdue_at;  // free ones first, then the longest overdue
    });
    if (now < slot->overdue_at) {
      return tl::unexpected(Rejection{CircuitState::half_open, slot->overdue_at - now});
    }
    *slot = Slot{++last_ticket_, Deadline::after(now, options_.probe_limit).at()};
    return Permit(*this, word.generation(), slot->ticket);
  }

  static Admission reject_open(Duration retry_after) noexcept {
    return tl::unexpected(Rejection{CircuitState::open, retry_after});
  }

  void succeeded(std::uint64_t generation, Ticket ticket) noexcept {
    if (ticket != kNoTicket) return probe_succeeded(ticket);
    Word word = load();
    while (word.state() == CircuitState::closed && word.generation() == generation &&
           word.failures() != 0) {
      if (replace(word, word.with_failures(0))) return;
    }
  }

  void failed(std::uint64_t generation, Ticket ticket) noexcept {
    const TimePoint now = clock_.now();
    if (ticket != kNoTicket) return probe_failed(ticket, now);
    Word word = load();
    while (word.state() == CircuitState::closed && word.generation() == generation) {
      if (word.failures() + 1 >= options_.failures_to_open)
        return open_from_closed(generation, now);
      if (replace(word, word.with_failures(word.failures() + 1))) return remember_failure(now);
    }
  }

  /// Only the failure that wins here arms the deadline; those that come later find another
  /// generation.
  void open_from_closed(std::uint64_t generation, TimePoint now) noexcept {
    {
      const std::lock_guard lock(mutex_);
      Word word = load();
      if (word.state() != CircuitState::closed || word.generation() != generation) return;
      open_until_.store(open_deadline(now), std::memory_order_release);
      while (!replace(word, after_failure(word))) {
      }
      remember_failure(now);
      if (word_is_open()) note(CircuitState::closed, now);
    }
    deliver();
  }

  /// A success may have reset the count in between; then this failure is just the first.
  Word after_failure(Word word) const noexcept {
    const std::uint32_t failures = word.failures() + 1;
    if (failures >= options_.failures_to_open) return word.next(CircuitState::open, failures);
    return word.with_failures(failures);
  }

  void probe_succeeded(Ticket ticket) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (!settle(ticket, Slot{kSpent, TimePoint::max()})) return;
      if (++probe_successes_ < options_.probes) return;
      enter(load().next(CircuitState::closed, 0), clock_.now());
    }
    deliver();
  }

  void probe_failed(Ticket ticket, TimePoint now) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (!settle(ticket, Slot{})) return;
      remember_failure(now);
      open_until_.store(open_deadline(now), std::memory_order_release);
      const Word word = load();
      enter(word.next(CircuitState::open, word.failures() + 1), now);
    }
    deliver();
  }

  void abandoned(Ticket ticket) noexcept {
    if (ticket == kNoTicket) return;
    const std::lock_guard lock(mutex_);
    settle(ticket, Slot{});
  }

  // What follows is called with the mutex held.

  /// Ends a probe's hold on its slot. \return false for a probe that was given up before.
  bool settle(Ticket ticket, Slot to) noexcept {
    const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                   [=](const Slot& s) { return s.ticket == ticket; });
    if (slot == slots_.end()) return false;
    *slot = to;
    return true;
  }

  /// Only the mutex's holder changes the state, and outside closed nothing else touches the word.
  Word enter(Word word, TimePoint now) noexcept {
    const CircuitState from = load().state();
    std::fill(slots_.begin(), slots_.end(), Slot{});
    probe_successes_ = 0;
    word_.store(word.bits(), std::memory_order_release);
    note(from, now);
    return word;
  }

  void note(CircuitState from, TimePoint now) {
    if (!options_.on_transition) return;
    const Word word = load();
    untold_.push_back(CircuitTransition{from, word.state(), word.generation(), now});
  }

  bool word_is_open() const noexcept { return load().state() == CircuitState::open; }
  void remember_failure(TimePoint now) noexcept {
    last_failure_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  Duration::rep open_deadline(TimePoint now) const noexcept {
    return Deadline::after(now, options_.open_for).at().time_since_epoch().count();
  }

  /// Tells the listener what is still untold. Whoever is already telling tells ours too, which
  /// keeps the order and lets a listener call back into the breaker.
  void deliver() noexcept {
    if (!options_.on_transition) return;
    std::unique_lock lock(mutex_);
    if (std::exchange(telling_, true)) return;
    while (!untold_.empty()) {
      const CircuitTransition transition = untold_.front();
      untold_.pop_front();
      lock.unlock();
      try {
        options_.on_transition(transition);
      } catch (...) {  // a listener's mistake must not decide whether calls are admitted
      }
      lock.lock();
    }
    telling_ = false;
  }

  const CircuitBreakerOptions options_;
  [[no_unique_address]] const Clock clock_;
  std::atomic<std::uint64_t> word_{0};
  std::atomic<Duration::rep> open_until_{0};
  std::atomic<Duration::rep> last_failure_{kNeverFailed};

  std::mutex mutex_;
  std::vector<Slot> slots_;
  Ticket last_ticket_ = kNoTicket;
  std::uint32_t probe_successes_ = 0;
  std::deque<CircuitTransition> untold_;
  bool telling_ = false;
};

/// The right to make one call. Say what came of it once, or drop it: dropped without a word it is
/// neutral, its slot comes back and nothing is counted. Later words are ignored.
///
/// Move-only. Not thread-safe in itself; may be finished on another thread than it was acquired on.
template <MonotonicClock Clock>
class [[nodiscard]] BasicCircuitBreaker<Clock>::Permit {
 public:
  Permit(Permit&& other) noexcept
      : breaker_(std::exchange(other.breaker_, nullptr)),
        generation_(other.generation_),
        ticket_(other.ticket_) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      neutral();
      breaker_ = std::exchange(other.breaker_, nullptr);
      generation_ = other.generation_;
      ticket_ = other.ticket_;
    }
    return *this;
  }
  ~Permit() { neutral(); }

  /// The call did what it should.
  void success() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->succeeded(generation_, ticket_);
  }
  /// The upstream is to blame. Reads the clock, because failures are dated.
  void failure() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->failed(generation_, ticket_);
  }
  /// Says nothing about the upstream: the caller went away, the request was wrong.
  void neutral() noexcept {
    if (auto* breaker = std::exchange(breaker_, nullptr)) breaker->abandoned(ticket_);
  }
  /// Whether the verdict of this call decides if the circuit closes.
  bool is_probe() const noexcept { return ticket_ != kNoTicket; }

 private:
  friend class BasicCircuitBreaker;
  Permit(BasicCircuitBreaker& breaker, std::uint64_t generation, Ticket ticket) noexcept
      : breaker_(&breaker), generation_(generation), ticket_(ticket) {}

  BasicCircuitBreaker* breaker_;
  std::uint64_t generation_;
  Ticket ticket_;
};

/// The breaker on the machine's monotonic clock.
using CircuitBreaker = BasicCircuitBreaker<SteadyClock>;

}  // namespace vx11::inline v0
