#pragma once

/// \file
/// What `[limits]` describes: wrong credentials, rates and concurrency.

#include <vx11/attempt_limiter.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/result.hpp>

#include <memory>

#include "authenticator.hpp"
#include "config.hpp"

namespace gateway {

struct Limits {
  /// The credentials of the gateway, with their limit of failures.
  std::shared_ptr<const vx11::Authenticator> auth = {};
  std::shared_ptr<const vx11::AttemptLimiter> attempts = {};  ///< Null: failures are not limited.
  std::shared_ptr<vx11::LimitCounters> counters = std::make_shared<vx11::LimitCounters>();
};

vx11::Result<Limits> make_limits(const GatewayConfig& config, const Credentials& credentials);

/// `api` within the limits; `api` itself if there are none.
vx11::Result<std::shared_ptr<vx11::HttpHandler>> within_limits(
    const GatewayConfig& config, const Limits& limits, const Credentials& credentials,
    std::shared_ptr<vx11::HttpHandler> api);

/// Refusals by limit.
vx11::MetricFamily limit_family(const Limits& limits);

}  // namespace gateway
