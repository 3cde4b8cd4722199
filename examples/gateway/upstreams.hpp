#pragma once

/// \file
/// madre and switch as the gateway knows them.

#include <vx11/circuit_breaker.hpp>
#include <vx11/http_message.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config.hpp"

namespace gateway {

/// How one is reached, and the one breaker that all who call it share.
struct Upstream {
  std::string name = {};
  std::string origin = {};
  std::shared_ptr<vx11::Transport> transport = {};
  std::shared_ptr<vx11::CircuitBreaker> breaker = {};
  vx11::Headers headers = {};  ///< The token.
  Duration limit = {};         ///< Of one chat.
  std::uint16_t port = 0;
};

struct Upstreams {
  Upstream madre = {};  ///< Embedded when none is configured.
  std::optional<Upstream> switch_ = std::nullopt;
};

/// \param network reaches those that are not embedded
Upstreams make_upstreams(const GatewayConfig& config,
                         const std::shared_ptr<vx11::Transport>& network);

}  // namespace gateway
