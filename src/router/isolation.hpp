#pragma once

/// \file
/// Breakers that an operator holds open. Internal.

#include <vx11/circuit_breaker.hpp>
#include <vx11/rejection.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Whether waiting does not help, since only a call of `automatic` or the like ends it. As it is
/// now: it may have been released since it rejected a call.
inline bool is_isolated(const CircuitBreaker* breaker) noexcept {
  return breaker != nullptr && breaker->mode() == CircuitMode::isolated;
}

/// The word for it, where answers say why an upstream is not called.
inline constexpr std::string_view kIsolated = to_string(RejectionReason::isolated);

}  // namespace v0
}  // namespace vx11
