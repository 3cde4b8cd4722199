#pragma once

/// \file
/// The rules of power windows as the configuration describes them, and their checks.

#include <vx11/power_governor.hpp>

#include <string>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Checks `[power]` and its tables.
void settle_power(LoadedConfig& loaded);

/// The rules. Without `on_decision`.
/// \param config without mistakes
vx11::PowerGovernorOptions power_rules(const GatewayConfig& config);

/// Whether chats have to be counted or may pass by switch.
bool watches_chats(const GatewayConfig& config) noexcept;

/// Whether any rule needs madre's state.
bool has_rules(const GatewayConfig& config) noexcept;

/// The file of the ledger; empty: it is not kept.
std::string ledger_file_of(const GatewayConfig& config);

}  // namespace gateway
