#pragma once

/// \file
/// Durations in error texts. Internal.

#include <vx11/clock.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// "2s", "1500ms" or "40us": a whole number of the largest exact unit. Rounded up to whole
/// milliseconds, and below one millisecond to whole microseconds, so that the rest of a longer time
/// limit reads "15s" instead of "14999873us", and a short one never reads as zero.
std::string duration_text(Duration time);

}  // namespace v0
}  // namespace vx11
