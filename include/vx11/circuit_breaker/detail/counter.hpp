#pragma once

/// \file
/// Counters for the totals of a breaker. Internal.

#include <vx11/circuit_breaker/types.hpp>
#include <vx11/clock.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// A total written and read by any thread; relaxed memory order.
class Counter {
 public:
  void add() noexcept { value_.fetch_add(1, std::memory_order_relaxed); }
  /// For totals written only under one lock: cheaper than `add`.
  void add_locked() noexcept { value_.store(get() + 1, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void clear() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// The count of failures and the time of the newest. Relaxed reads: the two may differ in age.
class FailureRecord {
 public:
  void add(TimePoint now) noexcept {
    count_.add();
    last_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// A failure of another breaker's: dated, not counted.
  void remember(TimePoint at) noexcept {
    last_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
  }
  std::uint64_t count() const noexcept { return count_.get(); }
  std::optional<TimePoint> last() const noexcept {
    const Duration::rep at = last_.load(std::memory_order_relaxed);
    if (at == kNever) return std::nullopt;
    return TimePoint(Duration(at));
  }
  void clear() noexcept {
    count_.clear();
    last_.store(kNever, std::memory_order_relaxed);
  }

 private:
  static constexpr Duration::rep kNever = Duration::min().count();

  Counter count_;
  std::atomic<Duration::rep> last_{kNever};
};

inline constexpr std::size_t kCacheLine = 64;

/// A total written by all threads at once, striped over cache lines that few threads share: an open
/// breaker rejects every call, and counting must not cause contention.
class StripedCounter {
 public:
  void add() noexcept { stripes_[stripe()].count.add(); }
  std::uint64_t get() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& each : stripes_) sum += each.count.get();
    return sum;
  }
  void clear() noexcept {
    for (Stripe& each : stripes_) each.count.clear();
  }

 private:
  static constexpr std::size_t kStripes = 8;
  struct alignas(kCacheLine) Stripe {
    Counter count;
  };

  /// Assigned round-robin, so that the first few threads share no stripe.
  static std::size_t stripe() noexcept {
    static std::atomic<std::size_t> threads{0};
    static thread_local const std::size_t mine =
        threads.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::array<Stripe, kStripes> stripes_;
};

/// The totals that admission does not write.
struct Counters {
  Counter successes;
  Counter neutral;
  Counter slow;
  Counter would_have_opened;
  Counter probes;

  CircuitTotals with(const FailureRecord& failures, const StripedCounter& rejected) const noexcept {
    return {.successes = successes.get(),
            .failures = failures.count(),
            .neutral = neutral.get(),
            .slow = slow.get(),
            .rejected = rejected.get(),
            .would_have_opened = would_have_opened.get(),
            .probes = probes.get()};
  }
  void clear() noexcept {
    for (Counter* each : {&successes, &neutral, &slow, &would_have_opened, &probes}) each->clear();
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
