#pragma once

/// \file
/// Clamps the options of a breaker to valid values. Internal.

#include <vx11/circuit_breaker/detail/packed_state.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/detail/durations.hpp>

#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Like `std::max`, in place; NaN becomes the minimum.
template <class T>
constexpr void raise(T& value, std::type_identity_t<T> least) noexcept {
  if (!(value >= least)) value = least;
}
/// Like `std::clamp`, in place; NaN becomes the maximum.
template <class T>
constexpr void draw(T& value, std::type_identity_t<T> least,
                    std::type_identity_t<T> greatest) noexcept {
  if (value < least) value = least;
  if (!(value <= greatest)) value = greatest;
}

inline void draw_in_range(std::optional<SlowCalls>& slow) noexcept {
  if (slow) draw(slow->rate, 0.0, 1.0);
}
inline void draw_in_range(CountWindow& window) noexcept {
  draw(window.size, 1, 1'000'000);
  draw(window.minimum_calls, 1, window.size);
  draw(window.failure_rate, 0.0, 1.0);
  draw_in_range(window.slow);
}
inline void draw_in_range(TimeWindow& window) noexcept {
  draw(window.span, Duration(1), std::chrono::hours(24 * 365));
  draw(window.buckets, 1, 1'000);
  raise(window.minimum_calls, 1);
  draw(window.failure_rate, 0.0, 1.0);
  draw_in_range(window.slow);
}
inline void draw_in_range(TripCondition& trip) noexcept {
  if (auto* window = std::get_if<CountWindow>(&trip)) draw_in_range(*window);
  if (auto* window = std::get_if<TimeWindow>(&trip)) draw_in_range(*window);
}
inline void draw_in_range(OpenGrowth& growth) noexcept {
  raise(growth.factor, 1.0);
  raise(growth.at_most, Duration::zero());
  raise(growth.jitter.from, 0.0);
  draw(growth.jitter.to, growth.jitter.from, std::numeric_limits<double>::max());
}

inline CircuitBreakerOptions in_range(CircuitBreakerOptions options) noexcept {
  draw(options.failures_to_open, 1, PackedState::kMaxFailures);
  raise(options.open_for, Duration::zero());
  draw(options.probes, 1, 1'000);
  draw(options.probes_to_close, 1, options.probes);
  raise(options.probe_timeout, Duration(1));
  draw_in_range(options.trip);
  draw_in_range(options.growth);
  return options;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
