#pragma once

/// \file
/// The event-driven front and transport: thousands of connections on a few threads.

#include <vx11/streaming.hpp>

#include <memory>

#include "front.hpp"

namespace gateway {

/// Binds the listen address.
/// \return `address_unavailable` with the system's reason if binding fails
vx11::Result<std::unique_ptr<Front>> bind_event_front(const GatewayConfig& config);

/// The transport to the upstreams; shared by all callers.
std::shared_ptr<vx11::Transport> make_net_transport(const GatewayConfig& config);

}  // namespace gateway
