#pragma once

/// \file
/// What programs with the same way of being configured differ in.

#include <string>
#include <string_view>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// A program. `GatewayConfig` holds the settings of each; its table says which it has.
struct Program {
  std::string_view name = {};    ///< "vx11-gateway"
  std::string_view about = {};   ///< Above the flags of `--help`.
  std::string_view footer = {};  ///< Below them.
  std::string_view manual_introduction = {};
  /// What a flag for a secret is answered with.
  std::string_view secrets_hint = {};
  const SettingsTable& settings;
  GatewayConfig defaults = {};
  /// The first line of `--check-config`, without a line break.
  std::string (*headline)(const GatewayConfig& config) = nullptr;
  /// Checks values against each other and reads files with secrets.
  void (*settle)(LoadedConfig& loaded, const Environment& environment) = nullptr;
  bool has_telemetry_manual = false;
};

const Program& gateway_program();

}  // namespace gateway
