#pragma once

/// \file
/// The settings of vx11-operator, and how it is configured. Internal.

#include "program.hpp"

namespace backend {

/// Flags, environment and file as vx11-gateway has them; variables begin with `VX11_OPERATOR_`.
const gateway::Program& operator_program();

}  // namespace backend
