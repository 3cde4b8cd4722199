#include "api.hpp"

#include <vx11/net/timer.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "authenticator.hpp"
#include "event_log.hpp"
#include "front.hpp"
#include "health.hpp"
#include "log.hpp"
#include "metrics.hpp"
#include "upstreams.hpp"

namespace gateway {

namespace {

using vx11::Result;

Result<vx11::Router> make_router(const GatewayConfig& config, const Upstreams& upstreams) {
  const auto target = [&](const Upstream& upstream) {
    return vx11::RouterTarget{.name = upstream.name,
                              .url = upstream.origin,
                              .transport = upstream.transport,
                              .try_timeout = upstream.limit,
                              .breaker = upstream.breaker,
                              .linked = upstream.linked,
                              .headers = upstream.headers,
                              .fallback_after = config.chat.fallback_after.time};
  };
  vx11::RouterOptions options{.total_timeout = config.chat.deadline,
                              .last_resorts = config.chat.last_resorts,
                              .timer = vx11::make_net_timer(),
                              .overtaken = config.chat.overtaken};
  if (upstreams.switch_) options.targets.push_back(target(*upstreams.switch_));
  options.targets.push_back(target(upstreams.madre));
  return vx11::Router::create(std::move(options));
}

Result<std::shared_ptr<vx11::SessionStore>> make_sessions(const SessionsConfig& config) {
  if (!config.store.sqlite_path) return vx11::make_memory_session_store({.limits = config.limits});
  return vx11::open_sqlite_session_store(*config.store.sqlite_path, {.limits = config.limits});
}

vx11::MetricsAccess metrics_access(const GatewayConfig& config) {
  const MetricsMode mode = config.metrics.access;
  const bool is_open = mode == MetricsMode::open ||
                       (mode == MetricsMode::automatic && is_loopback(config.server.listen));
  return is_open ? vx11::MetricsAccess::everyone : vx11::MetricsAccess::with_token;
}

/// Where tasks are sent; none without a switch.
std::optional<vx11::RouterTarget> make_tasks(const Upstreams& upstreams) {
  if (!upstreams.switch_) return std::nullopt;
  const Upstream& target = *upstreams.switch_;
  return vx11::RouterTarget{.name = target.name,
                            .url = target.origin,
                            .transport = target.transport,
                            .try_timeout = target.limit,
                            .breaker = target.task_breaker,
                            .linked = target.linked,
                            .headers = target.headers};
}

std::shared_ptr<const vx11::PowerStateClient> make_power(const GatewayConfig& config,
                                                         const Upstream& madre) {
  const Duration limit = config.power.command_limit;
  vx11::PowerOptions options{.command_limit = limit, .headers = madre.headers};
  options.command_patience = std::max(options.command_patience, limit);
  options.power_key = config.power.key.value;
  options.reuse_for = config.power.reuse_for;
  options.breaker = madre.power_breaker;
  options.linked = madre.linked;
  return std::make_shared<const vx11::PowerStateClient>(madre.transport, madre.origin,
                                                        std::move(options));
}

}  // namespace

Result<vx11::OperatorApi> make_api(const GatewayConfig& config, const Front& front) {
  const CountersByOrigin counters = make_counters(config);
  const Upstreams upstreams = make_upstreams(config, make_transport(config, counters));
  auto auth = make_authenticator(config.auth);
  if (!auth) return vx11::fail(std::move(auth.error()));
  auto router = make_router(config, upstreams);
  if (!router) return vx11::fail(std::move(router.error()));
  auto health = make_health(config, upstreams, front.port());
  if (!health) return vx11::fail(std::move(health.error()));
  auto sessions = make_sessions(config.sessions);
  if (!sessions) return vx11::fail(std::move(sessions.error()));
  const auto log = std::make_shared<EventLog>(config.log.level, log_line);
  std::vector<std::string> embedded;
  if (config.madre_is_embedded()) embedded.push_back(upstreams.madre.name);
  return vx11::OperatorApi::create(
      {.auth = *std::move(auth),
       .router = *std::move(router),
       .health = *std::move(health),
       .power = make_power(config, upstreams.madre),
       .sessions = *std::move(sessions),
       .breakers = breakers_of(upstreams),
       .tasks = make_tasks(upstreams),
       .embedded = std::move(embedded),
       .cors_origins = config.server.cors_origins,
       .readiness = {{"listener", [&front] { return front.is_accepting(); }}},
       .max_body_bytes = config.limits.max_body_bytes,
       .max_message_bytes = config.limits.max_message_bytes,
       .metrics = metrics_access(config),
       .metric_families = metric_families(config, counters, front),
       .stream = {.silence = config.chat.stream_silence,
                  .total = config.chat.stream_deadline,
                  .head_after = config.chat.head_after,
                  .heartbeat = config.chat.heartbeat},
       .timer = vx11::make_net_timer(),
       .hosts = allowed_hosts(config.server),
       .on_event = [log](const vx11::OperatorEvent& event) { log->note(event); }});
}

}  // namespace gateway
