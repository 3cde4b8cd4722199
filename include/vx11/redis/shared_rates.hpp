#pragma once

/// \file
/// `SharedRates` on Redis.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/shared_rates.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Configuration of `make_redis_shared_rates`.
struct RedisRatesOptions {
  /// The longest that a request waits for Redis, in place of the client's `command_timeout`. A
  /// decision takes a millisecond; after 100 the process decides by itself.
  Duration timeout = std::chrono::milliseconds(100);
  /// How long Redis is not asked after three failures in a row, so that requests do not wait for a
  /// server that hangs. Then one request asks again.
  Duration pause = std::chrono::seconds(1);
  /// Of all keys. The keys of a principal are in one slot of a cluster.
  std::string prefix = "vx11:rate:";
  /// Called with false when Redis is given up for a pause, and with true when it decides again, on
  /// the thread of the request that found out. Must not block.
  std::function<void(bool is_shared)> on_change = {};
  SteadyClock clock = {};  ///< For `pause`. The client has the clock of the machine.
};

/// Rates in Redis: one command for each request, whatever limits it is subject to, and by the
/// server's clock. Keys contain digests of principals and sessions, and expire when the rates are
/// available in full again.
///
/// A rate holds in sum to the accuracy of the server: after a failover it may have forgotten the
/// last requests. A changed rate counts from what has been used, at most the whole new rate.
/// \return `invalid_argument` if the client is null or a time is not above zero
VX11_API Result<std::shared_ptr<SharedRates>> make_redis_shared_rates(
    std::shared_ptr<RedisClient> client, RedisRatesOptions options = {});

}  // namespace v0
}  // namespace vx11
