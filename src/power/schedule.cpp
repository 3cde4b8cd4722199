#include "power/schedule.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::days;
using std::chrono::local_days;

std::optional<Occurrence> occurrence_on(const PowerSchedule& schedule, local_days day) {
  if (!schedule.days.contains(std::chrono::weekday(day))) return std::nullopt;
  const local_days last = schedule.to > schedule.from ? day : day + days(1);
  const Occurrence found{.begin = schedule.zone.instant(LocalTime(day) + schedule.from),
                         .end = schedule.zone.instant(LocalTime(last) + schedule.to)};
  if (found.begin >= found.end) return std::nullopt;  // every minute of it is skipped
  return found;
}

}  // namespace

std::optional<Occurrence> current_occurrence(const PowerSchedule& schedule, WallTime now) {
  const local_days today = schedule.zone.day_of(now);
  for (const local_days day : {today, today - days(1), today - days(2)}) {
    const auto found = occurrence_on(schedule, day);
    if (found && found->begin <= now && now < found->end) return found;
  }
  return std::nullopt;
}

std::optional<Occurrence> next_occurrence(const PowerSchedule& schedule, WallTime now) {
  const local_days today = schedule.zone.day_of(now);
  for (local_days day = today - days(1); day < today + days(15); day += days(1)) {
    const auto found = occurrence_on(schedule, day);
    if (found && found->begin > now) return found;
  }
  return std::nullopt;
}

}  // namespace v0
}  // namespace vx11
