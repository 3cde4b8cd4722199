#include <vx11/time_zone.hpp>

#include <algorithm>
#include <chrono>

namespace vx11 {
inline namespace v0 {

namespace {

/// No zone is or was farther ahead of UTC.
constexpr auto kMostAhead = std::chrono::hours(16);

}  // namespace

LocalTime TimeZone::local(WallTime at) const {
  return LocalTime(at.time_since_epoch() + period(at).offset);
}

std::chrono::local_days TimeZone::day_of(WallTime at) const {
  return std::chrono::floor<std::chrono::days>(local(at));
}

/// Tries the periods in order, from one that ends before or has the moment. In the gap between two,
/// the moment lies after the first and before the second.
WallTime TimeZone::instant(LocalTime local) const {
  const WallTime as_utc(local.time_since_epoch());
  ZonePeriod current = period(as_utc - kMostAhead);
  while (as_utc - current.offset >= current.end) current = period(current.end);
  return std::max(as_utc - current.offset, current.begin);
}

}  // namespace v0
}  // namespace vx11
