#pragma once

/// \file
/// The table of settings: what drives the command line, the environment, the file, what
/// `--check-config` prints and docs/configuration.md.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "values.hpp"

namespace gateway {

/// One field of `GatewayConfig`, as text.
struct Field {
  Shape shape = Shape::text;
  bool secret = false;
  Wanted wanted = {};
  std::string range = {};  ///< "1 to 1024"; empty when every value of the type will do.
  std::function<Complaint(GatewayConfig&, std::string_view)> read = {};
  std::function<std::string(const GatewayConfig&)> print = {};  ///< As TOML; secrets masked.
};

/// One thing that can be set.
struct Setting {
  std::string_view key = {};   ///< In TOML: "switch.url".
  std::string_view flag = {};  ///< "--switch"; empty when there is none.
  std::string_view value_name = {};
  /// Variables that set it; of several the first that is set wins.
  std::vector<std::string> environment = {};
  Field field = {};
  std::string_view doc = {};
  /// For the manual, where the default depends on the machine.
  std::string_view shown_default = {};
};

/// All of them, table by table, in the order of the manual.
const std::vector<Setting>& settings();
/// The one of that key, or null.
const Setting* find_setting(std::string_view key);
/// Whether there are settings below `key`: "switch", "switch.breaker".
bool is_table(std::string_view key);
/// Every key and every table, for "did you mean".
const std::vector<std::string_view>& known_keys();

/// "auth.jwt" of "auth.jwt.secret".
std::string_view table_of(std::string_view key);
/// "secret" of "auth.jwt.secret".
std::string_view name_of(std::string_view key);

}  // namespace gateway
