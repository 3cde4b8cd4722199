#include "gateway/fixed_settings.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gateway/redis/shared_parts.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway {

namespace {

constexpr std::string_view kRedisUrl = "redis.url";

/// Of `[server]`: what the handlers and the end of the process read. All else was given to the
/// listener and its loops when they started.
constexpr std::array<std::string_view, 5> kOfHandlers = {
    "server.hosts", "server.cors_origins", "server.drain_delay", "server.shutdown_grace",
    "server.insecure_listen"};

/// Their files and their store last through a reload.
constexpr std::array<std::string_view, 9> kOfRequests = {"log.format",
                                                         "log.access",
                                                         "log.audit",
                                                         "idempotency.lifetime",
                                                         "idempotency.max_answers",
                                                         "idempotency.max_bytes",
                                                         "idempotency.shared",
                                                         "service_levels.file",
                                                         "power.ledger"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// The client of Redis lasts through a reload; the probe of `redis.url` does not.
bool is_of_redis_client(std::string_view key) {
  return key.starts_with("redis.") && key != kRedisUrl;
}

/// Whether the client of Redis is that of `redis.url`.
bool shares_by_redis_url(const GatewayConfig& config) {
  return !config.sessions.store.redis_url && shared_redis_url(config);
}

/// All but `redis.url`, which is fixed only while the client uses it.
void keep_values(const GatewayConfig& running, GatewayConfig& next) {
  ServerConfig server = running.server;
  server.hosts = std::move(next.server.hosts);
  server.cors_origins = std::move(next.server.cors_origins);
  server.drain_delay = next.server.drain_delay;
  server.shutdown_grace = next.server.shutdown_grace;
  server.insecure_listen = next.server.insecure_listen;
  next.server = std::move(server);
  next.sessions = running.sessions;
  RedisConfig redis = running.redis;
  redis.url = std::move(next.redis.url);
  next.redis = std::move(redis);
  next.log.format = running.log.format;
  next.log.access = running.log.access;
  next.log.audit = running.log.audit;
  const Duration max_wait = next.idempotency.max_wait;
  next.idempotency = running.idempotency;
  next.idempotency.max_wait = max_wait;
  next.service_levels.file = running.service_levels.file;
  next.power.ledger = running.power.ledger;
}

}  // namespace

bool needs_restart(std::string_view key) {
  if (is_of_redis_client(key)) return true;
  if (key.starts_with("sessions.") || has(kOfRequests, key)) return true;
  return key.starts_with("server.") && !has(kOfHandlers, key);
}

std::vector<std::string> keep_fixed(const GatewayConfig& running, GatewayConfig& next) {
  const GatewayConfig wanted = next;
  keep_values(running, next);
  const bool keeps_url = shares_by_redis_url(running) && shares(next);
  if (keeps_url) next.redis.url = running.redis.url;
  std::vector<std::string> changed;
  for (const Setting& setting : settings()) {
    const bool is_fixed = needs_restart(setting.key) || (keeps_url && setting.key == kRedisUrl);
    if (is_fixed && !setting.field.is_same(running, wanted)) changed.emplace_back(setting.key);
  }
  return changed;
}

}  // namespace gateway
