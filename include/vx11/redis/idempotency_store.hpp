#pragma once

/// \file
/// `IdempotencyStore` on Redis.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/idempotency_store.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Configuration of `make_redis_idempotency_store`.
struct RedisIdempotencyOptions {
  /// Of one answer; a longer one is not kept.
  std::size_t answer_bytes = std::size_t{1024} * 1024;
  /// How long an answer is kept. Redis has no bound of their number or bytes but its `maxmemory`.
  Duration lifetime = std::chrono::hours(24);
  /// How long a key stays granted without a sign of life of its holder, which renews it three times
  /// as often. After the death of a holder the next request with the key waits for so long; with
  /// less, a stopped process may lose a key that it still answers.
  Duration lease = std::chrono::seconds(15);
  /// How long a finished answer waits to be kept before it is sent. One that Redis has not taken
  /// until then is tried again in the background, for the time of a lease. A command takes well
  /// below a millisecond, so longer means that Redis is lost.
  Duration keep_wait = std::chrono::milliseconds(200);
  /// The first and the longest pause between two looks at a key that another request has. A chat
  /// takes seconds, so half a second more is not noticed, and a waiting request costs two commands
  /// a second.
  Duration first_pause = std::chrono::milliseconds(20);
  Duration longest_pause = std::chrono::milliseconds(500);
  /// Required: renews leases, and lets requests wait for the one in progress.
  std::shared_ptr<Timer> timer = {};
  std::string prefix = "vx11:idempotency:";  ///< Of all keys.
  SteadyClock clock = {};
};

/// A store in Redis, which replicas share and which outlives them. A key has one owner at a time,
/// unless that one is stopped for longer than its lease or Redis forgets a write in a failover.
/// While Redis is lost, claims are `failed`: whether a request was answered before is unknown.
/// Answers are stored as they are, not encrypted.
/// \return `invalid_argument` if the client or the timer is null or a limit is not above zero
VX11_API Result<std::shared_ptr<IdempotencyStore>> make_redis_idempotency_store(
    std::shared_ptr<RedisClient> client, RedisIdempotencyOptions options);

}  // namespace v0
}  // namespace vx11
