#pragma once

/// \file
/// The gateway's view of madre and switch.

#include <vx11/circuit_breaker.hpp>
#include <vx11/http_message.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config.hpp"

namespace gateway {

/// How to reach one upstream, with the circuit breaker shared by all callers.
struct Upstream {
  std::string name = {};
  std::string origin = {};
  std::shared_ptr<vx11::Transport> transport = {};
  std::shared_ptr<vx11::CircuitBreaker> breaker = {};
  vx11::Headers headers = {};  ///< The token.
  Duration limit = {};         ///< Timeout of one chat.
  std::uint16_t port = 0;
};

struct Upstreams {
  Upstream madre = {};  ///< Embedded if none is configured.
  std::optional<Upstream> switch_ = std::nullopt;
};

/// \param network the transport to upstreams that are not embedded
Upstreams make_upstreams(const GatewayConfig& config,
                         const std::shared_ptr<vx11::Transport>& network);

}  // namespace gateway
