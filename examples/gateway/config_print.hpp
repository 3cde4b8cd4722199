#pragma once

#include <string>

#include "config_load.hpp"

namespace gateway {

/// What is in force, as TOML that can be loaded again; secrets are left out. Behind
/// each value where it comes from.
std::string print_config(const LoadedConfig& loaded);

/// docs/configuration.md, written from the table of settings.
std::string print_manual();

}  // namespace gateway
