#pragma once

/// \file
/// A clock that advances only when the test advances it.

#include <vx11/clock.hpp>

#include <atomic>

namespace vx11 {
inline namespace v0 {
namespace testing {

/// A `TimeSource` for tests: both clocks move only by `advance`, so a test of a 60 s open time
/// takes no time and is deterministic.
///
/// Thread-safe. Must outlive everything that uses it.
/// The monotonic and the wall clock start at fixed points; `set_wall` moves the wall clock alone,
/// as when the system time is changed.
class ManualClock final : public TimeSource {
 public:
  ManualClock() = default;
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  TimePoint now() const noexcept override {
    reads_.fetch_add(1, std::memory_order_relaxed);
    return TimePoint(Duration(steady_.load(std::memory_order_acquire)));
  }
  WallTime wall_now() const noexcept override {
    return WallTime(std::chrono::milliseconds(wall_.load(std::memory_order_acquire)));
  }

  /// Moves both clocks forward.
  void advance(Duration by) noexcept {
    steady_.fetch_add(by.count(), std::memory_order_acq_rel);
    wall_.fetch_add(std::chrono::duration_cast<std::chrono::milliseconds>(by).count(),
                    std::memory_order_acq_rel);
  }
  void set_wall(WallTime to) noexcept {
    wall_.store(to.time_since_epoch().count(), std::memory_order_release);
  }

  /// How often the monotonic clock was read, to verify that a path does not read it.
  long reads() const noexcept { return reads_.load(std::memory_order_relaxed); }

 private:
  static constexpr long long kStart = 1'000'000'000'000;      // 1,000 s after the epoch of now()
  static constexpr long long kWallStart = 1'766'925'296'789;  // 2025-12-28T12:34:56.789Z
  std::atomic<long long> steady_{kStart};
  std::atomic<long long> wall_{kWallStart};
  mutable std::atomic<long> reads_{0};
};

}  // namespace testing
}  // namespace v0
}  // namespace vx11
