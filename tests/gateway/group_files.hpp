#pragma once

/// \file
/// Files with groups and routes, and what is said of them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "config_sources.hpp"

namespace gateway {
namespace testing {

using Lines = std::vector<std::string>;

inline LoadedConfig load(std::string_view text) {
  const ScratchFolder folder;
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}

inline Lines mistakes_in_file(std::string_view text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}

inline GatewayConfig config_of(std::string_view text) {
  LoadedConfig loaded = load(text);
  for (const Mistake& mistake : loaded.mistakes) FAIL(to_string(mistake));
  return std::move(loaded.config);
}

/// The warnings about tables, from their key on.
inline Lines warnings_in_file(std::string_view text) {
  Lines found;
  for (const std::string& warning : load(text).warnings) {
    for (const char* root : {"targets.", "groups.", "routes."}) {
      if (const auto at = warning.find(root); at != std::string::npos) {
        found.push_back(warning.substr(at));
        break;
      }
    }
  }
  return found;
}

/// Targets a, b, c and d on the lines 1 to 12.
inline constexpr std::string_view kFour =
    "[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
    "[targets.b]\ndialect = \"openai\"\nurl = \"http://o:2\"\n"
    "[targets.c]\ndialect = \"openai\"\nurl = \"http://o:3\"\n"
    "[targets.d]\ndialect = \"openai\"\nurl = \"http://o:4\"\n";
/// After it, a group `g` of a and b and a route `r` on the lines 13 to 16.
inline constexpr std::string_view kRoute =
    "[groups.g]\ntargets = [\"a\", \"b\"]\n[routes.r]\ntargets = [\"g\", \"c\"]\n";
inline constexpr std::string_view kUse = "[chat]\nroute = \"r\"\n";

inline std::string four_and(std::string_view rest) {
  return std::string(kFour) + std::string(rest);
}
inline std::string route_and(std::string_view rest) {
  return four_and(std::string(kRoute) + std::string(rest));
}

}  // namespace testing
}  // namespace gateway
