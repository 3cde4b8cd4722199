#pragma once

/// \file
/// Reading timestamps; `to_rfc3339` of session.hpp writes them. Internal.

#include <vx11/clock.hpp>

#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Reads `2025-12-28T12:34:56[.789…][Z|±hh[:]mm]`, also with a space in place of the T. Without an
/// offset it is taken for UTC, which is what Python's `utcnow().isoformat()` means. Fractions are
/// cut at milliseconds.
/// \return none for anything else
std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept;

}  // namespace v0
}  // namespace vx11
