#pragma once

/// \file
/// Validation of a router's description. Internal.

#include <vx11/detail/mistakes.hpp>
#include <vx11/router.hpp>

namespace vx11 {
inline namespace v0 {

/// Fills in the defaults of `options`: dialects, breakers, and base URLs in normal form.
/// \return `invalid_argument` with every mistake of the description, if there is one
Result<void> complete(RouterOptions& options);

/// Adds the mistakes in groups, weights and rules.
void check_routes(const RouterOptions& options, detail::Mistakes& mistakes);

}  // namespace v0
}  // namespace vx11
