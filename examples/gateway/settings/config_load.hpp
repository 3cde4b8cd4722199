#pragma once

/// \file
/// Loads a `GatewayConfig` from command line, environment and file, in this order of precedence.

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway {

/// Looks up an environment variable: `process_environment`, or a replacement in tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

/// A mistake that prevents the gateway from starting.
struct Mistake {
  /// Its kind: the configuration is wrong, or the machine lacks what it refers to.
  enum class Kind : std::uint8_t { written, machine };

  std::string where = {};  ///< "gateway.toml:3: chat.deadline", "VX11_SWITCH_URL", "--listen".
  std::string what = {};   ///< What is wrong and what to do. Never contains a secret.
  Kind kind = Kind::written;
  /// Key of the setting concerned, or the unknown key found in a file; empty for none.
  std::string key = {};

  friend bool operator==(const Mistake&, const Mistake&) = default;
};
/// `where: what`.
std::string to_string(const Mistake& mistake);

/// Where a value comes from.
struct Origin {
  /// In order of precedence, lowest first.
  enum class Source : std::uint8_t { standard, file, environment, flag };

  Source source = Source::standard;
  std::string where = "default";  ///< As in `Mistake::where`, without the key.
};

/// One value for one setting, not parsed yet.
struct Assignment {
  const Setting* setting = nullptr;
  std::string text = {};
  Origin origin = {};
};

/// A setting of a table whose name is the user's, with its key: "targets.gpu.url".
struct NamedSetting {
  std::string key = {};
  Setting setting = {};
};

/// The values and mistakes of one source of settings.
struct Assignments {
  std::vector<Assignment> values = {};
  std::deque<NamedSetting> named = {};  ///< Those that `values` refer to; they do not move.
  std::vector<Mistake> mistakes = {};
};

/// The result of loading. Usable only if there are no mistakes.
struct LoadedConfig {
  GatewayConfig config = {};
  std::map<std::string, Origin, std::less<>> origins = {};  ///< By key; no entry: the default.
  std::vector<Mistake> mistakes = {};
  std::vector<std::string> warnings = {};  ///< Logged at start.

  Origin origin(std::string_view key) const;
};

/// The settings in the environment. An empty variable counts as not set; `settle` warns of one
/// that should hold a secret.
Assignments read_environment(const Environment& environment,
                             const SettingsTable& settings = gateway_settings());

struct Program;

/// Merges the sources, checks values against each other and reads the files that hold secrets.
/// The result has every mistake of every source.
/// \param flags     values and mistakes of the command line
/// \param file      path of a TOML file, if any
/// \param variables names of the environment that should be settings, to warn of those that are not
LoadedConfig load_config(Assignments flags, const std::optional<std::string>& file,
                         const Environment& environment,
                         std::span<const std::string> variables = {});
/// The same for another program than vx11-gateway.
LoadedConfig load_config(Assignments flags, const std::optional<std::string>& file,
                         const Environment& environment, std::span<const std::string> variables,
                         const Program& program);

}  // namespace gateway
