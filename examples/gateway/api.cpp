#include "api.hpp"

#include <vx11/chat_completions_api.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/net/timer.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>

#include <algorithm>
#include <functional>
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
#include "models.hpp"
#include "upstreams.hpp"

namespace gateway {

namespace {

using vx11::Result;

vx11::RouterTarget chat_target(const GatewayConfig& config, const Upstream& upstream) {
  return {.name = upstream.name,
          .url = upstream.origin,
          .transport = upstream.transport,
          .try_timeout = upstream.limit,
          .breaker = upstream.breaker,
          .linked = upstream.linked,
          .headers = upstream.headers,
          .fallback_after = config.chat.fallback_after.time};
}

Result<vx11::Router> make_router(const GatewayConfig& config,
                                 std::vector<vx11::RouterTarget> targets) {
  return vx11::Router::create({.targets = std::move(targets),
                               .total_timeout = config.chat.deadline,
                               .last_resorts = config.chat.last_resorts,
                               .timer = vx11::make_net_timer(),
                               .overtaken = config.chat.overtaken});
}

/// The targets of the chain, in order.
std::vector<vx11::RouterTarget> chain(const GatewayConfig& config, const Upstreams& upstreams) {
  std::vector<vx11::RouterTarget> targets;
  if (upstreams.switch_) targets.push_back(chat_target(config, *upstreams.switch_));
  targets.push_back(chat_target(config, upstreams.madre));
  return targets;
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
  options.breaker = madre.power_breaker;
  options.linked = madre.linked;
  return std::make_shared<const vx11::PowerStateClient>(madre.transport, madre.origin,
                                                        std::move(options));
}

/// What both APIs share.
struct Parts {
  std::shared_ptr<const vx11::Authenticator> auth = {};
  std::shared_ptr<vx11::SessionStore> sessions = {};
  vx11::ChatStreamLimits stream = {};
  vx11::OperatorEventSink on_event = {};
};

Result<Parts> make_parts(const GatewayConfig& config) {
  auto auth = make_authenticator(config.auth);
  if (!auth) return vx11::fail(std::move(auth.error()));
  auto sessions = make_sessions(config.sessions);
  if (!sessions) return vx11::fail(std::move(sessions.error()));
  const auto log = std::make_shared<EventLog>(config.log.level, log_line);
  return Parts{.auth = *std::move(auth),
               .sessions = *std::move(sessions),
               .stream = {.silence = config.chat.stream_silence,
                          .total = config.chat.stream_deadline,
                          .head_after = config.chat.head_after,
                          .heartbeat = config.chat.heartbeat},
               .on_event = [log](const vx11::OperatorEvent& event) { log->note(event); }};
}

/// The OpenAI chat API, with the models of `make_models`.
Result<vx11::ChatCompletionsApi> make_completions(const GatewayConfig& config, const Parts& parts,
                                                  const vx11::Router& chain,
                                                  const Upstreams& upstreams) {
  const auto alone = [&](std::vector<vx11::RouterTarget> target) {
    return make_router(config, std::move(target));
  };
  auto models =
      make_models(config.completions.aliases, chain, gateway::chain(config, upstreams), alone);
  if (!models) return vx11::fail(std::move(models.error()));
  return vx11::ChatCompletionsApi::create({.auth = parts.auth,
                                           .models = *std::move(models),
                                           .sessions = parts.sessions,
                                           .session_member = config.completions.session,
                                           .cors_origins = config.server.cors_origins,
                                           .hosts = allowed_hosts(config.server),
                                           .max_body_bytes = config.limits.max_body_bytes,
                                           .stream = parts.stream,
                                           .timer = vx11::make_net_timer(),
                                           .on_event = parts.on_event});
}

Result<vx11::OperatorApi> make_operator(const GatewayConfig& config, const Parts& parts,
                                        const vx11::Router& router, const Upstreams& upstreams,
                                        std::uint16_t own_port,
                                        std::function<std::string()> more_metrics) {
  auto health = make_health(config, upstreams, own_port);
  if (!health) return vx11::fail(std::move(health.error()));
  std::vector<std::string> embedded;
  if (config.madre_is_embedded()) embedded.push_back(upstreams.madre.name);
  return vx11::OperatorApi::create({.auth = parts.auth,
                                    .router = router,
                                    .health = *std::move(health),
                                    .power = make_power(config, upstreams.madre),
                                    .sessions = parts.sessions,
                                    .breakers = breakers_of(upstreams),
                                    .tasks = make_tasks(upstreams),
                                    .embedded = std::move(embedded),
                                    .cors_origins = config.server.cors_origins,
                                    .max_body_bytes = config.limits.max_body_bytes,
                                    .max_message_bytes = config.limits.max_message_bytes,
                                    .metrics = metrics_access(config),
                                    .stream = parts.stream,
                                    .timer = vx11::make_net_timer(),
                                    .hosts = allowed_hosts(config.server),
                                    .more_metrics = std::move(more_metrics),
                                    .on_event = parts.on_event});
}

/// The OpenAI chat API with and without `/v1`; all else is the operator's.
Result<std::shared_ptr<vx11::HttpHandler>> mounted(const vx11::ChatCompletionsApi& completions,
                                                   vx11::OperatorApi api) {
  vx11::HttpRoutes routes;
  for (const char* prefix : {"/v1", "/chat/completions", "/responses", "/models"}) {
    routes.mount(prefix, completions);
  }
  return routes.mount("/", std::move(api)).build();
}

}  // namespace

Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config,
                                                    std::uint16_t own_port) {
  const Upstreams upstreams = make_upstreams(config, make_transport(config));
  const auto parts = make_parts(config);
  if (!parts) return vx11::fail(parts.error());
  const auto router = make_router(config, chain(config, upstreams));
  if (!router) return vx11::fail(router.error());
  const auto completions = make_completions(config, *parts, *router, upstreams);
  if (!completions) return vx11::fail(completions.error());
  auto api = make_operator(config, *parts, *router, upstreams, own_port,
                           [completions = *completions] { return completions.metrics(); });
  if (!api) return vx11::fail(std::move(api.error()));
  return mounted(*completions, *std::move(api));
}

}  // namespace gateway
