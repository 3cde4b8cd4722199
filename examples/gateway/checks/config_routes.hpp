#pragma once

/// \file
/// Checks of `[groups.NAME]` and `[routes.NAME]`.

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Checks groups, routes and `chat.route` against the targets and each other.
void settle_routes(LoadedConfig& loaded);

}  // namespace gateway
