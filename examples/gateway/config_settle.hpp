#pragma once

#include "config_load.hpp"

namespace gateway {

/// The token of those who have set none.
inline constexpr std::string_view kDevelopmentToken = "vx11-local-token";

/// Brings values that were read one by one together: secrets from their files, defaults that
/// depend on other values or on the machine, and the checks that need more than one value.
void settle(LoadedConfig& loaded, const Environment& environment);

}  // namespace gateway
