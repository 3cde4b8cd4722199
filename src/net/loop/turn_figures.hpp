#pragma once

/// \file
/// How busy an event loop is. Internal.

#include <vx11/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Counts the turns of one loop. Written by its thread, read by any.
class TurnFigures {
 public:
  /// A turn has ended.
  /// \param begun when its wait had ended
  void note(TimePoint begun, TimePoint ended) noexcept {
    const Duration took = ended - begun;
    add(turns_, std::uint64_t{1});
    add(busy_, took.count());
    if (ended - window_begun_ >= kWindow) {
      previous_.store(longest_.load(std::memory_order_relaxed), std::memory_order_relaxed);
      longest_.store(0, std::memory_order_relaxed);
      window_begun_ = ended;
    }
    if (took.count() > longest_.load(std::memory_order_relaxed)) {
      longest_.store(took.count(), std::memory_order_relaxed);
    }
  }

  std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_relaxed); }
  Duration busy() const noexcept { return Duration(busy_.load(std::memory_order_relaxed)); }
  /// Of the last one to two minutes in which there were turns.
  Duration longest() const noexcept {
    return Duration(std::max(longest_.load(std::memory_order_relaxed),
                             previous_.load(std::memory_order_relaxed)));
  }

 private:
  static constexpr Duration kWindow = std::chrono::minutes(1);

  /// Only one thread writes.
  template <class T>
  static void add(std::atomic<T>& to, T by) noexcept {
    to.store(to.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> turns_ = 0;
  std::atomic<Duration::rep> busy_ = 0;
  std::atomic<Duration::rep> longest_ = 0;
  std::atomic<Duration::rep> previous_ = 0;
  TimePoint window_begun_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
