#include "routes.hpp"

#include <vx11/net/timer.hpp>

#include <utility>

namespace gateway {

namespace {

vx11::RouterTarget target_of(const Upstream& upstream, const ChatConfig& chat) {
  return vx11::RouterTarget{.name = upstream.name,
                            .url = upstream.origin,
                            .transport = upstream.transport,
                            .try_timeout = upstream.limit,
                            .dialect = upstream.dialect,
                            .breaker = upstream.breaker,
                            .linked = upstream.linked,
                            .headers = upstream.headers,
                            .fallback_after = chat.fallback_after.time};
}

/// Those of the chain that have embeddings, to be asked for them.
std::vector<vx11::RouterTarget> embedding_targets(const GatewayConfig& config,
                                                  const Upstreams& upstreams,
                                                  std::span<const std::string> chain) {
  std::vector<vx11::RouterTarget> targets = targets_of(config, upstreams, chain);
  for (vx11::RouterTarget& target : targets) {
    target.dialect = upstreams.find(target.name)->embeddings;
  }
  std::erase_if(targets, [](const auto& target) { return target.dialect == nullptr; });
  return targets;
}

}  // namespace

std::vector<std::string> chain_of(const GatewayConfig& config, std::string_view name) {
  const auto route = config.routes.find(name);
  return route == config.routes.end() ? default_chain(config) : route->second.targets;
}

std::vector<vx11::RouterTarget> targets_of(const GatewayConfig& config, const Upstreams& upstreams,
                                           std::span<const std::string> chain) {
  std::vector<vx11::RouterTarget> targets;
  for (const std::string& name : chain) {
    if (const Upstream* upstream = upstreams.find(name)) {
      targets.push_back(target_of(*upstream, config.chat));
    }
  }
  return targets;
}

std::vector<NamedChain> model_chains(const GatewayConfig& config, const Upstreams& upstreams) {
  std::vector<NamedChain> chains;
  for (const auto& [name, target] : config.targets) {
    chains.push_back({name, targets_of(config, upstreams, std::vector{name})});
  }
  for (const std::string& name : default_chain(config)) {
    chains.push_back({name, targets_of(config, upstreams, std::vector{name})});
  }
  for (const auto& [name, route] : config.routes) {
    chains.push_back({name, targets_of(config, upstreams, route.targets)});
  }
  return chains;
}

std::vector<NamedChain> embedding_chains(const GatewayConfig& config, const Upstreams& upstreams) {
  std::vector<NamedChain> chains;
  const auto add = [&](std::string name, std::span<const std::string> chain) {
    chains.push_back({std::move(name), embedding_targets(config, upstreams, chain)});
  };
  add("vx11", chain_of(config, config.chat.route));
  for (const auto& [name, target] : config.targets) add("vx11/" + name, std::vector{name});
  for (const auto& [name, route] : config.routes) add("vx11/" + name, route.targets);
  std::erase_if(chains, [](const NamedChain& chain) { return chain.targets.empty(); });
  return chains;
}

vx11::Result<vx11::Router> make_router(const GatewayConfig& config,
                                       std::vector<vx11::RouterTarget> targets) {
  return vx11::Router::create({.targets = std::move(targets),
                               .total_timeout = config.chat.deadline,
                               .last_resorts = config.chat.last_resorts,
                               .timer = vx11::make_net_timer(),
                               .overtaken = config.chat.overtaken});
}

}  // namespace gateway
