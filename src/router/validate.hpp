#pragma once

/// \file
/// The mistakes one can make in describing a router. Internal.

#include <vx11/router.hpp>

namespace vx11 {
inline namespace v0 {

/// Fills in what `options` leaves open: dialects and breakers, and base URLs in their plain form.
/// \return `invalid_argument` with every mistake of the description, if there is one
Result<void> complete(RouterOptions& options);

}  // namespace v0
}  // namespace vx11
