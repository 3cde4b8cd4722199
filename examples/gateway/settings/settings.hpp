#pragma once

/// \file
/// The settings table. Command line, environment, file, the output of `--check-config` and
/// docs/configuration.md are derived from it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

/// One field of `GatewayConfig`, as text.
struct Field {
  Shape shape = Shape::text;
  bool secret = false;
  Wanted wanted = {};
  std::string range = {};  ///< "1 to 1024"; empty if every value of the type is valid.
  std::function<Complaint(GatewayConfig&, std::string_view)> read = {};
  std::function<std::string(const GatewayConfig&)> print = {};  ///< As TOML; secrets masked.
  /// Whether both have the same value, compared unmasked where a type of secrets is comparable.
  std::function<bool(const GatewayConfig&, const GatewayConfig&)> is_same = {};
};

/// One setting.
struct Setting {
  std::string_view key = {};   ///< In TOML: "switch.url".
  std::string_view flag = {};  ///< "--switch"; empty if there is none.
  std::string_view value_name = {};
  /// Environment variables that set it; the first one that is set wins.
  std::vector<std::string> environment = {};
  Field field = {};
  std::string_view doc = {};
  /// The default's text in the manual, if the default depends on the machine.
  std::string_view shown_default = {};
  /// Not empty for a setting that has no effect any more: the warning for a configuration that
  /// still has it.
  std::string_view retired = {};
};

struct NamedTables;

/// The settings of a program. Immutable.
class SettingsTable {
 public:
  /// \param all     table by table, in the order of the manual
  /// \param retired settings that have no effect any more; neither shown nor suggested
  /// \param named   kept, not copied
  /// \param prefix  of the environment variables of settings that name none
  SettingsTable(std::vector<Setting> all, std::vector<Setting> retired,
                const std::vector<NamedTables>& named, std::string prefix);

  const std::vector<Setting>& all() const noexcept { return all_; }
  const std::vector<Setting>& retired() const noexcept { return retired_; }
  const std::vector<NamedTables>& named() const noexcept { return *named_; }
  /// In front of most variables: "VX11_".
  const std::string& prefix() const noexcept { return prefix_; }
  /// The setting with this key, retired or not, or null.
  const Setting* find(std::string_view key) const;
  /// Whether `key` is a table, such as "switch" or "switch.breaker".
  bool is_table(std::string_view key) const;
  /// All keys and tables that have an effect, for "did you mean".
  const std::vector<std::string_view>& known() const noexcept { return known_; }

 private:
  std::vector<Setting> all_;
  std::vector<Setting> retired_;
  const std::vector<NamedTables>* named_;
  std::string prefix_;
  std::vector<std::string_view> known_;
};

/// Those of vx11-gateway.
const SettingsTable& gateway_settings();
inline const std::vector<Setting>& settings() {
  return gateway_settings().all();
}
inline const std::vector<Setting>& retired_settings() {
  return gateway_settings().retired();
}
inline const Setting* find_setting(std::string_view key) {
  return gateway_settings().find(key);
}

/// "auth.jwt" of "auth.jwt.secret".
std::string_view table_of(std::string_view key);
/// "secret" of "auth.jwt.secret".
std::string_view name_of(std::string_view key);

}  // namespace gateway
