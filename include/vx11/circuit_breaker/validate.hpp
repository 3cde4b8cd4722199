#pragma once

/// \file
/// Validates the options of a breaker.

#include <vx11/circuit_breaker/detail/packed_state.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/detail/mistakes.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace vx11 {
inline namespace v0 {
namespace detail {

template <class T>
constexpr bool in(T value, std::type_identity_t<T> min, std::type_identity_t<T> max) noexcept {
  return value >= min && value <= max;
}
/// Above 0, at most 1; false for NaN.
constexpr bool is_share(double value) noexcept {
  return value > 0.0 && value <= 1.0;
}

template <class AnyWindow>
void check_rates(Mistakes& mistakes, const AnyWindow& window) {
  mistakes.require(is_share(window.failure_rate), "failure_rate", "above 0 and at most 1");
  if (!window.slow) return;
  mistakes.require(window.slow->after >= Duration::zero(), "slow.after", "at least 0");
  mistakes.require(is_share(window.slow->rate), "slow.rate", "above 0 and at most 1");
}
inline void check(Mistakes& mistakes, const CountWindow& window) {
  mistakes.require(in(window.size, 1, 1'000'000), "size", "1 to 1000000");
  mistakes.require(in(window.minimum_calls, 1, window.size), "minimum_calls", "1 to size");
  check_rates(mistakes, window);
}
inline void check(Mistakes& mistakes, const TimeWindow& window) {
  mistakes.require(in(window.span, Duration(1), std::chrono::hours(24 * 365)), "span",
                   "1 ns to 365 days");
  mistakes.require(in(window.buckets, 1, 1'000), "buckets", "1 to 1000");
  mistakes.require(window.minimum_calls >= 1, "minimum_calls", "at least 1");
  check_rates(mistakes, window);
}
inline void check(Mistakes& mistakes, const OpenGrowth& growth) {
  mistakes.require(growth.factor >= 1.0, "factor", "at least 1");
  mistakes.require(growth.at_most >= Duration::zero(), "at_most", "at least 0");
  mistakes.require(growth.jitter.from >= 0.0, "jitter.from", "at least 0");
  mistakes.require(growth.jitter.to >= growth.jitter.from, "jitter.to", "at least jitter.from");
}

}  // namespace detail

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const CircuitBreakerOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(detail::in(options.failures_to_open, 1, detail::PackedState::kMaxFailures),
                   "failures_to_open", "1 to 4194303");
  mistakes.require(options.open_for >= Duration::zero(), "open_for", "at least 0");
  mistakes.require(detail::in(options.probes, 1, 1'000), "probes", "1 to 1000");
  mistakes.require(options.probe_timeout > Duration::zero(), "probe_timeout", "above 0");
  mistakes.require(options.probes_to_close >= 1, "probes_to_close", "at least 1");
  mistakes.within("trip.");
  if (const auto* window = std::get_if<CountWindow>(&options.trip))
    detail::check(mistakes, *window);
  if (const auto* window = std::get_if<TimeWindow>(&options.trip)) detail::check(mistakes, *window);
  mistakes.within("growth.");
  detail::check(mistakes, options.growth);
  return std::move(mistakes).result();
}

}  // namespace v0
}  // namespace vx11
