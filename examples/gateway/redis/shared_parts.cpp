#include "gateway/redis/shared_parts.hpp"

#include <vx11/net/timer.hpp>
#include <vx11/redis/idempotency_store.hpp>
#include <vx11/redis/shared_rates.hpp>
#include <vx11/token_file.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/log/log.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/redis/redis_client.hpp"

namespace gateway {

using vx11::Result;

namespace {

void log_rates(bool is_shared) {
  if (is_shared) {
    log_event(LogEvent::limits_shared);
  } else {
    log_event(LogEvent::limits_local);
  }
}

/// One for the whole process: after a reload it is still the same replica.
Result<std::string> new_replica() {
  auto token = vx11::make_token();
  if (!token) return vx11::fail(std::move(token.error()));
  return *std::move(token);
}

vx11::MetricFamily family_of(const char* name, const char* help,
                             std::shared_ptr<vx11::HintCounters> counters,
                             std::atomic<std::uint64_t> vx11::HintCounters::*value) {
  vx11::MetricFamily family{.name = name, .help = help};
  family.series.push_back({.value = [counters, value] {
    return (counters.get()->*value).load(std::memory_order_relaxed);
  }});
  return family;
}

}  // namespace

/// Without `redis.url` each gateway acts for itself.
bool shares_power(const GatewayConfig& config) noexcept {
  return has_rules(config) && !config.redis.url.value.empty();
}

bool shares(const GatewayConfig& config) noexcept {
  return config.sessions.store.redis_url || config.limits.shared || config.idempotency.shared ||
         config.chat.breaker_hints || config.auth.shared_revocations || shares_power(config);
}

std::optional<std::string> shared_redis_url(const GatewayConfig& config) {
  if (!shares(config)) return std::nullopt;
  if (config.sessions.store.redis_url) return config.sessions.store.redis_url;
  if (config.redis.url.value.empty()) return std::nullopt;
  return config.redis.url.value;
}

Result<std::shared_ptr<vx11::SharedRates>> make_rates(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client,
    SharedParts& shared) {
  if (!config.limits.shared) return nullptr;
  if (shared.rates != nullptr) return shared.rates;
  vx11::RedisRatesOptions options;
  options.prefix = config.redis.prefix + "rate:";
  options.on_change = log_rates;
  auto made = vx11::make_redis_shared_rates(client, std::move(options));
  if (!made) return vx11::fail(std::move(made.error()));
  shared.rates = *std::move(made);
  return shared.rates;
}

Result<std::shared_ptr<const vx11::Authenticator>> without_revoked(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client,
    const std::shared_ptr<const vx11::Authenticator>& credentials, SharedParts& shared) {
  if (!config.auth.shared_revocations) {
    shared.revocations = nullptr;
    shared.credentials = nullptr;
    shared.guarded = nullptr;
    return credentials;
  }
  if (shared.revocations == nullptr) {
    vx11::RedisRevocationOptions options;
    options.prefix = config.redis.prefix + "{revoked}:";
    options.timer = vx11::make_net_timer();
    auto started = vx11::start_redis_revocations(client, shared.revoked, std::move(options));
    if (!started) return vx11::fail(std::move(started.error()));
    shared.revocations = *std::move(started);
  }
  if (shared.credentials == credentials) return shared.guarded;
  auto guarded = vx11::make_revoking_authenticator(credentials, shared.revoked);
  if (!guarded) return vx11::fail(std::move(guarded.error()));
  shared.credentials = credentials;
  shared.guarded = *std::move(guarded);
  return shared.guarded;
}

Result<std::shared_ptr<vx11::IdempotencyStore>> make_idempotency(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& client) {
  const IdempotencyConfig& with = config.idempotency;
  if (!with.shared) {
    return vx11::make_memory_idempotency_store({.limits = {.answers = with.max_answers,
                                                           .bytes = with.max_bytes,
                                                           .lifetime = with.lifetime},
                                                .timer = vx11::make_net_timer()});
  }
  vx11::RedisIdempotencyOptions options;
  options.lifetime = with.lifetime;
  options.timer = vx11::make_net_timer();
  options.prefix = config.redis.prefix + "idempotency:";
  return vx11::make_redis_idempotency_store(client, std::move(options));
}

Result<void> exchange_hints(const GatewayConfig& config,
                            const std::shared_ptr<vx11::RedisClient>& client,
                            std::vector<vx11::HintedBreaker> breakers, SharedParts& shared) {
  shared.hints = nullptr;
  if (!config.chat.breaker_hints) return {};
  if (shared.replica.empty()) {
    auto replica = new_replica();
    if (!replica) return vx11::fail(std::move(replica.error()));
    shared.replica = *std::move(replica);
  }
  vx11::RedisHintOptions options;
  options.replica = shared.replica;
  options.prefix = config.redis.prefix + "{hints}:";
  options.timer = vx11::make_net_timer();
  options.counters = shared.hint_counters;
  options.on_suspicion = [](const std::string& target) {
    const auto name = std::string_view(target).substr(0, target.find(' '));  // without its address
    log_event(LogEvent::breaker_suspected, {{"breaker", name}});
  };
  auto started = vx11::start_redis_breaker_hints(client, std::move(breakers), std::move(options));
  if (!started) return vx11::fail(std::move(started.error()));
  shared.hints = *std::move(started);
  return {};
}

std::vector<vx11::MetricFamily> hint_metrics(const SharedParts& shared) {
  if (shared.hints == nullptr) return {};
  const auto& counters = shared.hint_counters;
  std::vector<vx11::MetricFamily> families;
  families.push_back(family_of("vx11_breaker_hints_exchanges_total",
                               "Exchanges of breaker hints over Redis.", counters,
                               &vx11::HintCounters::exchanges));
  families.push_back(family_of("vx11_breaker_hints_failures_total",
                               "Exchanges of breaker hints that failed.", counters,
                               &vx11::HintCounters::failures));
  families.push_back(family_of("vx11_breaker_hints_suspicions_total",
                               "Upstreams that became suspected by hints.", counters,
                               &vx11::HintCounters::suspicions));
  families.push_back({.name = "vx11_breaker_hints_live_replicas",
                      .help = "Gateways that exchange hints, this one included; 0: unknown.",
                      .kind = vx11::MetricKind::gauge,
                      .series = {{.value = [counters] {
                        return std::uint64_t{counters->live.load(std::memory_order_relaxed)};
                      }}}});
  return families;
}

void settle_shared(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (!shares(config) || config.sessions.store.redis_url) return;
  if (const auto url = shared_redis_url(config)) {
    const auto made = make_redis(*url, config.redis);
    if (!made) complain(loaded, "redis.url", made.error().detail);
    return;
  }
  constexpr const char* kNeeded = "needs a Redis; give sessions.store or redis.url the URL of one";
  if (config.limits.shared) complain(loaded, "limits.shared", kNeeded);
  if (config.idempotency.shared) complain(loaded, "idempotency.shared", kNeeded);
  if (config.auth.shared_revocations) complain(loaded, "auth.shared_revocations", kNeeded);
  if (config.chat.breaker_hints) complain(loaded, "chat.breaker_hints", kNeeded);
}

}  // namespace gateway
