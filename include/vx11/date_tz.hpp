#pragma once

/// \file
/// `find_time_zone`: the time zones of the system, by Howard Hinnant's `date` library. Opt-in and
/// header-only: link `date::date-tz`.

#include <vx11/result.hpp>
#include <vx11/time_zone.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include <date/tz.h>

namespace vx11 {
inline namespace v0 {

/// The time zone of that name in the IANA database, or UTC. The database is read once; changes of
/// its files count after a restart. **Thread-safe.**
/// \return `invalid_argument`, if there is no such zone, or no database
inline Result<TimeZone> find_time_zone(std::string_view name) {
  if (name == "UTC") return TimeZone();
  try {
    const date::time_zone* const zone = date::locate_zone(std::string(name));
    zone->get_info(date::sys_seconds());  // reads the zone's file, which locate_zone does not
    return TimeZone(std::string(name), [zone](WallTime at) {
      const auto clamp = [](date::sys_seconds time) {
        constexpr auto kFarthest = std::chrono::hours(24 * 365 * 10'000L);
        const std::chrono::seconds since = time.time_since_epoch();
        if (since >= kFarthest) return WallTime::max();
        return since <= -kFarthest ? WallTime::min() : WallTime(since);
      };
      const date::sys_info info = zone->get_info(std::chrono::floor<std::chrono::seconds>(at));
      return ZonePeriod{.offset = info.offset, .begin = clamp(info.begin), .end = clamp(info.end)};
    });
  } catch (const std::exception&) {  // the library's text names files of its own
    return fail(Errc::invalid_argument,
                "no time zone of that name is in the database of the system: take one such as "
                "Europe/Berlin, and install tzdata if there is none");
  }
}

}  // namespace v0
}  // namespace vx11
