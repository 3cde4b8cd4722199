#include "upstreams.hpp"

#include <vx11/transport/in_process.hpp>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "embedded_madre.hpp"
#include "values.hpp"

namespace gateway {

namespace {

std::shared_ptr<vx11::CircuitBreaker> make_breaker(const std::string& name,
                                                   const UpstreamConfig& config) {
  vx11::CircuitBreakerOptions options = config.breaker;
  // A probe is an ordinary chat and must not expire while it can still be answered.
  options.probe_timeout = std::max(options.probe_timeout, 2 * config.limit);
  options.on_transition = [name](const vx11::CircuitTransition& change) {
    spdlog::warn("circuit breaker of {}: {}, was {}", name, to_string(change.to),
                 to_string(change.from));
  };
  return std::make_shared<vx11::CircuitBreaker>(std::move(options));
}

Upstream make_upstream(const std::string& name, const UpstreamConfig& config, const Secret& token,
                       std::shared_ptr<vx11::Transport> transport) {
  Upstream upstream{.name = name,
                    .origin = config.url.value,
                    .transport = std::move(transport),
                    .breaker = make_breaker(name, config),
                    .limit = config.limit,
                    .port = port_of(config.url)};
  upstream.headers.add("x-vx11-token", token.value);
  return upstream;
}

Upstream make_embedded_madre(const GatewayConfig& config) {
  const auto redis = config.has_redis() ? EmbeddedMadre::Redis::runs : EmbeddedMadre::Redis::absent;
  UpstreamConfig embedded = config.madre;
  embedded.url.value = "http://madre:8001";  // never dialled; the port is that of VX11's topology
  return make_upstream("madre", embedded, config.upstream.token,
                       std::make_shared<vx11::InProcessTransport>(EmbeddedMadre(redis)));
}

}  // namespace

Upstreams make_upstreams(const GatewayConfig& config,
                         const std::shared_ptr<vx11::Transport>& network) {
  const Secret& token = config.upstream.token;
  Upstreams upstreams;
  upstreams.madre = config.madre_is_embedded()
                        ? make_embedded_madre(config)
                        : make_upstream("madre", config.madre, token, network);
  if (config.has_switch()) {
    upstreams.switch_ = make_upstream("switch", config.switch_, token, network);
  }
  return upstreams;
}

}  // namespace gateway
