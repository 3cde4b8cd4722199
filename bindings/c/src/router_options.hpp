#pragma once

/// \file
/// Reads the description of a router, but for its transports and breakers.

#include <vx11/result.hpp>
#include <vx11/router.hpp>

namespace vx11::c {

/// Reads a description as vx11.h shows it.
/// \return `invalid_argument` with every mistake
Result<RouterOptions> router_options(const char* description);

}  // namespace vx11::c
