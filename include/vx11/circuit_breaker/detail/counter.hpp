#pragma once

/// \file
/// The totals of a breaker. Internal.

#include <vx11/circuit_breaker/types.hpp>

#include <atomic>
#include <cstdint>

namespace vx11::inline v0::detail {

/// A total that many write and anybody reads; orders nothing.
class Counter {
 public:
  void add() noexcept { value_.fetch_add(1, std::memory_order_relaxed); }
  /// For those that are only written under one lock: cheaper than `add`.
  void add_locked() noexcept { value_.store(get() + 1, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void clear() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// `CircuitTotals`, while they are still counted.
struct Counters {
  Counter successes;
  Counter failures;
  Counter neutral;
  Counter slow;
  Counter rejected;
  Counter would_have_opened;

  CircuitTotals read() const noexcept {
    return {successes.get(), failures.get(), neutral.get(),
            slow.get(),      rejected.get(), would_have_opened.get()};
  }
  void clear() noexcept {
    for (Counter* each : {&successes, &failures, &neutral, &slow, &rejected, &would_have_opened}) {
      each->clear();
    }
  }
};

}  // namespace vx11::inline v0::detail
