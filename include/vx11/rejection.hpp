#pragma once

/// \file
/// `Rejection`: why a policy rejected a call. The error type of every `try_acquire`.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Which limit rejected a call. Nothing was sent.
enum class RejectionReason : std::uint8_t {
  circuit_open,   ///< `CircuitBreaker`: open after failures.
  isolated,       ///< `CircuitBreaker`: held open by `isolate`.
  probes_busy,    ///< `CircuitBreaker`: half-open with every probe in flight.
  rate_limited,   ///< `RateLimiter`, `KeyedRateLimiter`: too soon.
  bulkhead_full,  ///< `Bulkhead`: no free place, and none in the queue.
  no_place_free,  ///< `Bulkhead`: the wait in the queue timed out.
  limit_reached,  ///< `AdaptiveLimit`: as many calls in flight as the limit allows.
  no_time_left,   ///< `Timeout`: the deadline had passed before the call.
  budget_spent,   ///< `Retry`: `RetryBudget` allowed no further attempt.
};

/// The reason as a stable snake_case word ("circuit_open"), for logs and metrics.
constexpr std::string_view to_string(RejectionReason reason) noexcept {
  switch (reason) {
    case RejectionReason::circuit_open:
      return "circuit_open";
    case RejectionReason::isolated:
      return "isolated";
    case RejectionReason::probes_busy:
      return "probes_busy";
    case RejectionReason::rate_limited:
      return "rate_limited";
    case RejectionReason::bulkhead_full:
      return "bulkhead_full";
    case RejectionReason::no_place_free:
      return "no_place_free";
    case RejectionReason::limit_reached:
      return "limit_reached";
    case RejectionReason::no_time_left:
      return "no_time_left";
    case RejectionReason::budget_spent:
      return "budget_spent";
  }
  return "unknown";
}

/// Why a call was rejected, and when to retry. Two words, without an allocation.
///
/// Converts to the `Error` that `run` returns for the same rejection, including `retry_after`, so
/// `return tl::unexpected(permit.error());` and `return fail(permit.error());` keep it.
struct Rejection {
  RejectionReason reason = RejectionReason::circuit_open;
  /// From now; zero if unknown, `max()` if the call will never be admitted. For an isolated breaker
  /// it is the ordinary open time, since the end of the isolation is unknown.
  Duration retry_after = {};

  /// `circuit_open` for a circuit breaker's reasons, `rejected` for all others.
  constexpr Errc code() const noexcept {
    return reason <= RejectionReason::probes_busy ? Errc::circuit_open : Errc::rejected;
  }
  /// The detail is the reason in words. Each fits the small-string buffer of `std::string`:
  /// rejecting must not need memory when the program is overloaded.
  operator Error() const {  // NOLINT(google-explicit-constructor)
    Error error(code(), std::string(to_string(reason)));
    for (char& c : error.detail) {
      if (c == '_') c = ' ';
    }
    error.retry_after = retry_after;
    return error;
  }

  friend bool operator==(const Rejection&, const Rejection&) = default;
};

}  // namespace v0
}  // namespace vx11
