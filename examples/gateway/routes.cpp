#include "gateway/routes.hpp"

#include <vx11/net/timer.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace gateway {

namespace {

/// Only switch is a service that madre puts to sleep.
std::function<bool()> asleep_of(const Upstreams& upstreams, const Upstream& upstream) {
  if (upstreams.governor == nullptr || upstream.name != "switch") return {};
  return [governor = upstreams.governor] { return governor->passes_by(); };
}

vx11::RouterTarget target_of(const Upstreams& upstreams, const Upstream& upstream,
                             const ChatConfig& chat) {
  return vx11::RouterTarget{.name = upstream.name,
                            .url = upstream.origin,
                            .transport = upstreams.transport_of(upstream),
                            .try_timeout = upstream.limit,
                            .total_timeout = upstream.total_limit,
                            .dialect = upstream.dialect,
                            .breaker = upstream.breaker,
                            .linked = upstream.linked,
                            .headers = upstream.headers,
                            .fallback_after = chat.fallback_after.time,
                            .asleep = asleep_of(upstreams, upstream)};
}

vx11::RouterGroup group_of(const Upstreams& upstreams, const std::string& name,
                           const GroupConfig& group) {
  return {.name = name,
          .max_targets = group.max_targets,
          .shared_balancer = upstreams.balancers.at(name)};
}

/// Adds the targets of a step, and the group that they form.
void add_step(vx11::RouterOptions& options, const GatewayConfig& config, const Upstreams& upstreams,
              const std::string& step) {
  const auto group = config.groups.find(step);
  const bool is_group = group != config.groups.end();
  if (is_group) options.groups.push_back(group_of(upstreams, step, group->second));
  for (const std::string& name : targets_of_step(config, step)) {
    const Upstream* const upstream = upstreams.find(name);
    if (upstream == nullptr) continue;
    vx11::RouterTarget target = target_of(upstreams, *upstream, config.chat);
    if (is_group) target.group = step;
    options.targets.push_back(std::move(target));
  }
}

vx11::FallbackRule rule_of(const RuleConfig& rule) {
  vx11::FallbackRule made{.statuses = rule.statuses.values};
  if (rule.when == RuleCondition::context_too_long) made.matches = vx11::says_context_too_long;
  if (rule.when == RuleCondition::content_refused) made.matches = vx11::says_content_refused;
  if (rule.next != kFinal) made.next = rule.next;
  return made;
}

std::optional<vx11::RouterShadow> shadow_of(const GatewayConfig& config, const Upstreams& upstreams,
                                            const ShadowConfig& shadow) {
  const Upstream* const upstream = upstreams.find(shadow.target);
  if (upstream == nullptr) return std::nullopt;
  vx11::RouterShadow made{.target = target_of(upstreams, *upstream, config.chat),
                          .share = shadow.share,
                          .max_in_flight = shadow.max_in_flight};
  made.target.fallback_after.reset();
  return made;
}

/// The targets and groups of the route.
vx11::RouterOptions options_of(const GatewayConfig& config, const Upstreams& upstreams,
                               const RouteConfig& route) {
  vx11::RouterOptions options{.total_timeout = config.chat.deadline,
                              .last_resorts = config.chat.last_resorts,
                              .timer = vx11::make_net_timer(),
                              .overtaken = config.chat.overtaken,
                              .events = upstreams.events};
  for (const std::string& step : route.targets) add_step(options, config, upstreams, step);
  return options;
}

/// Those that have embeddings, to be asked for them.
vx11::RouterOptions embedding_options(const GatewayConfig& config, const Upstreams& upstreams,
                                      const RouteConfig& route) {
  vx11::RouterOptions options = options_of(config, upstreams, route);
  for (vx11::RouterTarget& target : options.targets) {
    target.dialect = upstreams.find(target.name)->embeddings;
  }
  std::erase_if(options.targets, [](const auto& target) { return target.dialect == nullptr; });
  std::erase_if(options.groups, [&](const vx11::RouterGroup& group) {
    return std::none_of(options.targets.begin(), options.targets.end(),
                        [&](const auto& target) { return target.group == group.name; });
  });
  return options;
}

/// Every target and group alone, and every route.
std::vector<std::pair<std::string, RouteConfig>> named_routes(const GatewayConfig& config) {
  std::vector<std::pair<std::string, RouteConfig>> routes;
  const auto add_step = [&](const std::string& name) {
    routes.emplace_back(name, RouteConfig{.targets = {name}});
  };
  for (const auto& [name, target] : config.targets) add_step(name);
  for (const std::string& name : default_chain(config)) add_step(name);
  for (const auto& [name, group] : config.groups) add_step(name);
  for (const auto& [name, route] : config.routes) routes.emplace_back(name, route);
  return routes;
}

}  // namespace

RouteConfig route_of(const GatewayConfig& config, std::string_view name) {
  const auto route = config.routes.find(name);
  return route == config.routes.end() ? RouteConfig{.targets = default_chain(config)}
                                      : route->second;
}

vx11::Result<vx11::Router> make_router(const GatewayConfig& config, const Upstreams& upstreams,
                                       const RouteConfig& route) {
  vx11::RouterOptions options = options_of(config, upstreams, route);
  options.shadow = shadow_of(config, upstreams, route.shadow);
  for (const RuleConfig& rule : route.rules) options.fallback_rules.push_back(rule_of(rule));
  return vx11::Router::create(std::move(options));
}

vx11::Result<std::vector<NamedRouter>> named_routers(const GatewayConfig& config,
                                                     const Upstreams& upstreams,
                                                     const vx11::Router& chain) {
  std::vector<NamedRouter> routers;
  for (const auto& [name, route] : named_routes(config)) {
    auto router = name == config.chat.route ? chain : make_router(config, upstreams, route);
    if (!router) return vx11::fail(std::move(router.error()));
    routers.push_back({name, *std::move(router)});
  }
  return routers;
}

vx11::Result<std::vector<NamedRouter>> embedding_routers(const GatewayConfig& config,
                                                         const Upstreams& upstreams) {
  std::vector<std::pair<std::string, RouteConfig>> models;
  models.emplace_back("vx11", route_of(config, config.chat.route));
  for (auto& [name, route] : named_routes(config)) models.emplace_back("vx11/" + name, route);
  std::vector<NamedRouter> routers;
  for (const auto& [name, route] : models) {
    vx11::RouterOptions options = embedding_options(config, upstreams, route);
    if (options.targets.empty()) continue;
    auto router = vx11::Router::create(std::move(options));
    if (!router) return vx11::fail(std::move(router.error()));
    routers.push_back({name, *std::move(router)});
  }
  return routers;
}

}  // namespace gateway
