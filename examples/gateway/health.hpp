#pragma once

/// \file
/// The components of `GET /operator/status` and how each is checked.

#include <vx11/health_aggregator.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <memory>

#include "config.hpp"
#include "upstreams.hpp"

namespace gateway {

/// The gateway itself at `own_port`, madre, redis and switch. The status of switch is read from
/// its breaker; switch is never called.
/// \return `invalid_argument` for a Redis URL or an origin that cannot be probed
vx11::Result<std::shared_ptr<vx11::HealthAggregator>> make_health(const GatewayConfig& config,
                                                                  const Upstreams& upstreams,
                                                                  std::uint16_t own_port);

}  // namespace gateway
