#pragma once

/// \file
/// The description of a circuit breaker.

#include <vx11/circuit_breaker/types.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/durations.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <variant>

namespace vx11 {
inline namespace v0 {

/// When a call counts as slow, and how many of those are too many. Watching costs a clock read at
/// admission and one at the verdict.
struct SlowCalls {
  /// From the permit to the verdict; a call that takes this long or longer is slow.
  Duration after = std::chrono::seconds(5);
  /// The share of slow calls in the window that opens the circuit; above 0, at most 1. All of them
  /// by default, so that a few long answers do no harm; take less where slowness is a symptom.
  double rate = 1.0;
};

/// Opens after `CircuitBreakerOptions::failures_to_open` failures in a row. The cheapest: success
/// costs two loads. Right for upstreams that work or do not.
struct ConsecutiveFailures {};

/// Opens when too large a share of the last `size` calls failed. Judged after every call.
struct CountWindow {
  /// Calls remembered, a byte each; 1 to 1,000,000.
  std::uint32_t size = 100;
  /// Fewer than this many calls never open it; 1 to `size`. One failure of one call is 100 %.
  std::uint32_t minimum_calls = 20;
  /// The share of failures that opens it; above 0, at most 1. A failure is always needed.
  double failure_rate = 0.5;
  /// Also open for slow calls. Not watched by default, because it costs clock reads.
  std::optional<SlowCalls> slow = std::nullopt;
};

/// Opens when too large a share of the calls of the last `span` failed. Judged after every call.
struct TimeWindow {
  /// How far back it looks; 1 ns to 365 days.
  Duration span = std::chrono::seconds(60);
  /// The parts in which the span is forgotten; 1 to 1,000. With n of them the window reaches back
  /// between span * (n-1)/n and span. Twelve bytes each.
  std::uint32_t buckets = 10;
  /// Fewer than this many calls never open it; at least 1.
  std::uint32_t minimum_calls = 20;
  /// The share of failures that opens it; above 0, at most 1. A failure is always needed.
  double failure_rate = 0.5;
  /// Also open for slow calls. Not watched by default, because it costs a clock read more.
  std::optional<SlowCalls> slow = std::nullopt;
};

/// What opens a circuit.
using TripCondition = std::variant<ConsecutiveFailures, CountWindow, TimeWindow>;

/// Spreads open times, so that a thousand clients of one upstream do not all probe it in the same
/// moment: each is multiplied by a number drawn evenly between `from` and `to`.
struct OpenJitter {
  double from = 1.0;  ///< At least 0.
  double to = 1.0;    ///< At least `from`.

  /// Anything from nothing to the whole open time.
  static constexpr OpenJitter full() noexcept { return {0.0, 1.0}; }
  /// `share` more or less: `around(0.2)` makes 48 s to 72 s of a minute.
  static constexpr OpenJitter around(double share) noexcept { return {1.0 - share, 1.0 + share}; }
};

/// How the open time grows while probes keep failing. Closing starts anew.
struct OpenGrowth {
  /// Each reopening in a row takes this many times as long as the one before; at least 1. Fixed by
  /// default; take 2 where probes are dear.
  double factor = 1.0;
  /// What it does not grow beyond, jitter aside. Never shortens `open_for`.
  Duration at_most = std::chrono::minutes(10);
  OpenJitter jitter = {};  ///< None by default; the first opening is spread too.
  /// Where jitter comes from: even numbers in [0, 1). Called outside every lock, one at a time,
  /// ahead of need. Empty: a generator of the breaker's own. Replace it to make tests
  /// deterministic. Exceptions it throws are dropped.
  std::function<double()> random = {};
};

/// The description of a breaker. `validate` names what is out of range; the constructor
/// uses the nearest value that works.
struct CircuitBreakerOptions {
  /// Failures in a row that open it, unless `trip` says otherwise; at least 1, at most 4,194,303.
  /// Three rides out one lost packet and one retry of it, and still notices a dead upstream within
  /// three calls.
  std::uint32_t failures_to_open = 3;
  /// How long it stays open before a probe is let through. A minute lets a service restart in
  /// peace; take less where a failed probe is cheap.
  Duration open_for = std::chrono::seconds(60);
  /// Probes let through while half-open; 1 to 1,000. One is the gentlest to an upstream that has
  /// just come back.
  std::uint32_t probes = 1;
  /// After this long without a verdict a probe is given up and its slot handed to another, so that
  /// a caller who never reports cannot hold the breaker half-open for ever. Longer than any call
  /// takes.
  Duration probe_timeout = std::chrono::seconds(30);
  /// Told of every change of state or mode, in order, one at a time, outside every lock, on the
  /// thread whose call made or observed it; may call back into the breaker. Exceptions it throws
  /// are dropped.
  std::function<void(const CircuitTransition&)> on_transition = {};
  /// What opens it.
  TripCondition trip = ConsecutiveFailures{};
  /// Probes that have to succeed to close it; at least 1. More than `probes` means all of them, the
  /// default. It closes as soon as so many have, and opens as soon as so many no longer can. Where
  /// slow calls are watched, a slow probe has failed.
  std::uint32_t probes_to_close = std::numeric_limits<std::uint32_t>::max();
  /// How the open time grows while probes keep failing.
  OpenGrowth growth = {};
};

}  // namespace v0
}  // namespace vx11
