#pragma once

/// \file
/// The gateway's view of madre and switch.

#include <vx11/circuit_breaker.hpp>
#include <vx11/http_message.hpp>
#include <vx11/linked_breakers.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config.hpp"

namespace gateway {

/// How to reach one upstream, with the circuit breakers shared by all callers.
struct Upstream {
  std::string name = {};
  std::string origin = {};
  std::shared_ptr<vx11::Transport> transport = {};
  std::shared_ptr<vx11::CircuitBreaker> breaker = {};  ///< Of chats.
  /// Of power state and commands; madre's only. Its own, so that polling cannot reject chats.
  std::shared_ptr<vx11::CircuitBreaker> power_breaker = {};
  std::shared_ptr<const vx11::LinkedBreakers> linked = {};  ///< All of them.
  /// Of tasks for switch, which do not count against its chats.
  std::shared_ptr<vx11::CircuitBreaker> task_breaker = {};
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

/// The breakers of all upstreams, as status and metrics name them.
std::vector<vx11::NamedBreaker> breakers_of(const Upstreams& upstreams);

}  // namespace gateway
