#pragma once

/// \file
/// Checks of `[[routes.NAME.rules]]` and `[routes.NAME.shadow]`.

#include <string>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// \param table the key of the route: "routes.main"
void check_rules(LoadedConfig& loaded, const std::string& table, const RouteConfig& route);
void check_shadow(LoadedConfig& loaded, const std::string& table, const RouteConfig& route);

}  // namespace gateway
