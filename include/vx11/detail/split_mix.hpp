#pragma once

/// \file
/// A small random number generator, used to spread waits and calls. Internal.

#include <vx11/clock.hpp>

#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Any
/// seed is valid. Not `<random>`, which takes an eighth of the compile time of all headers
/// together.
class SplitMix64 {
 public:
  explicit constexpr SplitMix64(std::uint64_t seed) noexcept : state_(seed) {}

  /// The next number, uniform in [0, 1).
  constexpr double next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ z >> 31U) >> 11U) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

/// Differs between threads by an address and between processes by the time.
inline std::uint64_t seed_of_thread() noexcept {
  thread_local const char here = 0;
  return static_cast<std::uint64_t>(SteadyClock().now().time_since_epoch().count()) ^
         reinterpret_cast<std::uintptr_t>(&here);
}

/// A number uniform in [0, 1). From a generator per thread.
inline double spread() {
  thread_local SplitMix64 generator{seed_of_thread()};
  return generator.next();
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
