#pragma once

/// \file
/// The event-driven front and transport: thousands of connections on a few threads.

#include <vx11/streaming.hpp>

#include <memory>

#include "front.hpp"

namespace gateway {

/// Listens.
/// \return `address_unavailable` with the system's reason if the address cannot be had
vx11::Result<std::unique_ptr<Front>> bind_event_front(const GatewayConfig& config);

/// Reaches upstreams; shared by all who call any.
std::shared_ptr<vx11::Transport> make_net_transport(const GatewayConfig& config);

}  // namespace gateway
