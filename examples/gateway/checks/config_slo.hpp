#pragma once

/// \file
/// Checks of `[slo.NAME]` and `[service_levels]`.

#include <string>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Checks the objectives, and settles those that are not given.
void settle_slos(LoadedConfig& loaded);

/// The file of the history; empty: it is not kept.
std::string history_file_of(const GatewayConfig& config);

}  // namespace gateway
