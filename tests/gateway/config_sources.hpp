#pragma once

/// \file
/// For tests: a file, an environment and a command line of one's own, loaded as the gateway does.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/command_line.hpp"
#include "gateway/settings/config_load.hpp"
#include "scratch_folder.hpp"

namespace gateway::testing {

using Variables = std::map<std::string, std::string>;

/// The three sources of a configuration. HOME is set, so that the defaults work out.
struct Sources {
  std::vector<std::string> arguments = {};
  Variables variables = {};
  std::optional<std::string> file = std::nullopt;  ///< Path.

  LoadedConfig load() const {
    std::vector<const char*> argv{"vx11-gateway"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    CommandLine line = read_command_line(static_cast<int>(argv.size()), argv.data());
    std::vector<std::string> names;
    for (const auto& [name, value] : variables) {
      if (name.starts_with("VX11_")) names.push_back(name);
    }
    return load_config(std::move(line.flags), file ? file : line.config_file, environment(), names);
  }

  Environment environment() const {
    Variables all = variables;
    all.emplace("HOME", "/home/someone");
    return [all = std::move(all)](const std::string& name) -> std::optional<std::string> {
      const auto found = all.find(name);
      if (found == all.end()) return std::nullopt;
      return found->second;
    };
  }
};

/// The mistakes as they are printed, `folder/` taken off.
inline std::vector<std::string> mistakes_of(const LoadedConfig& loaded,
                                            const ScratchFolder& folder) {
  std::vector<std::string> lines;
  for (const Mistake& mistake : loaded.mistakes) {
    std::string line = to_string(mistake);
    const std::string prefix = folder / "";
    for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) {
      line.erase(at, prefix.size());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace gateway::testing
