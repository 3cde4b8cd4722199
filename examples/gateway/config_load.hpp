#pragma once

/// \file
/// From command line, environment and file, in this order of precedence, to a `GatewayConfig`.

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config.hpp"
#include "settings.hpp"

namespace gateway {

/// Looks a variable up: `process_environment`, or a test's own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

/// Something that keeps the gateway from starting.
struct Mistake {
  /// Whose it is: what was written is wrong, or the machine does not give what it says.
  enum class Kind : std::uint8_t { written, machine };

  std::string where = {};  ///< "gateway.toml:3: chat.deadline", "VX11_SWITCH_URL", "--listen".
  std::string what = {};   ///< What is wrong and what to do. Never shows a secret.
  Kind kind = Kind::written;
  /// Key of the setting it is about, or what stands in a file where a key should; empty for none.
  std::string key = {};

  friend bool operator==(const Mistake&, const Mistake&) = default;
};
/// `where: what`.
std::string to_string(const Mistake& mistake);

/// Where a value comes from.
struct Origin {
  /// In order of precedence, the weakest first.
  enum class Source : std::uint8_t { standard, file, environment, flag };

  Source source = Source::standard;
  std::string where = "default";  ///< As in `Mistake::where`, without the key.
};

/// One value for one setting, not read yet.
struct Assignment {
  const Setting* setting = nullptr;
  std::string text = {};
  Origin origin = {};
};

/// What a source of settings has to say.
struct Assignments {
  std::vector<Assignment> values = {};
  std::vector<Mistake> mistakes = {};
};

/// The result of loading. Usable only if there are no mistakes.
struct LoadedConfig {
  GatewayConfig config = {};
  std::map<std::string, Origin, std::less<>> origins = {};  ///< By key; none: the default.
  std::vector<Mistake> mistakes = {};
  std::vector<std::string> warnings = {};  ///< To be logged at start.

  Origin origin(std::string_view key) const;
};

/// What the environment says about settings. A variable that is empty is as one that is not set.
Assignments read_environment(const Environment& environment);

/// Joins the sources, checks how the values go together and reads the files that hold secrets.
/// Every mistake of every source is in the result.
/// \param flags what the command line says, its mistakes included
/// \param file  path of a TOML file, if there is one
LoadedConfig load_config(Assignments flags, const std::optional<std::string>& file,
                         const Environment& environment);

}  // namespace gateway
