#pragma once

/// \file
/// `EphemeralTokens` on Redis.

#include <vx11/clock.hpp>
#include <vx11/ephemeral_tokens.hpp>
#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Configuration of `make_redis_ephemeral_tokens`.
struct RedisEphemeralTokensOptions {
  /// Of one command. It takes well below a millisecond, so longer means that Redis is lost, and a
  /// person waits for the page.
  Duration limit = std::chrono::seconds(1);
  std::string prefix = "vx11:ephemeral:";  ///< Of all keys.
};

/// A store in Redis: what one replica issues each of them accepts, and only one of them. Lifetimes
/// are by the clock of Redis; its `maxmemory` bounds the number. Needs GETDEL, so Redis 6.2 or
/// newer. A failover may forget a token, never bring a used one back unless it forgets that use.
/// \return `invalid_argument` if the client is null or the limit is not above zero
VX11_API Result<std::shared_ptr<EphemeralTokens>> make_redis_ephemeral_tokens(
    std::shared_ptr<RedisClient> client, RedisEphemeralTokensOptions options = {});

}  // namespace v0
}  // namespace vx11
