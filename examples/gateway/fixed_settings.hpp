#pragma once

/// \file
/// Settings that a running gateway cannot change.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

/// Whether a change of the setting has an effect at the next start only.
bool needs_restart(std::string_view key);

/// Gives `next` the values with which the gateway runs, of all settings that need a restart.
/// `redis.url` is one of them while more than its probe uses it, before and after.
/// \return the keys of those that `next` had other values of
std::vector<std::string> keep_fixed(const GatewayConfig& running, GatewayConfig& next);

}  // namespace gateway
