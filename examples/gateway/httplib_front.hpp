#pragma once

/// \file
/// The front and the transport over cpp-httplib: one thread per connection.

#include <vx11/transport.hpp>

#include <memory>

#include "front.hpp"

namespace gateway {

/// Listens. Fit for loopback and for standing behind a proxy: a client that dawdles holds a thread.
/// \return `unavailable` with the system's reason if the address cannot be had
vx11::Result<std::unique_ptr<Front>> bind_httplib_front(const GatewayConfig& config);

/// Reaches upstreams; shared by all who call any.
std::shared_ptr<vx11::Transport> make_httplib_transport(const GatewayConfig& config);

}  // namespace gateway
