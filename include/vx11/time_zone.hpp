#pragma once

/// \file
/// `TimeZone`: civil time from wall time and back, by rules that the program brings.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Civil time: what clocks and calendars in a time zone show.
using LocalTime = std::chrono::local_time<std::chrono::milliseconds>;

/// A period in which a time zone keeps its distance to UTC.
struct ZonePeriod {
  std::chrono::seconds offset = {};  ///< Civil time less UTC.
  WallTime begin = WallTime::min();
  WallTime end = WallTime::max();  ///< Not part of it.
};

/// The rules of a time zone, or UTC.
///
/// The library has no database of time zones: `<vx11/date_tz.hpp>` takes the rules from that of the
/// system, and a test writes its own. **Thread-safe** if the rules are.
class VX11_API TimeZone {
 public:
  /// The period that has this moment. Never throws.
  using Rules = std::function<ZonePeriod(WallTime)>;

  /// UTC.
  TimeZone() = default;
  /// \param name as the IANA database has it: "Europe/Berlin"
  TimeZone(std::string name, Rules rules) : name_(std::move(name)), rules_(std::move(rules)) {}

  const std::string& name() const noexcept { return name_; }

  LocalTime local(WallTime at) const;
  /// The first moment at which clocks show `local`. One that is skipped when clocks are put forward
  /// is the moment at which they are.
  WallTime instant(LocalTime local) const;
  /// Midnight of that day, or the first moment of it.
  WallTime start_of(std::chrono::local_days day) const { return instant(LocalTime(day)); }
  /// The day that clocks show at this moment.
  std::chrono::local_days day_of(WallTime at) const;

 private:
  ZonePeriod period(WallTime at) const { return rules_ ? rules_(at) : ZonePeriod{}; }

  std::string name_ = "UTC";
  Rules rules_ = {};  ///< Empty: UTC.
};

}  // namespace v0
}  // namespace vx11
