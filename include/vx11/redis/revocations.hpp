#pragma once

/// \file
/// `Revocations` that replicas share over Redis.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/revocations.hpp>
#include <vx11/task.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Configuration of `start_redis_revocations`.
struct RedisRevocationOptions {
  /// Between two looks, before a jitter of a fifth. With a second, what one replica revokes is
  /// refused by all within two. A look costs a few microseconds of Redis unless something changed.
  Duration interval = std::chrono::seconds(1);
  std::string prefix = "vx11:{revoked}:";  ///< Of all keys, which have to be in one slot.
  std::shared_ptr<Timer> timer = {};       ///< Required.
};

/// Keeps `Revocations` equal to those in Redis until destroyed. **Thread-safe**; outlives its
/// tasks.
class VX11_API RedisRevocations {
 public:
  RedisRevocations() = default;
  RedisRevocations(const RedisRevocations&) = delete;
  RedisRevocations& operator=(const RedisRevocations&) = delete;
  virtual ~RedisRevocations() = default;

  /// Revokes the credentials of a principal for `lifetime`, by the clock of Redis: as long as a JWT
  /// of it may be valid, or until its token is out of the token file. Zero lifts a revocation. In
  /// force here at the return, at other replicas with their next look.
  /// \return `storage` if Redis does not confirm it
  virtual Task<Result<void>> revoke(std::string principal, std::chrono::seconds lifetime) = 0;
};

/// Begins to look. While Redis does not answer, the last known revocations stay in force.
/// \return `invalid_argument` if a pointer is null or the interval is not above zero
VX11_API Result<std::shared_ptr<RedisRevocations>> start_redis_revocations(
    std::shared_ptr<RedisClient> client, std::shared_ptr<Revocations> revoked,
    RedisRevocationOptions options);

}  // namespace v0
}  // namespace vx11
