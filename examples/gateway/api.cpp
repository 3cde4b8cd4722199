#include "gateway/api.hpp"

#include <vx11/chat_completions_api.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/net/timer.hpp>
#include <vx11/operator_api.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/admin_answers.hpp"
#include "gateway/auth/authenticator.hpp"
#include "gateway/chat_labels.hpp"
#include "gateway/checks/config_slo.hpp"
#include "gateway/checks/models.hpp"
#include "gateway/decision_metrics.hpp"
#include "gateway/documents.hpp"
#include "gateway/front.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/group_metrics.hpp"
#include "gateway/health.hpp"
#include "gateway/limits.hpp"
#include "gateway/log/log.hpp"
#include "gateway/metrics.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/redis/redis_client.hpp"
#include "gateway/redis/redis_metrics.hpp"
#include "gateway/redis/sessions.hpp"
#include "gateway/redis/shared_parts.hpp"
#include "gateway/requests.hpp"
#include "gateway/routes.hpp"
#include "gateway/telemetry/event_log.hpp"
#include "gateway/telemetry/process_metrics.hpp"
#include "gateway/telemetry/service_levels.hpp"
#include "gateway/telemetry/status_transport.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

namespace {

using vx11::Result;

/// One client for all that is kept in Redis, which lasts as long as configurations need one.
Result<void> complete_redis(GatewayState& state, const GatewayConfig& config) {
  const auto url = shared_redis_url(config);
  if (!url) {
    state.redis = nullptr;
    state.shared.rates = nullptr;
  }
  if (!url || state.redis != nullptr) return {};
  state.decisions->declare("redis", "redis");  // before its first event
  auto redis = make_redis(*url, config.redis, state.decisions);
  if (!redis) return vx11::fail(std::move(redis.error()));
  state.redis = *std::move(redis);
  return {};
}

vx11::MetricsAccess metrics_access(const GatewayConfig& config) {
  const MetricsMode mode = config.metrics.access;
  const bool is_open = mode == MetricsMode::open ||
                       (mode == MetricsMode::automatic && is_loopback(config.server.listen));
  return is_open ? vx11::MetricsAccess::everyone : vx11::MetricsAccess::with_token;
}

vx11::RequestCounting counting_of(const GatewayConfig& config) {
  return config.metrics.requests ? vx11::RequestCounting::on : vx11::RequestCounting::off;
}

/// Where tasks are sent; none without a switch.
std::optional<vx11::RouterTarget> make_tasks(const Upstreams& upstreams) {
  if (!upstreams.switch_) return std::nullopt;
  const Upstream& target = *upstreams.switch_;
  return vx11::RouterTarget{.name = target.name,
                            .url = target.origin,
                            .transport = upstreams.transport_of(target),
                            .try_timeout = target.limit,
                            .breaker = target.task_breaker,
                            .linked = target.linked,
                            .headers = target.headers};
}

/// Where intents are sent; none if they are off.
std::optional<vx11::RouterTarget> make_intents(const Upstreams& upstreams) {
  const Upstream& madre = upstreams.madre;
  if (madre.intent_breaker == nullptr) return std::nullopt;
  return vx11::RouterTarget{.name = madre.name,
                            .url = madre.origin,
                            .transport = madre.transport,
                            .try_timeout = madre.limit,
                            .breaker = madre.intent_breaker,
                            .linked = madre.linked,
                            .headers = madre.headers};
}

/// Where INEE is; none if it is off.
std::optional<vx11::RouterTarget> make_inee(const Upstreams& upstreams) {
  if (!upstreams.hormiguero) return std::nullopt;
  const Upstream& target = *upstreams.hormiguero;
  return vx11::RouterTarget{.name = target.name,
                            .url = target.origin,
                            .transport = target.transport,
                            .try_timeout = target.limit,
                            .breaker = target.breaker,
                            .headers = target.headers};
}

std::shared_ptr<const vx11::PowerStateClient> make_power(
    const GatewayConfig& config, const Upstream& madre,
    std::shared_ptr<vx11::PowerGovernor> governor) {
  const Duration limit = config.power.command_limit;
  vx11::PowerOptions options{.command_limit = limit, .headers = madre.headers};
  options.command_patience = std::max(options.command_patience, limit);
  options.power_key = config.power.key.value;
  options.reuse_for = config.power.reuse_for;
  options.breaker = madre.power_breaker;
  options.linked = madre.linked;
  auto transport = make_command_transport(madre.transport, std::move(governor));
  return std::make_shared<const vx11::PowerStateClient>(std::move(transport), madre.origin,
                                                        std::move(options));
}

/// What both APIs share.
struct Parts {
  std::shared_ptr<const vx11::Authenticator> auth = {};
  std::shared_ptr<vx11::SessionStore> sessions = {};
  vx11::ChatStreamLimits stream = {};
  vx11::OperatorEventSink on_event = {};
};

/// The targets whose answers are no fallback: those of the first step. Without a route it is
/// switch, even if there is none.
std::vector<std::string> primaries_of(const GatewayConfig& config) {
  if (config.chat.route.empty()) return {"switch"};
  return targets_of_step(config, route_of(config, config.chat.route).targets.front());
}

/// Objectives are those of the configuration, with the history that they had, and at first that of
/// the file.
Result<void> complete_objectives(GatewayState& state, const GatewayConfig& config) {
  auto objectives = make_objectives(config, primaries_of(config), state.objectives);
  if (!objectives) return vx11::fail(std::move(objectives.error()));
  const Objectives before = std::exchange(state.objectives, *std::move(objectives));
  if (state.history != nullptr) {
    if (before != nullptr) state.history->change(*before, *state.objectives);
    return {};
  }
  state.history = std::make_shared<KeptHistory>(history_file_of(config));
  state.history->load(*state.objectives);
  return {};
}

/// Sessions and logs stay as they are when the configuration is read again.
Result<void> complete(GatewayState& state, const GatewayConfig& config) {
  if (auto completed = complete_redis(state, config); !completed) return completed;
  if (state.requests.logs == nullptr) {
    auto requests = make_request_services(config, state.redis);
    if (!requests) return vx11::fail(std::move(requests.error()));
    state.requests = *std::move(requests);
  }
  if (auto renewed = renew(state.tracing, config); !renewed) return renewed;
  state.requests.tracer = state.tracing.tracer;
  if (state.sessions.store == nullptr) {
    auto sessions = make_sessions(config, state.redis, state.decisions);
    if (!sessions) return vx11::fail(std::move(sessions.error()));
    state.sessions = *std::move(sessions);
  }
  return complete_objectives(state, config);
}

/// An API whose counters continue those of the earlier one.
template <class Api, class Options>
Result<Api> made_after(const std::optional<Api>& earlier, Options options) {
  return earlier ? earlier->successor(std::move(options)) : Api::create(std::move(options));
}

/// `ChatEvents` logs what targets answer, whichever API asked them.
void note_unless_of_target(const vx11::OperatorEvent& event) {
  if (event.kind == vx11::OperatorEventKind::reply_refused) return;
  note_event(process_log(), event);
}

Parts make_parts(const GatewayConfig& config, const GatewayState& state) {
  return Parts{.auth = state.limits.auth,
               .sessions = state.sessions.store,
               .stream = {.silence = config.chat.stream_silence,
                          .total = config.chat.stream_deadline,
                          .head_after = config.chat.head_after,
                          .heartbeat = config.chat.heartbeat},
               .on_event = note_unless_of_target};
}

/// The OpenAI chat API, with the models of `make_models`.
Result<vx11::ChatCompletionsApi> make_completions(const GatewayConfig& config, const Parts& parts,
                                                  const Upstreams& upstreams,
                                                  const vx11::Router& chain,
                                                  const std::vector<NamedRouter>& others,
                                                  const GatewayState& state) {
  auto models = make_models(config.completions.aliases, chain, others);
  if (!models) return vx11::fail(std::move(models.error()));
  const auto embeddings = embedding_routers(config, upstreams);
  if (!embeddings) return vx11::fail(embeddings.error());
  return made_after(state.completions,
                    vx11::ChatCompletionsApiOptions{
                        .auth = parts.auth,
                        .models = *std::move(models),
                        .embeddings = make_embeddings(config.completions.aliases, *embeddings),
                        .sessions = parts.sessions,
                        .session_member = config.completions.session,
                        .cors_origins = config.server.cors_origins,
                        .hosts = allowed_hosts(config.server),
                        .max_body_bytes = config.limits.max_body_bytes,
                        .stream = parts.stream,
                        .timer = vx11::make_net_timer(),
                        .on_event = parts.on_event,
                        .chat_metrics = state.chat_metrics,
                        .request_metrics = state.requests.metrics,
                        .request_counting = counting_of(config)});
}

/// Only named targets take a conversation.
std::size_t history_of(const GatewayConfig& config) {
  return config.targets.empty() ? 0 : config.sessions.limits.messages;
}

/// A Redis that all gateways share takes no part: chats go on without it, and its loss would take
/// every gateway out of the balancer at once.
std::vector<vx11::ReadinessCheck> readiness_of(const GatewayConfig& config, const Front& front,
                                               const KeyWatch& keys) {
  std::vector<vx11::ReadinessCheck> checks = {
      {"listener", [&front] { return front.is_accepting(); }},
      {"keys", [keys] { return keys.is_ready(); }}};
  if (config.sessions.store.redis_url) checks.push_back({"sessions", [] { return true; }});
  return checks;
}

Result<vx11::OperatorApi> make_operator(const GatewayConfig& config, const Parts& parts,
                                        const vx11::Router& router, const Upstreams& upstreams,
                                        const Front& front, const KeyWatch& keys,
                                        const GatewayState& state,
                                        std::vector<vx11::MetricFamily> families) {
  const bool has_sessions = config.sessions.store.redis_url.has_value();
  Upstreams probed = upstreams;
  probed.madre.transport = make_status_transport(upstreams.madre.transport, state.wakeups);
  auto health = make_health(config, probed, front.port(), has_sessions ? state.redis : nullptr);
  if (!health) return vx11::fail(std::move(health.error()));
  const std::vector<std::string> primaries = primaries_of(config);
  std::vector<std::string> embedded;
  if (config.madre_is_embedded()) embedded.push_back(upstreams.madre.name);
  return made_after(state.operator_api,
                    vx11::OperatorApiOptions{.auth = parts.auth,
                                             .router = router,
                                             .health = *std::move(health),
                                             .power = state.power.madre,
                                             .governor = state.power.governor,
                                             .sessions = parts.sessions,
                                             .breakers = breakers_of(upstreams),
                                             .tasks = make_tasks(upstreams),
                                             .intents = make_intents(upstreams),
                                             .inee = make_inee(upstreams),
                                             .embedded = std::move(embedded),
                                             .cors_origins = config.server.cors_origins,
                                             .readiness = readiness_of(config, front, keys),
                                             .primary = primaries.front(),
                                             .primary_group = primaries,
                                             .max_body_bytes = config.limits.max_body_bytes,
                                             .max_message_bytes = config.limits.max_message_bytes,
                                             .history_messages = history_of(config),
                                             .metrics = metrics_access(config),
                                             .metric_families = std::move(families),
                                             .objectives = state.objectives,
                                             .stream = parts.stream,
                                             .timer = vx11::make_net_timer(),
                                             .hosts = allowed_hosts(config.server),
                                             .admin = state.admin,
                                             .on_event = parts.on_event,
                                             .chat_metrics = state.chat_metrics,
                                             .request_metrics = state.requests.metrics,
                                             .request_counting = counting_of(config)});
}

/// The OpenAI chat API with and without `/v1`, and the documents; all else is the operator's.
Result<std::shared_ptr<vx11::HttpHandler>> mounted(const GatewayConfig& config,
                                                   const vx11::ChatCompletionsApi& completions,
                                                   vx11::OperatorApi api) {
  auto documents = make_gateway_documents(config.server);
  if (!documents) return documents;
  vx11::HttpRoutes routes;
  for (const char* prefix : {kDescriptionPath, kPagePath}) routes.mount(prefix, *documents);
  for (const char* prefix :
       {"/v1", "/chat/completions", "/responses", "/models", "/completions", "/embeddings"}) {
    routes.mount(prefix, completions);
  }
  return routes.mount("/", std::move(api)).build();
}

/// Those that an earlier configuration had count on. Reloads with ever new origins end those that
/// are not configured any more.
CountersByOrigin lasting_counters(const GatewayConfig& config, GatewayState& state) {
  constexpr std::size_t kMostOrigins = 1000;
  CountersByOrigin counters = make_counters(config);
  if (state.counters.size() >= kMostOrigins) {
    std::erase_if(state.counters,
                  [&](const auto& entry) { return !counters.contains(entry.first); });
  }
  for (auto& [origin, counter] : counters) {
    counter = state.counters.try_emplace(origin, counter).first->second;
  }
  return counters;
}

std::shared_ptr<vx11::ChatMetrics> chat_metrics(const GatewayConfig& config,
                                                const Upstreams& upstreams,
                                                const vx11::ChatMetrics* earlier) {
  auto labels = chat_labels(config, upstreams);
  return earlier != nullptr ? earlier->successor(std::move(labels))
                            : vx11::ChatMetrics::create(std::move(labels));
}

}  // namespace

Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config, const Front& front,
                                                    const Credentials& credentials,
                                                    GatewayState& state) {
  const CountersByOrigin counters = lasting_counters(config, state);
  Upstreams upstreams =
      make_upstreams(config, make_network_transports(config, counters, state.transports),
                     make_target_transports(config, counters, state.transports), state);
  if (auto completed = complete(state, config); !completed) return vx11::fail(completed.error());
  if (auto renewed = state.power.renew(config, state.requests.logs); !renewed) {
    return vx11::fail(std::move(renewed.error()));
  }
  auto madre = make_power(config, upstreams.madre, state.power.governor);
  if (auto used = state.power.use(config, std::move(madre), state.redis); !used) {
    return vx11::fail(std::move(used.error()));
  }
  if (watches_chats(config)) upstreams.governor = state.power.governor;
  if (config.power.idle_after > Duration::zero()) upstreams.switch_use = state.power.switch_use;
  auto auth = without_revoked(config, state.redis, credentials.auth, state.shared);
  if (!auth) return vx11::fail(std::move(auth.error()));
  if (config.auth.shared_revocations) {
    state.admin.revoke = [revocations = state.shared.revocations](const vx11::HttpRequest& asked) {
      return revoke(revocations, asked.body);
    };
  } else {
    state.admin.revoke = {};
  }
  Credentials guarded = credentials;
  guarded.auth = *std::move(auth);
  state.limits.events = state.decisions;
  auto limits = make_limits(config, guarded, state.limits);
  if (!limits) return vx11::fail(std::move(limits.error()));
  state.limits = *std::move(limits);
  auto rates = make_rates(config, state.redis, state.shared);
  if (!rates) return vx11::fail(std::move(rates.error()));
  state.limits.shared = *std::move(rates);
  auto exchanging =
      exchange_hints(config, state.redis, hinted_breakers(config, upstreams), state.shared);
  if (!exchanging) return vx11::fail(std::move(exchanging.error()));
  state.chat_metrics = chat_metrics(config, upstreams, state.chat_metrics.get());
  const Parts parts = make_parts(config, state);
  const auto router = make_router(config, upstreams, route_of(config, config.chat.route));
  if (!router) return vx11::fail(router.error());
  const auto routers = named_routers(config, upstreams, *router);
  if (!routers) return vx11::fail(routers.error());
  const auto completions = make_completions(config, parts, upstreams, *router, *routers, state);
  if (!completions) return vx11::fail(completions.error());
  std::vector<vx11::MetricFamily> families = metric_families(config, counters, front);
  families.push_back(wakeup_metrics(state.wakeups));
  for (const auto& more :
       {process_metrics(state.files), completions->metric_families(), group_metrics(upstreams),
        token_metrics(credentials.tokens), key_metrics(credentials.keys),
        listener_tls_metrics(front.tls()), state.requests.logs->metric_families(),
        session_metrics(state.sessions), redis_metrics(state.redis), limit_families(state.limits),
        hint_metrics(state.shared), service_level_metrics(state.objectives),
        history_metrics(state.history), tracing_metrics(state.tracing),
        decision_metrics(upstreams, state), state.power.governor->metric_families(),
        ledger_metrics(state.power.ledger)}) {
    families.insert(families.end(), more.begin(), more.end());
  }
  auto api = make_operator(config, parts, *router, upstreams, front, credentials.keys, state,
                           std::move(families));
  if (!api) return vx11::fail(std::move(api.error()));
  state.completions = *completions;
  state.operator_api = *api;
  auto apis = mounted(config, *completions, *std::move(api));
  if (!apis) return apis;
  return around_apis(config, state.requests, state.objectives, state.limits, credentials,
                     *std::move(apis));
}

Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config, const Front& front,
                                                    const Credentials& credentials) {
  GatewayState first;
  return make_api(config, front, credentials, first);
}

}  // namespace gateway
