#pragma once

/// \file
/// Atomic storage of the packed state and its deadline. Internal.

#include <vx11/circuit_breaker/detail/packed_state.hpp>
#include <vx11/clock.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The packed state and the end of the open time. Phase and generation change only under the
/// breaker's lock; while closed, any thread may change the count of failures with `replace`.
class AtomicState {
 public:
  PackedState load() const noexcept { return PackedState(word_.load(std::memory_order_acquire)); }
  TimePoint open_until() const noexcept {
    return TimePoint(Duration(open_until_.load(std::memory_order_acquire)));
  }
  /// Both, of the same generation: retried if a transition happened in between.
  std::pair<PackedState, TimePoint> load_with_deadline() const noexcept {
    for (PackedState word = load();;) {
      const TimePoint until = open_until();
      const PackedState again = load();
      if (again.generation() == word.generation()) return {again, until};
      word = again;
    }
  }

  /// \return whether the word was still `seen`; if not, `seen` is set to the current word.
  bool replace(PackedState& seen, PackedState by) noexcept {
    std::uint64_t bits = seen.bits();
    const bool done = word_.compare_exchange_weak(bits, by.bits(), std::memory_order_acq_rel,
                                                  std::memory_order_acquire);
    seen = PackedState(bits);
    return done;
  }
  void store(PackedState word) noexcept { word_.store(word.bits(), std::memory_order_release); }
  /// Written before the word that says open, never while it does: a thread that reads open also
  /// reads its deadline, which no thread can move.
  void arm(TimePoint until) noexcept {
    open_until_.store(until.time_since_epoch().count(), std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t> word_{0};
  std::atomic<Duration::rep> open_until_{0};
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
