#pragma once

/// \file
/// The gateway's view of madre, switch and named targets.

#include <vx11/balancer.hpp>
#include <vx11/breaker_hints.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/events.hpp>
#include <vx11/http_message.hpp>
#include <vx11/linked_breakers.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/power_governor.hpp>
#include <vx11/transport.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/power/power_transports.hpp"

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
  /// Of intents; madre's only. Null: they are off.
  std::shared_ptr<vx11::CircuitBreaker> intent_breaker = {};
  vx11::Headers headers = {};              ///< The token.
  Duration limit = {};                     ///< Timeout of one chat.
  Duration total_limit = Duration::max();  ///< The same to the end of a stream.
  std::uint16_t port = 0;
  std::shared_ptr<const vx11::ChatDialect> dialect = {};     ///< Null: by name.
  std::shared_ptr<const vx11::ChatDialect> embeddings = {};  ///< Null: it has none.
  std::uint32_t weight = 1;                                  ///< In groups.
};

struct Upstreams {
  Upstream madre = {};  ///< Embedded if none is configured.
  std::optional<Upstream> switch_ = std::nullopt;
  std::optional<Upstream> hormiguero = std::nullopt;  ///< Of INEE; none: it is off.
  std::vector<Upstream> named = {};                   ///< The targets of the configuration.
  /// One for each group, shared by all routers that have it.
  std::map<std::string, std::shared_ptr<vx11::Balancer>, std::less<>> balancers = {};
  /// By group: those of all configurations so far.
  std::map<std::string, std::shared_ptr<const GroupCalls>, std::less<>> group_calls = {};

  vx11::SharedEvents events = {};  ///< Of routers.
  /// Hears of the chats for switch, and may let them pass by. Null: neither.
  std::shared_ptr<vx11::PowerGovernor> governor = {};
  std::shared_ptr<SwitchUse> switch_use = {};  ///< Of chats and tasks; null: it does not matter.

  /// Its transport, whose requests count as use if it is switch and that matters.
  std::shared_ptr<vx11::Transport> transport_of(const Upstream& upstream) const;
  /// The upstream of that name, or null.
  const Upstream* find(std::string_view name) const;
};

/// The transport to switch or madre, by its certificates and pins.
using NetworkTransport =
    std::function<std::shared_ptr<vx11::Transport>(const UpstreamConfig& upstream)>;
/// The transport to a target, by its limits, certificates and pins.
using TargetTransport = std::function<std::shared_ptr<vx11::Transport>(const TargetConfig& target)>;

/// \param config without mistakes
/// \param network the transport to switch and madre, unless they are embedded
/// \param state    the breakers and balancers of an earlier configuration, which last
Upstreams make_upstreams(const GatewayConfig& config, const NetworkTransport& network,
                         const TargetTransport& to_target, GatewayState& state);
/// The same for the first configuration, with one transport to all.
Upstreams make_upstreams(const GatewayConfig& config,
                         const std::shared_ptr<vx11::Transport>& transport);

/// The breakers of all upstreams, as status and metrics name them.
std::vector<vx11::NamedBreaker> breakers_of(const Upstreams& upstreams);
/// Those of upstreams in the network, by name and origin, which mean the same to every gateway.
std::vector<vx11::HintedBreaker> hinted_breakers(const GatewayConfig& config,
                                                 const Upstreams& upstreams);

}  // namespace gateway
