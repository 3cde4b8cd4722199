#include "gateway/settings/config_print.hpp"

#include <fmt/format.h>

#include "gateway/settings/named_tables.hpp"

namespace gateway {

namespace {

/// Unset values and secrets become comments, so that the output loads with the same meaning.
std::string line_of(const Setting& setting, const LoadedConfig& loaded, std::string_view name) {
  const std::string value = setting.field.print(loaded.config);
  const bool is_deprecated = setting.key == "metrics.public";  // metrics.access says the same
  const bool is_comment =
      is_deprecated || value == "\"\"" || value.find("***") != std::string::npos;
  return fmt::format("{}{} = {}  # {}\n", is_comment ? "# " : "", name, value,
                     loaded.origin(setting.key).where);
}

std::string default_of(const Setting& setting, const GatewayConfig& defaults) {
  if (!setting.shown_default.empty()) return std::string(setting.shown_default);
  const std::string value = setting.field.print(defaults);
  return value == "\"\"" ? "none" : fmt::format("`{}`", value);
}

std::string names_of(const Setting& setting) {
  std::string names;
  if (!setting.flag.empty()) {
    const std::string_view space = setting.value_name.empty() ? "" : " ";
    names = fmt::format("`{}{}{}`, ", setting.flag, space, setting.value_name);
  }
  for (const std::string& variable : setting.environment) names += fmt::format("`{}`, ", variable);
  names.resize(names.size() - 2);
  return names;
}

std::string values_of(const Field& field) {
  if (field.range.empty()) return std::string(field.wanted.name);
  return fmt::format("{}, {}", field.wanted.name, field.range);
}

/// Defaults become comments: one without effect in its table would be warned of.
std::string print_members(const std::vector<TableMember>& members, const TablePlace& place,
                          const std::string& table, const LoadedConfig& loaded) {
  std::string out;
  for (const TableMember& member : members) {
    const std::string key = fmt::format("{}.{}", table, member.name);
    const Setting setting{.key = key, .field = member.field(place)};
    const std::string line = line_of(setting, loaded, member.name);
    const bool is_default = loaded.origin(key).source == Origin::Source::standard;
    out += (is_default && !line.starts_with('#') ? "# " : "") + line;
  }
  return out;
}

std::string print_tables(const NamedTables& tables, const LoadedConfig& loaded) {
  std::string out;
  for (const std::string& name : tables.names(loaded.config)) {
    const std::string table = fmt::format("{}.{}", tables.root, name);
    out += fmt::format("\n[{}]\n{}", table, print_members(tables.members, name, table, loaded));
    for (const TableList& list : tables.lists) {
      for (std::size_t i = 0; i < list.size(loaded.config, name); ++i) {
        out += fmt::format(
            "\n[[{}.{}]]\n{}", table, list.name,
            print_members(list.members, TablePlace(name, i), element_key(table, list, i), loaded));
      }
    }
  }
  return out;
}

std::string print_manual(std::string_view title, std::string_view doc,
                         const std::vector<TableMember>& members) {
  std::string out = fmt::format(
      "\n## {}\n\n{}\n\n| key | what it does | value | default |\n|---|---|---|---|\n", title, doc);
  for (const TableMember& member : members) {
    const Setting setting{.key = member.name,
                          .field = member.field(std::string("NAME")),
                          .shown_default = member.shown_default};
    out += fmt::format("| `{}` | {} | {} | {} |\n", member.name, member.doc,
                       values_of(setting.field), default_of(setting, GatewayConfig()));
  }
  return out;
}

std::string print_manual(const NamedTables& tables) {
  std::string out = print_manual(fmt::format("[{}.NAME]", tables.root), tables.doc, tables.members);
  for (const TableList& list : tables.lists) {
    out +=
        print_manual(fmt::format("[[{}.NAME.{}]]", tables.root, list.name), list.doc, list.members);
  }
  return out;
}

}  // namespace

std::string print_config(const LoadedConfig& loaded, const Program& program) {
  std::string out = fmt::format("# {}\n", program.headline(loaded.config));
  std::string_view table;
  for (const Setting& setting : program.settings.all()) {
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += fmt::format("\n[{}]\n", table);
    }
    out += line_of(setting, loaded, name_of(setting.key));
  }
  for (const NamedTables& tables : program.settings.named()) out += print_tables(tables, loaded);
  return out;
}

std::string print_manual(const Program& program) {
  std::string out(program.manual_introduction);
  std::string_view table;
  for (const Setting& setting : program.settings.all()) {
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += fmt::format(
          "\n## [{}]\n\n| key | what it does | value | default | flag, variable |\n"
          "|---|---|---|---|---|\n",
          table);
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", name_of(setting.key), setting.doc,
                       values_of(setting.field), default_of(setting, program.defaults),
                       names_of(setting));
  }
  for (const NamedTables& tables : program.settings.named()) out += print_manual(tables);
  return out;
}

}  // namespace gateway
