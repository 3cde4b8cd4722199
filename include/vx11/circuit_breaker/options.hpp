#pragma once

/// \file
/// The options of a circuit breaker.

#include <vx11/circuit_breaker/types.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/events.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <variant>

namespace vx11 {
inline namespace v0 {

/// When a call counts as slow, and how many slow calls open the circuit. Costs one clock read at
/// admission and one at the verdict.
struct SlowCalls {
  /// Time from the permit to the verdict; a call that takes this long or longer is slow.
  Duration after = std::chrono::seconds(5);
  /// The share of slow calls in the window that opens the circuit; above 0, at most 1. All of them
  /// by default, so that a few long responses do not open it; use less if slowness is a symptom of
  /// failure.
  double rate = 1.0;
};

/// Opens after `CircuitBreakerOptions::failures_to_open` consecutive failures. The cheapest: a
/// success costs two loads. Suits upstreams that either work or fail completely.
struct ConsecutiveFailures {};

/// Opens when the share of failures in the last `size` calls is too large. Evaluated after every
/// call.
struct CountWindow {
  /// Calls stored, one byte each; 1 to 1,000,000.
  std::uint32_t size = 100;
  /// Fewer calls than this never open it; 1 to `size`. One failure of one call is 100 %.
  std::uint32_t minimum_calls = 20;
  /// The share of failures that opens it; above 0, at most 1. Needs at least one failure.
  double failure_rate = 0.5;
  /// Also opens for slow calls. Off by default, because it costs clock reads.
  std::optional<SlowCalls> slow = std::nullopt;
};

/// Opens when the share of failures in the last `span` is too large. Evaluated after every call.
struct TimeWindow {
  /// Length of the window; 1 ns to 365 days.
  Duration span = std::chrono::seconds(60);
  /// The parts in which the span expires; 1 to 1,000. With n of them the window covers at least
  /// span * (n-1)/n and at most span. Twelve bytes each.
  std::uint32_t buckets = 10;
  /// Fewer calls than this never open it; at least 1.
  std::uint32_t minimum_calls = 20;
  /// The share of failures that opens it; above 0, at most 1. Needs at least one failure.
  double failure_rate = 0.5;
  /// Also opens for slow calls. Off by default, because it costs one more clock read.
  std::optional<SlowCalls> slow = std::nullopt;
};

/// The condition that opens a circuit.
using TripCondition = std::variant<ConsecutiveFailures, CountWindow, TimeWindow>;

/// Randomises open times, so that a thousand clients of one upstream do not all probe it at the
/// same moment: each is multiplied by a number uniform between `from` and `to`.
struct OpenJitter {
  double from = 1.0;  ///< At least 0.
  double to = 1.0;    ///< At least `from`.

  /// From zero to the whole open time.
  static constexpr OpenJitter full() noexcept { return {0.0, 1.0}; }
  /// `share` more or less: `around(0.2)` turns a minute into 48 s to 72 s.
  static constexpr OpenJitter around(double share) noexcept { return {1.0 - share, 1.0 + share}; }
};

/// How the open time grows while probes keep failing. Closing resets it.
struct OpenGrowth {
  /// Each consecutive reopening takes this many times as long as the one before; at least 1.
  /// Constant by default; use 2 if probes are expensive.
  double factor = 1.0;
  /// The limit of growth, before jitter. Never shortens `open_for`.
  Duration at_most = std::chrono::minutes(10);
  OpenJitter jitter = {};  ///< None by default; also applies to the first opening.
  /// Source of jitter: numbers uniform in [0, 1). Called outside every lock, one call at a time,
  /// ahead of need. Empty: a generator inside the breaker. Replace it to make tests deterministic.
  /// Exceptions it throws are ignored.
  std::function<double()> random = {};
};

/// Options of a breaker. `validate` reports values out of range; the constructor clamps them to the
/// nearest valid value.
struct CircuitBreakerOptions {
  /// Consecutive failures that open it, unless `trip` says otherwise; at least 1, at most
  /// 4,194,303. Three tolerates one lost packet and one retry of it, and detects a dead upstream
  /// within three calls.
  std::uint32_t failures_to_open = 3;
  /// How long it stays open before a probe is admitted. A minute lets a service restart; use less
  /// if a failed probe is cheap.
  Duration open_for = std::chrono::seconds(60);
  /// Probes admitted while half-open; 1 to 1,000. One puts the least load on an upstream that has
  /// just recovered.
  std::uint32_t probes = 1;
  /// A probe without a verdict after this time expires and its slot is reassigned, so that a caller
  /// that never reports cannot keep the breaker half-open forever. Set it longer than any call
  /// takes.
  Duration probe_timeout = std::chrono::seconds(30);
  /// Called for every change of state or mode, in order, one at a time, outside every lock, on the
  /// thread whose call made or observed it; may call back into the breaker. Exceptions it throws
  /// are ignored.
  std::function<void(const CircuitTransition&)> on_transition = {};
  /// The trip condition.
  TripCondition trip = ConsecutiveFailures{};
  /// Successful probes needed to close it; at least 1. More than `probes` means all of them, the
  /// default. It closes once enough have succeeded, and opens once too few can. If slow calls are
  /// measured, a slow probe counts as failed.
  std::uint32_t probes_to_close = std::numeric_limits<std::uint32_t>::max();
  /// How the open time grows while probes keep failing.
  OpenGrowth growth = {};
  /// Of the upstream, for `CircuitTransition::name` and `Event::name`: one listener can serve many
  /// breakers. Nothing depends on it. Empty by default.
  std::string name = {};
  /// Receives every transition after `on_transition` has, in order, and further `circuit_…` events:
  /// rejections, probes, suspicions. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

}  // namespace v0
}  // namespace vx11
