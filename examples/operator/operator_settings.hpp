#pragma once

/// \file
/// The settings of vx11-operator, in the order of its manual. Internal.

#include <vector>

#include "gateway/settings/settings.hpp"

namespace backend {

std::vector<gateway::Setting> operator_settings();

}  // namespace backend
