#pragma once

#include <string>
#include <string_view>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// The settings in the TOML file at `path`, with every mistake: invalid TOML, unknown keys, values
/// of the wrong type. The values are not parsed yet.
Assignments read_toml_file(const std::string& path,
                           const SettingsTable& settings = gateway_settings());

/// The same for text; messages use `name` as the file name.
Assignments read_toml(std::string_view text, const std::string& name,
                      const SettingsTable& settings = gateway_settings());

}  // namespace gateway
