#include "health.hpp"

#include <vx11/health/redis_probe.hpp>

#include <utility>

namespace gateway {

using vx11::Result;

namespace {

Result<vx11::HealthComponent> redis_component(const GatewayConfig& config) {
  if (!config.has_redis()) return vx11::HealthComponent{.name = "redis", .port = 6379};
  auto probe = vx11::make_redis_probe(config.redis.url.value);
  if (!probe) return vx11::fail(std::move(probe.error()));
  return vx11::HealthComponent{.name = "redis",
                               .port = vx11::redis_port(config.redis.url.value).value_or(0),
                               .check = *std::move(probe),
                               .required = true,
                               .timeout = config.status.limit};
}

vx11::HealthComponent switch_component(const Upstreams& upstreams) {
  if (!upstreams.switch_) return {.name = "switch", .port = 8002, .check = vx11::Absent{}};
  return {.name = "switch",
          .port = upstreams.switch_->port,
          .check = std::shared_ptr<const vx11::CircuitBreaker>(upstreams.switch_->breaker)};
}

}  // namespace

Result<std::shared_ptr<vx11::HealthAggregator>> make_health(const GatewayConfig& config,
                                                            const Upstreams& upstreams,
                                                            std::uint16_t own_port) {
  const Upstream& madre = upstreams.madre;
  auto probe = vx11::make_http_probe(madre.transport, madre.origin, "/health", madre.headers);
  if (!probe) return vx11::fail(std::move(probe.error()));
  auto redis = redis_component(config);
  if (!redis) return vx11::fail(std::move(redis.error()));
  // No breaker here: health checks of madre must not be counted.
  const auto power = std::make_shared<const vx11::PowerStateView>(
      madre.transport, madre.origin,
      vx11::PowerOptions{.timeout = config.status.limit, .headers = madre.headers});
  return std::make_shared<vx11::HealthAggregator>(
      vx11::HealthOptions{.components = {{.name = "tentaculo_link",
                                          .port = own_port,
                                          .check = vx11::SelfCheck{},
                                          .required = true},
                                         {.name = "madre",
                                          .port = madre.port,
                                          .check = *std::move(probe),
                                          .required = true,
                                          .timeout = config.status.limit},
                                         *std::move(redis),
                                         switch_component(upstreams)},
                          .power = power,
                          .reuse_for = config.status.reuse_for});
}

}  // namespace gateway
