#pragma once

/// \file
/// Rules for the settings about who connects and where, and what the server makes of them.

#include <vx11/net/server.hpp>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Finds out which address systemd passed, and checks the proxies.
void settle_listen(LoadedConfig& loaded);

/// Where to listen, and which proxies to trust.
void set_listen(vx11::ServeOptions& options, const ServerConfig& config);

}  // namespace gateway
