#include "gateway/settings/unknown_variables.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "gateway/settings/settings.hpp"
#include "gateway/values/spelling.hpp"

namespace gateway {

namespace {

constexpr std::string_view kOperator = "VX11_OPERATOR_";

/// Whether the variable is for the program with these settings.
bool is_for(const SettingsTable& settings, std::string_view name) {
  return name.starts_with(kOperator) == (settings.prefix() == kOperator);
}

std::vector<std::string_view> known_variables(const SettingsTable& settings, bool with_retired) {
  std::vector<std::string_view> known;
  for (const Setting& setting : settings.all()) {
    known.insert(known.end(), setting.environment.begin(), setting.environment.end());
  }
  if (!with_retired) return known;
  for (const Setting& setting : settings.retired()) {
    known.insert(known.end(), setting.environment.begin(), setting.environment.end());
  }
  return known;
}

}  // namespace

std::vector<std::string> process_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view assignment = *entry;
    if (!assignment.starts_with("VX11_")) continue;
    names.emplace_back(assignment.substr(0, assignment.find('=')));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> warn_of_unknown(std::span<const std::string> names,
                                         const SettingsTable& settings) {
  const auto known = known_variables(settings, true);
  std::vector<std::string> warnings;
  for (const std::string& name : names) {
    if (!is_for(settings, name)) continue;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    warnings.push_back(fmt::format("{}: no setting reads this variable{}", name,
                                   did_you_mean(name, known_variables(settings, false))));
  }
  return warnings;
}

}  // namespace gateway
