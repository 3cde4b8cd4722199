#pragma once

/// \file
/// The value types of a circuit breaker: states, modes, transitions and snapshots.

#include <vx11/clock.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The three states of M. Nygard's circuit breaker ("Release It!", 2007).
enum class CircuitState : std::uint8_t {
  closed,     ///< Calls pass; their verdicts are counted.
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

/// Who controls the state: the breaker itself, or the program by manual control.
enum class CircuitMode : std::uint8_t {
  automatic,      ///< The breaker decides.
  isolated,       ///< Held open: every call is rejected.
  forced_closed,  ///< Held closed: every call passes and is counted.
  disabled,       ///< As if there were no breaker: every call passes, none is counted.
  metrics_only,   ///< Every call passes; calls and would-be openings are counted.
};

/// The mode as a stable word: "automatic", "isolated", "forced_closed", "disabled", "metrics_only".
constexpr std::string_view to_string(CircuitMode mode) noexcept {
  switch (mode) {
    case CircuitMode::automatic:
      return "automatic";
    case CircuitMode::isolated:
      return "isolated";
    case CircuitMode::forced_closed:
      return "forced_closed";
    case CircuitMode::disabled:
      return "disabled";
    case CircuitMode::metrics_only:
      return "metrics_only";
  }
  return "unknown";
}

/// A change of state or mode, as reported to the listener.
struct CircuitTransition {
  CircuitState from = CircuitState::closed;
  CircuitState to = CircuitState::closed;
  std::uint64_t generation = 0;  ///< Of the state entered; grows by one with every change.
  TimePoint at = {};             ///< When it happened.
  /// The mode after the transition. In `metrics_only` a transition to `open` is one that would have
  /// happened: the generation stays, and calls are still admitted.
  CircuitMode mode = CircuitMode::automatic;
  /// `CircuitBreakerOptions::name` of the breaker; valid during the listener's call.
  std::string_view name = {};
};

/// The figures of a window at one moment.
struct WindowFigures {
  std::uint32_t calls = 0;     ///< Successes and failures; neutral calls do not count.
  std::uint32_t failures = 0;  ///< Of the calls.
  std::uint32_t slow = 0;      ///< Of the calls, successes and failures alike.

  /// The share of failures, 0 to 1; 0 without calls.
  double failure_rate() const noexcept { return share(failures); }
  /// The share of slow calls, 0 to 1; 0 without calls.
  double slow_rate() const noexcept { return share(slow); }

  friend bool operator==(const WindowFigures&, const WindowFigures&) = default;

 private:
  double share(std::uint32_t part) const noexcept {
    return calls == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(calls);
  }
};

/// Totals since construction or reset. Stale verdicts are not counted.
struct CircuitTotals {
  std::uint64_t successes = 0;  ///< Only with a window: in consecutive mode nothing is written
                                ///< while all is well.
  std::uint64_t failures = 0;
  std::uint64_t neutral = 0;            ///< Explicit, or permits dropped without a verdict.
  std::uint64_t slow = 0;               ///< Only if slow calls are measured.
  std::uint64_t rejected = 0;           ///< Calls that were not admitted.
  std::uint64_t would_have_opened = 0;  ///< In `metrics_only` mode.
  std::uint64_t probes = 0;             ///< Admitted while half-open.
};

/// A consistent view of a breaker at one moment. Taking it changes nothing.
struct CircuitSnapshot {
  CircuitState state = CircuitState::closed;  ///< Effective, as `CircuitBreaker::state()`.
  std::uint64_t generation = 0;
  /// In consecutive mode the consecutive failures, failed probes included; with a window the failed
  /// probes since it opened. Reset to 0 when it closes.
  std::uint32_t failures = 0;
  Duration retry_after = {};                             ///< Remaining open time; zero unless open.
  std::optional<TimePoint> last_failure = std::nullopt;  ///< The newest failure that counted.
  CircuitMode mode = CircuitMode::automatic;
  /// Figures of the window, if there is one. While open or half-open: what remains of those that
  /// opened it.
  WindowFigures window = {};
  CircuitTotals totals = {};
  TimePoint taken_at = {};  ///< By the breaker's clock; gives `last_failure` an age.
  /// The open time of the next opening, before jitter; grows with each consecutive reopening.
  Duration next_open_time = {};
  bool is_suspected = false;  ///< By `CircuitBreaker::suspect`: the next failure opens it.
};

}  // namespace v0
}  // namespace vx11
