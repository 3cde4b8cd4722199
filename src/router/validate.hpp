#pragma once

/// \file
/// The mistakes one can make in describing a router. Internal.

#include <vx11/router.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// Fills in what `options` leaves open: dialects and breakers, and base URLs in their plain form.
/// \return every mistake of the description, empty if there is none
std::string complete(RouterOptions& options);

}  // namespace v0
}  // namespace vx11
