#pragma once

#include "config_load.hpp"

namespace gateway {

/// The default token.
inline constexpr std::string_view kDevelopmentToken = "vx11-local-token";

/// Completes values that were parsed one by one: reads secrets from their files, sets defaults that
/// depend on other values or on the machine, and checks values against each other.
void settle(LoadedConfig& loaded, const Environment& environment);

}  // namespace gateway
