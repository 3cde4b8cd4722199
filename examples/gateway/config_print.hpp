#pragma once

#include <string>

#include "config_load.hpp"

namespace gateway {

/// The effective settings as TOML that can be loaded again, with the origin of each value in a
/// comment; secrets are left out.
std::string print_config(const LoadedConfig& loaded);

/// The text of docs/configuration.md, generated from the settings table.
std::string print_manual();

}  // namespace gateway
