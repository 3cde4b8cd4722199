#pragma once

/// \file
/// The latency of a target as peak EWMA sees it. Internal.

#include <vx11/clock.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>

namespace vx11 {
inline namespace v0 {

/// An exponentially weighted moving average that rises to a higher value at once (Twitter Finagle,
/// `PeakEwma`). Between two observations it decays to zero, so that a target that was slow once is
/// tried again. Thread-safe: value and time are one word.
class LatencyEstimate {
 public:
  /// The estimate at `now` in nanoseconds; 0 without observations. Writes nothing.
  double at(TimePoint now, Duration decay) const noexcept {
    const Seen seen = unpack(word_.load(std::memory_order_relaxed));
    return seen.value == 0 ? 0 : seen.value * weight(tick(now) - seen.tick, decay);
  }

  void observe(Duration taken, TimePoint now, Duration decay) noexcept {
    const auto fresh = std::max(static_cast<double>(taken.count()), 1.0);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(word, next(unpack(word), fresh, tick(now), decay),
                                        std::memory_order_relaxed)) {
    }
  }

  /// A call ended without an answer after `taken`, so an answer takes that long at least.
  void at_least(Duration taken, TimePoint now, Duration decay) noexcept {
    const auto fresh = std::max(static_cast<double>(taken.count()), 1.0);
    const std::uint32_t ticks = tick(now);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (fresh > decayed(unpack(word), ticks, decay) &&
           !word_.compare_exchange_weak(word, pack(fresh, ticks), std::memory_order_relaxed)) {
    }
  }

 private:
  /// 65.5 µs: short beside the decay, and 32 bits of them pass three days. A longer pause leaves
  /// the estimate higher than it should be, until the next answer.
  static constexpr unsigned kTickBits = 16;
  static constexpr double kTick = 1U << kTickBits;

  struct Seen {
    double value;
    std::uint32_t tick;
  };

  static std::uint32_t tick(TimePoint now) noexcept {
    return static_cast<std::uint32_t>(now.time_since_epoch().count() >> kTickBits);
  }
  static Seen unpack(std::uint64_t word) noexcept {
    return {std::bit_cast<float>(static_cast<std::uint32_t>(word >> 32U)),
            static_cast<std::uint32_t>(word)};
  }
  static std::uint64_t pack(double value, std::uint32_t tick) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    return std::uint64_t{bits} << 32U | tick;
  }
  static double weight(std::uint32_t ticks, Duration decay) noexcept {
    constexpr std::uint32_t kPast = 0xFFFF0000U;  // another thread's clock reading was later
    if (ticks > kPast) return 1;
    return std::exp(-kTick * ticks / static_cast<double>(decay.count()));
  }
  static double decayed(Seen seen, std::uint32_t now, Duration decay) noexcept {
    return seen.value * weight(now - seen.tick, decay);
  }
  static std::uint64_t next(Seen seen, double fresh, std::uint32_t now, Duration decay) noexcept {
    const double left = weight(now - seen.tick, decay);
    const double decayed = seen.value * left;
    return pack(fresh > decayed ? fresh : decayed + fresh * (1 - left), now);
  }

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace v0
}  // namespace vx11
