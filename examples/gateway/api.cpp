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
#include "routes.hpp"
#include "upstreams.hpp"

namespace gateway {

namespace {

using vx11::Result;

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
  options.breaker = madre.power_breaker;
  options.linked = madre.linked;
  return std::make_shared<const vx11::PowerStateClient>(madre.transport, madre.origin,
                                                        std::move(options));
}

}  // namespace

Result<vx11::OperatorApi> make_api(const GatewayConfig& config, std::uint16_t own_port) {
  const Upstreams upstreams =
      make_upstreams(config, make_transport(config), make_target_transports(config));
  auto auth = make_authenticator(config.auth);
  if (!auth) return vx11::fail(std::move(auth.error()));
  const std::vector<std::string> chain = chain_of(config, config.chat.route);
  auto router = make_router(config, upstreams, chain);
  if (!router) return vx11::fail(std::move(router.error()));
  auto health = make_health(config, upstreams, own_port);
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
       .primary = config.chat.route.empty() ? std::string("switch") : chain.front(),
       .max_body_bytes = config.limits.max_body_bytes,
       .max_message_bytes = config.limits.max_message_bytes,
       .history_messages = config.targets.empty() ? 0 : config.sessions.limits.messages,
       .metrics = metrics_access(config),
       .stream = {.silence = config.chat.stream_silence,
                  .total = config.chat.stream_deadline,
                  .head_after = config.chat.head_after,
                  .heartbeat = config.chat.heartbeat},
       .timer = vx11::make_net_timer(),
       .hosts = allowed_hosts(config.server),
       .on_event = [log](const vx11::OperatorEvent& event) { log->note(event); }});
}

}  // namespace gateway
