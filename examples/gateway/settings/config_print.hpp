#pragma once

#include <string>

#include "gateway/settings/config_load.hpp"
#include "gateway/settings/program.hpp"

namespace gateway {

/// The effective settings as TOML that can be loaded again, with the origin of each value in a
/// comment; secrets are left out.
std::string print_config(const LoadedConfig& loaded, const Program& program = gateway_program());

/// The text of the program's manual, such as docs/configuration.md, generated from the settings
/// table.
std::string print_manual(const Program& program = gateway_program());

}  // namespace gateway
