#pragma once

/// \file
/// What an answer says about its upstream, for a circuit breaker; what an error says, the breaker's
/// own header knows. Internal.

#include <vx11/verdict.hpp>

namespace vx11 {
inline namespace v0 {

/// The verdict on a call that was answered with `status`, before its body is looked at.
///
/// A redirect is a failure like 5xx: the upstreams know none, so it is something in between that
/// answers, a proxy or a login page.
constexpr Verdict verdict_on(int status) noexcept {
  const bool redirect = status >= 300 && status < 400;
  return redirect ? Verdict::failure : CallVerdict::of_status(status);
}

}  // namespace v0
}  // namespace vx11
