#include "gateway/settings/config_load.hpp"

#include <cstdlib>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "gateway/settings/program.hpp"
#include "gateway/settings/toml_file.hpp"
#include "gateway/settings/unknown_variables.hpp"

namespace gateway {

namespace {

/// Adds the key to the location in a file; the name of a flag or variable already implies it.
std::string place_of(const Assignment& assignment) {
  if (assignment.origin.source != Origin::Source::file) return assignment.origin.where;
  return fmt::format("{}: {}", assignment.origin.where, assignment.setting->key);
}

void apply(LoadedConfig& loaded, Assignments source) {
  std::move(source.mistakes.begin(), source.mistakes.end(), std::back_inserter(loaded.mistakes));
  for (Assignment& assignment : source.values) {
    const Setting& setting = *assignment.setting;
    if (auto complaint = setting.field.read(loaded.config, assignment.text)) {
      loaded.mistakes.push_back({.where = place_of(assignment),
                                 .what = std::move(*complaint),
                                 .key = std::string(setting.key)});
    } else {
      if (!setting.retired.empty()) {
        loaded.warnings.push_back(fmt::format("{}: {}", place_of(assignment), setting.retired));
      }
      loaded.origins[std::string(setting.key)] = std::move(assignment.origin);
    }
  }
}

/// Adds the first of the setting's variables that is set.
void read_variable(const Environment& environment, const Setting& setting, Assignments& found) {
  for (const std::string& name : setting.environment) {
    auto value = environment(name);
    if (!value || value->empty()) continue;
    found.values.push_back({.setting = &setting,
                            .text = std::move(*value),
                            .origin = {Origin::Source::environment, name}});
    return;
  }
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no setenv calls
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string to_string(const Mistake& mistake) {
  return fmt::format("{}: {}", mistake.where, mistake.what);
}

Origin LoadedConfig::origin(std::string_view key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? Origin{} : found->second;
}

Assignments read_environment(const Environment& environment, const SettingsTable& settings) {
  Assignments found;
  for (const Setting& setting : settings.all()) read_variable(environment, setting, found);
  for (const Setting& setting : settings.retired()) read_variable(environment, setting, found);
  return found;
}

LoadedConfig load_config(Assignments flags, const std::optional<std::string>& file,
                         const Environment& environment, std::span<const std::string> variables) {
  return load_config(std::move(flags), file, environment, variables, gateway_program());
}

LoadedConfig load_config(Assignments flags, const std::optional<std::string>& file,
                         const Environment& environment, std::span<const std::string> variables,
                         const Program& program) {
  LoadedConfig loaded;
  loaded.config = program.defaults;
  loaded.warnings = warn_of_unknown(variables, program.settings);
  if (file) apply(loaded, read_toml_file(*file, program.settings));
  apply(loaded, read_environment(environment, program.settings));
  apply(loaded, std::move(flags));
  program.settle(loaded, environment);
  return loaded;
}

}  // namespace gateway
