// The gateway's configuration file: every text gives settings or mistakes with a place, and
// accepted values are printed as equivalent TOML. Files that a setting names are not opened.

#include <string>
#include <string_view>

#include "fuzz.hpp"
#include "gateway/settings/toml_file.hpp"

namespace {

/// The document that sets one setting to `value`, which is TOML.
std::string document(const gateway::Setting& setting, const std::string& value) {
  const std::string_view table = gateway::table_of(setting.key);
  const std::string line = std::string(gateway::name_of(setting.key)) + " = " + value + "\n";
  return table.empty() ? line : "[" + std::string(table) + "]\n" + line;
}

void check_mistake(const gateway::Mistake& mistake) {
  fuzz::require(mistake.where.starts_with("file:"), "a mistake has a place");
  fuzz::require(!mistake.what.empty(), "a mistake says what is wrong");
}

void check_value(const gateway::Assignment& assignment) {
  const gateway::Setting& setting = *assignment.setting;
  gateway::GatewayConfig config;
  const std::string before = setting.field.print(config);
  if (const auto complaint = setting.field.read(config, assignment.text)) {
    fuzz::require(!complaint->empty(), "a refused value says why");
    fuzz::require(setting.field.print(config) == before, "a refused value changes nothing");
    return;
  }
  const std::string printed = setting.field.print(config);
  if (setting.field.secret) {
    // Three characters or fewer may be part of the mask or of the quotes by chance.
    const bool shown =
        assignment.text.size() > 3 && printed.find(assignment.text) != std::string::npos;
    fuzz::require(!shown, "a secret is not printed");
    return;
  }
  const auto again = gateway::read_toml(document(setting, printed), "file");
  if (again.values.size() != 1) return;  // masked in part, as a URL with a password is
  gateway::GatewayConfig second;
  if (setting.field.read(second, again.values.front().text)) return;
  fuzz::require(setting.field.print(second) == printed, "what is printed means the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = gateway::read_toml(fuzz::text_of(data, size), "file");
  for (const gateway::Mistake& mistake : found.mistakes) check_mistake(mistake);
  for (const gateway::Assignment& value : found.values) check_value(value);
  return 0;
}
