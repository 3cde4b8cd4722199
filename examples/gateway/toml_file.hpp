#pragma once

#include <string>
#include <string_view>

#include "config_load.hpp"

namespace gateway {

/// The settings in the TOML file at `path`, with every mistake in it: not TOML, unknown keys,
/// values of the wrong type. The values themselves are not read yet.
Assignments read_toml_file(const std::string& path);

/// The same for text; `name` stands for the file in messages.
Assignments read_toml(std::string_view text, const std::string& name);

}  // namespace gateway
