#include "gateway/upstreams.hpp"

#include <vx11/power_state_client.hpp>
#include <vx11/transport/in_process.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_targets.hpp"
#include "gateway/log/log.hpp"
#include "gateway/power/embedded_madre.hpp"
#include "gateway/telemetry/chat_events.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

std::shared_ptr<vx11::CircuitBreaker> make_breaker(LastingBreakers& breakers,
                                                   const std::string& name,
                                                   const std::string& origin,
                                                   vx11::CircuitBreakerOptions options,
                                                   Duration longest_call) {
  // A probe is an ordinary call and must not expire while it can still be answered.
  options.probe_timeout = std::max(options.probe_timeout, longest_call);
  options.name = name;
  options.on_transition = [](const vx11::CircuitTransition& change) {
    log_event(
        LogEvent::breaker_changed,
        {{"breaker", change.name},
         {"to", to_string(change.to)},
         {"from", to_string(change.from)},
         {"mode", change.mode == vx11::CircuitMode::automatic ? "" : to_string(change.mode)}});
  };
  return breakers.get(origin, std::move(options));
}

/// Until the answer, or until the end of a streamed one.
Duration longest_chat(const ChatConfig& chat, Duration limit) {
  return limit + std::max(limit, chat.stream_deadline);
}

/// A command is awaited for longer than its caller is.
Duration longest_command(const PowerConfig& power) {
  return power.command_limit + std::max(vx11::PowerOptions().command_patience, power.command_limit);
}

Upstream make_upstream(LastingBreakers& breakers, const std::string& name,
                       const UpstreamConfig& config, const ChatConfig& chat, const Secret& token,
                       std::shared_ptr<vx11::Transport> transport) {
  Upstream upstream{.name = name,
                    .origin = config.url.value,
                    .transport = std::move(transport),
                    .breaker = make_breaker(breakers, name, config.url.value, config.breaker,
                                            longest_chat(chat, config.limit)),
                    .limit = config.limit,
                    .port = port_of(config.url)};
  upstream.linked = std::make_shared<const vx11::LinkedBreakers>(std::vector{upstream.breaker});
  upstream.headers.add("x-vx11-token", token.value);
  return upstream;
}

Upstream with_power(LastingBreakers& breakers, Upstream madre, const UpstreamConfig& config,
                    const PowerConfig& power) {
  madre.power_breaker =
      make_breaker(breakers, "madre_power", madre.origin, config.breaker, longest_command(power));
  madre.linked =
      std::make_shared<const vx11::LinkedBreakers>(std::vector{madre.breaker, madre.power_breaker});
  return madre;
}

Upstream with_intents(LastingBreakers& breakers, Upstream madre, const UpstreamConfig& config) {
  madre.intent_breaker =
      make_breaker(breakers, "madre_intent", madre.origin, config.breaker, 2 * config.limit);
  madre.linked = std::make_shared<const vx11::LinkedBreakers>(
      std::vector{madre.breaker, madre.power_breaker, madre.intent_breaker});
  return madre;
}

Upstream with_tasks(LastingBreakers& breakers, Upstream target, const UpstreamConfig& config) {
  target.task_breaker =
      make_breaker(breakers, "switch_task", target.origin, config.breaker, 2 * config.limit);
  target.linked = std::make_shared<const vx11::LinkedBreakers>(
      std::vector{target.breaker, target.task_breaker});
  return target;
}

Upstream make_embedded_madre(LastingBreakers& breakers, const GatewayConfig& config) {
  const bool has_redis = config.has_redis() || config.sessions.store.redis_url;
  const auto redis = has_redis ? EmbeddedMadre::Redis::runs : EmbeddedMadre::Redis::absent;
  UpstreamConfig embedded = config.madre;
  embedded.url.value = "http://madre:8001";  // never dialled; the port is that of VX11's topology
  return make_upstream(breakers, "madre", embedded, config.chat, config.upstream.token,
                       std::make_shared<vx11::InProcessTransport>(EmbeddedMadre(redis)));
}

bool is_of_vx11(const TargetConfig& target) {
  return target.dialect == DialectKind::switch_ || target.dialect == DialectKind::madre;
}

/// The header that the target's API has for its key.
std::string key_header_of(const TargetConfig& target) {
  if (!target.key_header.value.empty()) return target.key_header.value;
  if (is_of_vx11(target)) return "x-vx11-token";
  return target.dialect == DialectKind::anthropic ? "x-api-key" : "Authorization";
}

/// VX11's own token is for VX11's own services only.
void add_key(vx11::Headers& headers, const TargetConfig& target, const Secret& token) {
  const std::string& key = target.key.value;
  if (key.empty() && is_of_vx11(target)) return headers.add("x-vx11-token", token.value);
  if (key.empty()) return;
  const std::string header = key_header_of(target);
  const bool is_bearer = vx11::equals_ignoring_case(header, "Authorization");
  headers.add(header, is_bearer ? "Bearer " + key : key);
}

Duration total_limit_of(const TargetConfig& target) {
  return target.total_limit == Duration::zero() ? Duration::max() : target.total_limit;
}

Upstream make_target(LastingBreakers& breakers, const std::string& name, const TargetConfig& config,
                     const ChatConfig& chat, const Secret& token,
                     std::shared_ptr<vx11::Transport> transport) {
  Upstream upstream{.name = name,
                    .origin = config.url.origin,
                    .transport = std::move(transport),
                    .breaker = make_breaker(breakers, name, config.url.origin, config.breaker,
                                            longest_chat(chat, config.limit)),
                    .limit = config.limit,
                    .total_limit = total_limit_of(config),
                    .port = port_of(config.url),
                    .dialect = make_dialect(config).value(),
                    .embeddings = make_embeddings_dialect(config),
                    .weight = config.weight};
  upstream.linked = std::make_shared<const vx11::LinkedBreakers>(std::vector{upstream.breaker});
  add_key(upstream.headers, config, token);
  // A configured header replaces the key's, so that a host may get it in another form.
  for (const auto& [field, value] : config.headers.fields) upstream.headers.remove(field);
  for (const auto& [field, value] : config.headers.fields) upstream.headers.add(field, value);
  return upstream;
}

vx11::BalancingPolicy policy_of(const GroupConfig& group) {
  switch (group.policy) {
    case BalancingKind::weighted:
      return vx11::WeightedRoundRobin{};
    case BalancingKind::least_in_flight:
      return vx11::LeastInFlight{};
    case BalancingKind::sticky:
      return vx11::StickySession{};
    case BalancingKind::peak_ewma:
      break;
  }
  return vx11::PeakEwma{.decay = group.decay, .failure_cost = group.failure_cost};
}

std::shared_ptr<vx11::Balancer> make_balancer(LastingBalancers& balancers,
                                              const Upstreams& upstreams, const std::string& name,
                                              const GroupConfig& group) {
  std::vector<vx11::BalancerMember> members;
  for (const std::string& target : group.targets) {
    const Upstream* const upstream = upstreams.find(target);
    if (upstream == nullptr) continue;
    members.push_back({.name = target, .weight = upstream->weight, .breaker = upstream->breaker});
  }
  return balancers.get(name, std::move(members),
                       vx11::BalancerOptions{.policy = policy_of(group),
                                             .default_cooldown = group.default_cooldown,
                                             .max_cooldown = group.max_cooldown,
                                             .slow_start = group.slow_start});
}

}  // namespace

const Upstream* Upstreams::find(std::string_view name) const {
  if (name == madre.name) return &madre;
  if (switch_ && name == switch_->name) return &*switch_;
  const auto found = std::find_if(named.begin(), named.end(),
                                  [=](const Upstream& target) { return target.name == name; });
  return found == named.end() ? nullptr : &*found;
}

std::shared_ptr<vx11::Transport> Upstreams::transport_of(const Upstream& upstream) const {
  if (switch_use == nullptr || upstream.name != "switch") return upstream.transport;
  return make_used_transport(upstream.transport, switch_use);
}

Upstreams make_upstreams(const GatewayConfig& config, const NetworkTransport& network,
                         const TargetTransport& to_target, GatewayState& state) {
  const Secret& token = config.upstream.token;
  LastingBreakers& breakers = state.breakers;
  breakers.report_to(state.decisions);
  state.balancers.report_to(state.decisions);
  Upstreams upstreams;
  upstreams.events = std::make_shared<ChatEvents>(state.decisions, process_log());
  upstreams.madre = with_power(breakers,
                               config.madre_is_embedded()
                                   ? make_embedded_madre(breakers, config)
                                   : make_upstream(breakers, "madre", config.madre, config.chat,
                                                   token, network(config.madre)),
                               config.madre, config.power);
  if (config.has_switch()) {
    upstreams.switch_ = with_tasks(breakers,
                                   make_upstream(breakers, "switch", config.switch_, config.chat,
                                                 token, network(config.switch_)),
                                   config.switch_);
  }
  if (config.intents.enabled) {
    upstreams.madre = with_intents(breakers, std::move(upstreams.madre), config.madre);
  }
  if (config.inee.enabled) {
    upstreams.hormiguero = make_upstream(breakers, "hormiguero", config.hormiguero, config.chat,
                                         token, network(config.hormiguero));
  }
  for (const auto& [name, target] : config.targets) {
    upstreams.named.push_back(
        make_target(breakers, name, target, config.chat, token, to_target(target)));
  }
  for (const auto& [name, group] : config.groups) {
    upstreams.balancers.emplace(name, make_balancer(state.balancers, upstreams, name, group));
    upstreams.group_calls.emplace(name, state.balancers.calls_of(name));
  }
  return upstreams;
}

Upstreams make_upstreams(const GatewayConfig& config,
                         const std::shared_ptr<vx11::Transport>& transport) {
  GatewayState first;
  return make_upstreams(
      config, [&](const UpstreamConfig&) { return transport; },
      [&](const TargetConfig&) { return transport; }, first);
}

std::vector<vx11::NamedBreaker> breakers_of(const Upstreams& upstreams) {
  std::vector<vx11::NamedBreaker> breakers;
  const auto add = [&](std::string name, const std::shared_ptr<vx11::CircuitBreaker>& breaker) {
    if (breaker == nullptr) return;
    breakers.push_back({.name = std::move(name), .breaker = breaker, .control = breaker});
  };
  if (upstreams.switch_) {
    add("switch", upstreams.switch_->breaker);
    add("switch_task", upstreams.switch_->task_breaker);
  }
  add("madre", upstreams.madre.breaker);
  add("madre_power", upstreams.madre.power_breaker);
  add("madre_intent", upstreams.madre.intent_breaker);
  if (upstreams.hormiguero) add("hormiguero", upstreams.hormiguero->breaker);
  for (const Upstream& target : upstreams.named) add(target.name, target.breaker);
  return breakers;
}

std::vector<vx11::HintedBreaker> hinted_breakers(const GatewayConfig& config,
                                                 const Upstreams& upstreams) {
  std::vector<vx11::HintedBreaker> hinted;
  const auto add = [&hinted](const Upstream& upstream, std::string_view purpose,
                             const std::shared_ptr<vx11::CircuitBreaker>& breaker) {
    if (breaker == nullptr) return;
    for (const vx11::HintedBreaker& each : hinted) {
      if (each.breaker == breaker) return;
    }
    hinted.push_back({fmt::format("{}{} {}", upstream.name, purpose, upstream.origin), breaker});
  };
  if (upstreams.switch_) {
    add(*upstreams.switch_, "", upstreams.switch_->breaker);
    add(*upstreams.switch_, "_task", upstreams.switch_->task_breaker);
  }
  if (!config.madre_is_embedded()) {
    add(upstreams.madre, "", upstreams.madre.breaker);
    add(upstreams.madre, "_power", upstreams.madre.power_breaker);
    add(upstreams.madre, "_intent", upstreams.madre.intent_breaker);
  }
  if (upstreams.hormiguero) add(*upstreams.hormiguero, "", upstreams.hormiguero->breaker);
  for (const Upstream& target : upstreams.named) add(target, "", target.breaker);
  return hinted;
}

}  // namespace gateway
