#pragma once

/// \file
/// The front and the transport over Asio: thousands of connections on a few threads.

#include <vx11/streaming.hpp>

#include <memory>

#include "front.hpp"

namespace gateway {

/// Listens. \return `unavailable` with the system's reason if the address cannot be had
vx11::Result<std::unique_ptr<Front>> bind_asio_front(const GatewayConfig& config);

/// Reaches upstreams; shared by all who call any.
std::shared_ptr<vx11::Transport> make_asio_transport(const GatewayConfig& config);

}  // namespace gateway
