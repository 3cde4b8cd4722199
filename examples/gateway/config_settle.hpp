#pragma once

#include "config_load.hpp"

namespace gateway {

/// The default token.
inline constexpr std::string_view kDevelopmentToken = "vx11-local-token";

/// Completes values that were parsed one by one: reads secrets from their files, sets defaults that
/// depend on other values or on the machine, and checks values against each other.
void settle(LoadedConfig& loaded, const Environment& environment);

/// Whether other machines that can connect need a credential that they do not know. A part of
/// `settle`, and to be repeated where a listener stays on another address than the configured one.
void check_credentials(LoadedConfig& loaded, const Environment& environment);

}  // namespace gateway
