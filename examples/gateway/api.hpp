#pragma once

/// \file
/// The parts of libvx11 that the configuration describes, connected to one handler.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <memory>

#include "config.hpp"

namespace gateway {

/// The operator endpoints, and the OpenAI chat API beside them.
/// \param own_port the port the server listens on, shown in the status
/// \return the first part's mistake, for example a key that cannot be read
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config,
                                                          std::uint16_t own_port);

}  // namespace gateway
