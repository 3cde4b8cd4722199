#pragma once

/// \file
/// `parse_rfc3339`: reads timestamps; `to_rfc3339` of session.hpp writes them.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Parses `2025-12-28T12:34:56[.789…][Z|±hh[:]mm]`, also with a space in place of the T. Without an
/// offset it is UTC, as in Python's `utcnow().isoformat()`; `+00:00Z`, which the deployed madre
/// sends, is UTC too. Fractions are truncated to milliseconds.
/// \return none for anything else
VX11_API std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept;

}  // namespace v0
}  // namespace vx11
