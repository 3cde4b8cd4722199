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

}  // namespace

std::vector<std::string> chain_of(const GatewayConfig& config, std::string_view name) {
  const auto route = config.routes.find(name);
  return route == config.routes.end() ? default_chain(config) : route->second.targets;
}

vx11::Result<vx11::Router> make_router(const GatewayConfig& config, const Upstreams& upstreams,
                                       std::span<const std::string> chain) {
  vx11::RouterOptions options{.total_timeout = config.chat.deadline,
                              .last_resorts = config.chat.last_resorts,
                              .timer = vx11::make_net_timer(),
                              .overtaken = config.chat.overtaken};
  for (const std::string& name : chain) {
    if (const Upstream* upstream = upstreams.find(name)) {
      options.targets.push_back(target_of(*upstream, config.chat));
    }
  }
  return vx11::Router::create(std::move(options));
}

}  // namespace gateway
