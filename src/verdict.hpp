#pragma once

/// \file
/// What an answer says about its upstream, for a circuit breaker; what an error says, the breaker's
/// own header knows. Internal.

#include <vx11/circuit_breaker.hpp>

namespace vx11::inline v0 {

/// The verdict on a call that was answered with `status`, before its body is looked at.
///
/// A redirect is a failure like 5xx: the upstreams know none, so it is something in between that
/// answers, a proxy or a login page.
constexpr Verdict verdict_on(int status) noexcept {
  if (status >= 200 && status < 300) return Verdict::success;
  if (status >= 400 && status < 500) return Verdict::neutral;
  return Verdict::failure;
}

}  // namespace vx11::inline v0
