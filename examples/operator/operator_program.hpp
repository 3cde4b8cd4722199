#pragma once

/// \file
/// The settings of vx11-operator, and how it is configured. Internal.

#include <string>
#include <vector>

#include "gateway/settings/program.hpp"

namespace backend {

/// Flags, environment and file as vx11-gateway has them; variables begin with `VX11_OPERATOR_`.
const gateway::Program& operator_program();

/// Gives `next` the values with which the backend runs, of all settings that need a restart.
/// \return the keys of those that `next` had other values of
std::vector<std::string> keep_fixed(const gateway::GatewayConfig& running,
                                    gateway::GatewayConfig& next);

}  // namespace backend
