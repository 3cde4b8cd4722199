#pragma once

/// \file
/// What the gateway does with every request, around its APIs: idempotency, header fields, problem
/// details, logs.

#include <vx11/http_handler.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/idempotency_store.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/tracing.hpp>

#include <memory>

#include "gateway/auth/authenticator.hpp"
#include "gateway/config/config.hpp"
#include "gateway/limits.hpp"
#include "gateway/telemetry/request_logs.hpp"
#include "gateway/telemetry/service_levels.hpp"

namespace gateway {

/// What outlives the APIs when they are built anew.
struct RequestServices {
  std::shared_ptr<RequestLogs> logs = {};
  std::shared_ptr<vx11::IdempotencyStore> idempotency = {};
  std::shared_ptr<const vx11::Tracer> tracer = {};     ///< Null: requests are not traced.
  std::shared_ptr<vx11::RequestMetrics> metrics = {};  ///< Of all routes.
};

/// \param redis null unless `shared_redis_url`
/// \return `storage` if a log cannot be opened
vx11::Result<RequestServices> make_request_services(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& redis);

/// `apis` with all that. The order, from the outside: logs, counts of refusals, header fields,
/// problem details, limits, `apis` behind idempotency. What is not configured costs nothing.
/// \param limits of `make_limits`
/// \param objectives they judge every request
vx11::Result<std::shared_ptr<vx11::HttpHandler>> around_apis(
    const GatewayConfig& config, const RequestServices& services, const Objectives& objectives,
    Limits& limits, const Credentials& credentials, std::shared_ptr<vx11::HttpHandler> apis);

}  // namespace gateway
