#pragma once

/// \file
/// Draws the values of a breaker's description to the nearest that work. Internal.

#include <vx11/circuit_breaker/detail/word.hpp>
#include <vx11/circuit_breaker/options.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <variant>

namespace vx11::inline v0::detail {

/// Like `std::clamp`, but what is no number becomes the greatest.
constexpr double drawn(double value, double least, double greatest) noexcept {
  if (value < least) return least;
  return value <= greatest ? value : greatest;
}

inline void draw_slow_in_range(std::optional<SlowCalls>& slow) noexcept {
  if (slow) slow->rate = drawn(slow->rate, 0.0, 1.0);
}

inline void draw_in_range(ConsecutiveFailures&) noexcept {}
inline void draw_in_range(CountWindow& window) noexcept {
  window.size = std::clamp(window.size, 1U, 1'000'000U);
  window.minimum_calls = std::clamp(window.minimum_calls, 1U, window.size);
  window.failure_rate = drawn(window.failure_rate, 0.0, 1.0);
  draw_slow_in_range(window.slow);
}
inline void draw_in_range(TimeWindow& window) noexcept {
  window.span = std::clamp<Duration>(window.span, Duration(1), std::chrono::hours(24 * 365));
  window.buckets = std::clamp(window.buckets, 1U, 1'000U);
  window.minimum_calls = std::max(window.minimum_calls, 1U);
  window.failure_rate = drawn(window.failure_rate, 0.0, 1.0);
  draw_slow_in_range(window.slow);
}
inline void draw_in_range(OpenGrowth& growth) noexcept {
  constexpr double kMost = std::numeric_limits<double>::max();
  growth.factor = growth.factor >= 1.0 ? growth.factor : 1.0;
  growth.at_most = std::max(growth.at_most, Duration::zero());
  growth.jitter.from = growth.jitter.from >= 0.0 ? growth.jitter.from : 0.0;
  growth.jitter.to = drawn(growth.jitter.to, growth.jitter.from, kMost);
}

inline CircuitBreakerOptions in_range(CircuitBreakerOptions options) noexcept {
  options.failures_to_open = std::clamp(options.failures_to_open, 1U, CircuitWord::kMaxFailures);
  options.open_for = std::max(options.open_for, Duration::zero());
  options.probes = std::clamp(options.probes, 1U, 1'000U);
  options.probes_to_close = std::clamp(options.probes_to_close, 1U, options.probes);
  options.probe_limit = std::max(options.probe_limit, Duration(1));
  std::visit([](auto& trip) { draw_in_range(trip); }, options.trip);
  draw_in_range(options.growth);
  return options;
}

}  // namespace vx11::inline v0::detail
