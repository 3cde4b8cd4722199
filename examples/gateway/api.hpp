#pragma once

/// \file
/// The parts of libvx11 that the configuration describes, connected to one OperatorApi.

#include <vx11/operator_api.hpp>
#include <vx11/result.hpp>

#include "config.hpp"

namespace gateway {

class Front;

/// \param front serves the API, which must not be called after its end; its port is shown in the
///              status
/// \return the first part's mistake, for example a key that cannot be read
vx11::Result<vx11::OperatorApi> make_api(const GatewayConfig& config, const Front& front);

}  // namespace gateway
