#pragma once

/// \file
/// When a schedule's windows are open. Internal.

#include <vx11/power_governor.hpp>

#include <optional>

namespace vx11 {
inline namespace v0 {

/// One occurrence of a schedule.
struct Occurrence {
  WallTime begin = {};
  WallTime end = {};  ///< Not part of it.
};

/// The one that has this moment.
std::optional<Occurrence> current_occurrence(const PowerSchedule& schedule, WallTime now);
/// The first one that begins after it; none in two weeks.
std::optional<Occurrence> next_occurrence(const PowerSchedule& schedule, WallTime now);

}  // namespace v0
}  // namespace vx11
