#pragma once

/// \file
/// Reads the description of a circuit breaker.

#include <vx11/circuit_breaker.hpp>
#include <vx11/result.hpp>

namespace vx11::c {

/// Reads a description as vx11.h shows it.
/// \return `invalid_argument` with every mistake
Result<CircuitBreakerOptions> breaker_options(const char* description);

}  // namespace vx11::c
