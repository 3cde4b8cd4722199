#include "gateway/health.hpp"

#include <vx11/health/redis_client_probe.hpp>
#include <vx11/health/redis_probe.hpp>

#include <string>
#include <utility>
#include <vector>

#include "gateway/redis/redis_client.hpp"

namespace gateway {

using vx11::Result;

namespace {

/// The place of redis among the components.
constexpr std::size_t kRedisAt = 2;

Result<vx11::HealthComponent> redis_component(const GatewayConfig& config) {
  if (!config.has_redis()) return vx11::HealthComponent{.name = "redis", .port = 6379};
  auto probe = vx11::make_redis_probe(with_password(config.redis.url.value, config.redis));
  if (!probe) return vx11::fail(std::move(probe.error()));
  return vx11::HealthComponent{.name = "redis",
                               .port = vx11::redis_port(config.redis.url.value).value_or(0),
                               .check = *std::move(probe),
                               .required = true,
                               .timeout = config.status.limit};
}

/// The Redis with the sessions, by whether it takes writes.
vx11::HealthComponent sessions_component(const GatewayConfig& config,
                                         std::shared_ptr<vx11::RedisClient> client) {
  return {.name = config.has_redis() ? "sessions" : "redis",
          .port = first_port(*config.sessions.store.redis_url),
          .check = vx11::make_redis_client_probe(std::move(client), config.redis.prefix + "probe"),
          .required = true,
          .timeout = config.status.limit};
}

vx11::HealthComponent switch_component(const Upstreams& upstreams) {
  if (!upstreams.switch_) return {.name = "switch", .port = 8002, .check = vx11::Absent{}};
  return {.name = "switch",
          .port = upstreams.switch_->port,
          .check = std::shared_ptr<const vx11::CircuitBreaker>(upstreams.switch_->breaker)};
}

/// Named targets, by their breakers: reporting them wakes none and costs no request.
void add_targets(std::vector<vx11::HealthComponent>& components, const Upstreams& upstreams) {
  for (const Upstream& target : upstreams.named) {
    components.push_back({.name = target.name,
                          .port = target.port,
                          .check = std::shared_ptr<const vx11::CircuitBreaker>(target.breaker)});
  }
}

/// By its power state, so that nothing is called that calls others; or as configured.
Result<vx11::HealthComponent> madre_component(const GatewayConfig& config, const Upstream& madre) {
  const std::string& path = config.madre.health_path.value;
  auto probe = vx11::make_http_probe(madre.transport, madre.origin,
                                     path.empty() ? std::string("/health") : path, madre.headers);
  if (!probe) return vx11::fail(std::move(probe.error()));
  vx11::HealthComponent component{.name = "madre",
                                  .port = madre.port,
                                  .required = true,
                                  .timeout = config.status.limit,
                                  .embedded = config.madre_is_embedded()};
  if (path.empty()) {
    component.check = vx11::PowerEvidence{.fallback = *std::move(probe)};
  } else {
    component.check = *std::move(probe);
  }
  return component;
}

}  // namespace

Result<std::shared_ptr<vx11::HealthAggregator>> make_health(
    const GatewayConfig& config, const Upstreams& upstreams, std::uint16_t own_port,
    std::shared_ptr<vx11::RedisClient> sessions) {
  const Upstream& madre = upstreams.madre;
  auto madre_part = madre_component(config, madre);
  if (!madre_part) return vx11::fail(std::move(madre_part.error()));
  auto redis = redis_component(config);
  if (!redis) return vx11::fail(std::move(redis.error()));
  // No breaker here: health checks of madre must not be counted.
  const auto power = std::make_shared<const vx11::PowerStateView>(
      madre.transport, madre.origin,
      vx11::PowerOptions{
          .timeout = config.status.limit, .headers = madre.headers, .linked = madre.linked});
  vx11::HealthOptions options{.components = {{.name = "tentaculo_link",
                                              .port = own_port,
                                              .check = vx11::SelfCheck{},
                                              .required = true},
                                             *std::move(madre_part),
                                             *std::move(redis),
                                             switch_component(upstreams)},
                              .power = power,
                              .reuse_for = config.status.reuse_for};
  if (sessions != nullptr) {
    auto component = sessions_component(config, std::move(sessions));
    if (config.has_redis()) {
      options.components.push_back(std::move(component));
    } else {
      options.components[kRedisAt] = std::move(component);
    }
  }
  add_targets(options.components, upstreams);
  return std::make_shared<vx11::HealthAggregator>(std::move(options));
}

}  // namespace gateway
