#pragma once

/// \file
/// How long a target takes to answer, and when it counts as slow. Internal.

#include <vx11/clock.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vx11 {
inline namespace v0 {

/// The times of a target's latest good answers. Thread-safe, without a lock.
class AnswerTimes {
 public:
  /// Two orders of magnitude above the few chats that people wait for at one time, and few enough
  /// that an upstream that has become slow is known as slow within a hundred chats.
  static constexpr std::size_t kRemembered = 100;
  /// Fewer do not say what is usual.
  static constexpr std::size_t kEnough = 10;
  /// Before that, and for every upstream that is faster. Less would ask two models for each longer
  /// answer; much more, and people with an ordinary limit of five seconds are not answered.
  static constexpr Duration kLeast = std::chrono::seconds(4);

  /// Records a good answer. While all answers are fast this is one store and one increment.
  void add(Duration taken) noexcept;
  /// The time after which this target is slow: three times the 95th percentile of the latest
  /// answers, at least `kLeast`.
  Duration slow_after() const noexcept;

 private:
  static constexpr int kFactor = 3;

  Duration percentile(std::size_t known) const noexcept;

  std::array<std::atomic<Duration::rep>, kRemembered> latest_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> slow_until_{0};  ///< Up to this count, a slow one is remembered.
  std::atomic<Duration::rep> slow_after_{kLeast.count()};
};

}  // namespace v0
}  // namespace vx11
