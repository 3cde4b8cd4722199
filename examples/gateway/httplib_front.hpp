#pragma once

/// \file
/// The front and the transport over cpp-httplib: one thread per connection.

#include <vx11/transport.hpp>

#include <memory>

#include "front.hpp"

namespace gateway {

/// Binds the listen address. For loopback or behind a proxy only: a slow client occupies a thread.
/// \return `unavailable` with the system's reason if binding fails
vx11::Result<std::unique_ptr<Front>> bind_httplib_front(const GatewayConfig& config);

/// The transport to the upstreams; shared by all callers.
std::shared_ptr<vx11::Transport> make_httplib_transport(const GatewayConfig& config);

}  // namespace gateway
