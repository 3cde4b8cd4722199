#pragma once

/// \file
/// The time by which sessions in a file expire. Internal.

#include <vx11/clock.hpp>

#include <chrono>
#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// Milliseconds since 1970 that advance with the monotonic clock, so that no session expires when
/// the time of day is set.
///
/// The monotonic clock begins anew with each start of the machine, but is the same for all its
/// processes. So the file stores its offset together with the id of the machine's start
/// (`boot_id`), and the first store to open the file after the next start computes another one:
/// from the time of day, but so that the time does not go back behind the newest use.
class LastingClock {
 public:
  explicit LastingClock(SteadyClock steady) noexcept : steady_(steady) {}

  std::int64_t now() const noexcept { return steady_now() + offset_; }
  void set_offset(std::int64_t offset) noexcept { offset_ = offset; }
  /// The offset with which it is `time` now.
  std::int64_t offset_for(std::int64_t time) const noexcept { return time - steady_now(); }

 private:
  std::int64_t steady_now() const noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(steady_.now().time_since_epoch()).count();
  }

  SteadyClock steady_;
  std::int64_t offset_ = 0;
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
