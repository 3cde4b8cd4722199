#pragma once

/// \file
/// The members of a balancer and their state. Internal.

#include <vx11/balancer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "router/latency_estimate.hpp"

namespace vx11 {
inline namespace v0 {

/// A clock that is read once at most.
class LazyTime {
 public:
  explicit LazyTime(const SteadyClock& clock) noexcept : clock_(clock) {}
  TimePoint get() noexcept {
    if (!now_) now_ = clock_.now();
    return *now_;
  }

 private:
  const SteadyClock& clock_;
  std::optional<TimePoint> now_ = std::nullopt;
};

/// One member and its load. Aligned to cache lines, so that calls of two members never write to the
/// same one.
struct alignas(64) Balanced {
  std::atomic<std::uint32_t> in_flight{0};
  std::uint32_t weight = 1;
  const CircuitBreaker* breaker = nullptr;
  LatencyEstimate latency = {};
  std::atomic<Duration::rep> cool_until{0};  ///< Zero: not cooling down.
  std::atomic<Duration::rep> ramp_since{0};  ///< Zero: at its full weight.
  std::atomic<bool> was_open{false};         ///< Seen open since the last ramp.
  std::uint64_t name_hash = 0;
  std::atomic<std::uint64_t> calls{0};
  std::int64_t credit = 0;  ///< Of the smooth round robin; under its lock.
};

/// The state of a balancer, and one function for each policy.
struct Balancer::Impl {
  Impl(std::vector<BalancerMember> described, BalancerOptions with, SteadyClock by);

  using Pick = std::optional<std::size_t>;

  // The policies, in balancer_policies.cpp. All return a usable member, or none.
  Pick weighted(const Set& except) noexcept;
  Pick least_in_flight(const Set& except) noexcept;
  Pick peak_ewma(const Set& except, const PeakEwma& policy) noexcept;
  Pick sticky(const Set& except, std::string_view session) noexcept;

  /// Whether `member` can be chosen now.
  bool usable(std::size_t member, const Set& except, LazyTime& now) noexcept {
    return !except.test(member) && !cooling(at[member], now) && admitted(at[member], now);
  }
  bool cooling(Balanced& member, LazyTime& now) noexcept;
  bool admitted(Balanced& member, LazyTime& now) noexcept;
  /// Its weight, less while it starts slowly.
  double weight(Balanced& member, LazyTime& now) noexcept;
  /// When it can be used again, if its breaker or a cooldown is the only obstacle.
  Duration wait(const Balanced& member, TimePoint now) const noexcept;

  std::vector<BalancerMember> members;
  BalancerOptions options;
  SteadyClock clock;
  std::unique_ptr<Balanced[]> at;
  std::mutex lock = {};              ///< Of every `credit`.
  std::atomic<std::size_t> turn{0};  ///< Of the members that are equally busy.

 private:
  template <class Cost>
  Pick two_choices(const Set& except, LazyTime& now, const Cost& cost) noexcept;
  Pick random_usable(const Set& except, LazyTime& now, Pick other) noexcept;
  double random() noexcept;
};

}  // namespace v0
}  // namespace vx11
