#pragma once

/// \file
/// Hints of circuit breakers exchanged over Redis.

#include <vx11/breaker_hints.hpp>
#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// What an exchange has done so far. Thread-safe.
struct HintCounters {
  std::atomic<std::uint64_t> exchanges = 0;   ///< With an answer.
  std::atomic<std::uint64_t> failures = 0;    ///< Without one.
  std::atomic<std::uint64_t> suspicions = 0;  ///< Targets that became suspected.
  std::atomic<std::uint32_t> live = 0;        ///< Replicas at the last exchange; 0 without one.
};

/// Configuration of `start_redis_breaker_hints`.
struct RedisHintOptions {
  /// Distinguishes this replica from all others; the same for exchanges that replace each other.
  /// Empty: a random name for each exchange.
  std::string replica = {};
  BreakerHintOptions quorum = {};
  /// Between two exchanges, before a jitter of a fifth. A second is short beside the open time of a
  /// breaker, and costs Redis one command a second and replica.
  Duration interval = std::chrono::seconds(1);
  /// The age from which a report does not count, by the clock of Redis. Three intervals, so that a
  /// report may be late or lost.
  Duration max_age = std::chrono::seconds(3);
  std::string prefix = "vx11:{hints}:";  ///< Of all keys, which have to be in one slot.
  std::shared_ptr<Timer> timer = {};     ///< Required.
  /// Null: not counted.
  std::shared_ptr<HintCounters> counters = {};
  /// Called when a target becomes suspected, between two exchanges. Must not block. Null: not
  /// called.
  std::function<void(const std::string& target)> on_suspicion = {};
};

/// Exchanges hints until destroyed, on the event loop of the timer. Not thread-safe.
class VX11_API RedisBreakerHints {
 public:
  RedisBreakerHints() = default;
  RedisBreakerHints(const RedisBreakerHints&) = delete;
  RedisBreakerHints& operator=(const RedisBreakerHints&) = delete;
  /// The exchange in progress may still end afterwards; it keeps what it needs.
  virtual ~RedisBreakerHints() = default;
};

/// Begins to exchange. A lost Redis ends all hints; breakers are then on their own, as without.
/// \return `invalid_argument` if the client, the timer or a breaker is null, a target is named
///         twice, or a time is not above zero
VX11_API Result<std::shared_ptr<RedisBreakerHints>> start_redis_breaker_hints(
    std::shared_ptr<RedisClient> client, std::vector<HintedBreaker> breakers,
    RedisHintOptions options);

}  // namespace v0
}  // namespace vx11
