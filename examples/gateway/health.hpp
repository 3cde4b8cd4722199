#pragma once

/// \file
/// The components of `GET /operator/status` and how each is checked.

#include <vx11/health_aggregator.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <memory>

#include "gateway/config/config.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

/// The gateway itself at `own_port`, madre, redis and switch. The status of switch is read from
/// its breaker; switch is never called. With sessions in Redis and no `redis.url`, the redis of the
/// status is that of the sessions; with both, the one of the sessions is a component `sessions`.
/// \param sessions the client of the Redis with the sessions, or null
/// \return `invalid_argument` for a Redis URL or an origin that cannot be probed
vx11::Result<std::shared_ptr<vx11::HealthAggregator>> make_health(
    const GatewayConfig& config, const Upstreams& upstreams, std::uint16_t own_port,
    std::shared_ptr<vx11::RedisClient> sessions = nullptr);

}  // namespace gateway
