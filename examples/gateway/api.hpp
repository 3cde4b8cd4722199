#pragma once

/// \file
/// The parts of libvx11 that the configuration describes, connected to one OperatorApi.

#include <vx11/operator_api.hpp>
#include <vx11/result.hpp>

#include <cstdint>

#include "config.hpp"

namespace gateway {

/// \param own_port the port the server listens on, shown in the status
/// \return the first part's mistake, for example a key that cannot be read
vx11::Result<vx11::OperatorApi> make_api(const GatewayConfig& config, std::uint16_t own_port);

}  // namespace gateway
