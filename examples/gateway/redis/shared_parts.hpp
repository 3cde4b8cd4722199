#pragma once

/// \file
/// What gateways share over Redis beside sessions: rates, idempotency keys, hints of breakers.

#include <vx11/auth.hpp>
#include <vx11/idempotency_store.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/redis.hpp>
#include <vx11/redis/breaker_hints.hpp>
#include <vx11/redis/revocations.hpp>
#include <vx11/result.hpp>
#include <vx11/shared_rates.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/settings/config_load.hpp"

namespace gateway {

/// What lasts when the configuration is read again.
struct SharedParts {
  std::string replica = {};                             ///< Empty before the first exchange.
  std::shared_ptr<vx11::SharedRates> rates = {};        ///< Null: not shared so far.
  std::shared_ptr<vx11::RedisBreakerHints> hints = {};  ///< Null: none are exchanged.
  std::shared_ptr<vx11::HintCounters> hint_counters = std::make_shared<vx11::HintCounters>();
  std::shared_ptr<vx11::Revocations> revoked = std::make_shared<vx11::Revocations>();
  std::shared_ptr<vx11::RedisRevocations> revocations = {};     ///< Null: not shared so far.
  std::shared_ptr<const vx11::Authenticator> credentials = {};  ///< Those that `guarded` asks.
  std::shared_ptr<const vx11::Authenticator> guarded = {};
};

/// Whether anything is to be kept in Redis.
bool shares(const GatewayConfig& config) noexcept;

/// The Redis of sessions, rates, idempotency keys and hints: that of `sessions.store`, or else of
/// `redis.url`. None if nothing is to be shared.
std::optional<std::string> shared_redis_url(const GatewayConfig& config);

/// The rates of `[limits]`, as they are shared; null if they are not to be.
/// \param shared gets them at the first time
vx11::Result<std::shared_ptr<vx11::SharedRates>> make_rates(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client,
    SharedParts& shared);

/// `credentials` without those that are revoked; `credentials` themselves if that is not shared,
/// and then Redis is not asked for revocations any more.
/// \param shared gets what lasts; for the same `credentials` the result is the same
vx11::Result<std::shared_ptr<const vx11::Authenticator>> without_revoked(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client,
    const std::shared_ptr<const vx11::Authenticator>& credentials, SharedParts& shared);

/// The store of `[idempotency]`, in Redis or in memory.
vx11::Result<std::shared_ptr<vx11::IdempotencyStore>> make_idempotency(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client);

/// Begins to exchange hints of `breakers` in place of those before, or ends that.
vx11::Result<void> exchange_hints(const GatewayConfig& config,
                                  const std::shared_ptr<vx11::RedisClient>& client,
                                  std::vector<vx11::HintedBreaker> breakers, SharedParts& shared);

/// Of the hints; none without them.
std::vector<vx11::MetricFamily> hint_metrics(const SharedParts& shared);

/// Reports what is to be shared without a Redis.
void settle_shared(LoadedConfig& loaded);

}  // namespace gateway
