#pragma once

/// \file
/// What a call says about its upstream, for a circuit breaker: the one place that decides it.
/// Internal.

#include <vx11/circuit_breaker.hpp>
#include <vx11/result.hpp>

#include <cstdint>

namespace vx11::inline v0 {

enum class Verdict : std::uint8_t {
  success,
  failure,  ///< The upstream is to blame.
  neutral,  ///< Says nothing about it: the caller went away, the request was wrong.
};

/// The verdict on a call that ended with an error.
constexpr Verdict verdict_on(Errc code) noexcept {
  switch (code) {
    case Errc::unreachable:
    case Errc::timeout:
    case Errc::http_status:  // of the statuses only 5xx and nonsense are made an error
    case Errc::invalid_reply:
    case Errc::too_large:  // its answer; requests are bounded before they come here
    case Errc::unavailable:
      return Verdict::failure;
    case Errc::invalid_argument:
    case Errc::cancelled:
    case Errc::circuit_open:
    case Errc::asleep:
    case Errc::storage:
    case Errc::rejected:
      return Verdict::neutral;
  }
  return Verdict::neutral;
}

/// The verdict on a call that was answered with `status`, before its body is looked at.
///
/// A redirect is a failure like 5xx: the upstreams know none, so it is something in between that
/// answers, a proxy or a login page.
constexpr Verdict verdict_on(int status) noexcept {
  if (status >= 200 && status < 300) return Verdict::success;
  if (status >= 400 && status < 500) return Verdict::neutral;
  return Verdict::failure;
}

/// Tells the breaker.
template <class Permit>
void settle(Permit& permit, Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::success:
      return permit.success();
    case Verdict::failure:
      return permit.failure();
    case Verdict::neutral:
      return permit.neutral();
  }
}

}  // namespace vx11::inline v0
