#include "config_print.hpp"

#include <fmt/format.h>

#include "named_tables.hpp"

namespace gateway {

namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- Written by `vx11-gateway --print-settings-markdown`; do not edit. -->
# Configuration of vx11-gateway

`vx11-gateway` starts without any configuration. What is set comes from, in this order of
precedence: flags, environment variables, the TOML file given with `--config`, defaults.

- `vx11-gateway --check-config …` prints the settings in force with those flags, that environment
  and that file, and the origin of each value (exit code 0), with warnings on standard error; or
  every mistake, with file and line, variable or flag (exit code 2).
- A key that does not exist is a mistake; a variable `VX11_…` that no setting reads is a warning.
- An empty variable counts as not set; a warning names one that should hold a secret.
- Durations are text: a whole number with `h`, `m`, `s`, `ms`, `us` or `ns`.
- Lists are TOML lists; in a variable the words are separated by commas.
- Relative paths start at the working directory.
- Secrets have no flag, because a command line is visible to every user of the machine. They are
  never printed; nor are user and password in a URL.

Without `madre.url` the gateway answers in madre's place: the policy is solo_madre, power windows
cannot be opened and services cannot be started, and chats get a fixed answer that says so. Without
`switch.url` there is no switch.

```toml
[server]
listen = "127.0.0.1:8000"

[auth]
token_file = "/etc/vx11/token"

[switch]
url = "http://127.0.0.1:8002"
limit = "10s"

[switch.breaker]
open_for = "30s"

[madre]
url = "http://127.0.0.1:8001"
```

Other upstreams of chats are tables `[targets.NAME]`. `[routes.NAME]` brings them into an order, and
`[groups.NAME]` makes several of them one step of it: [upstreams.md](upstreams.md) has whole files.
)";

/// Unset values and secrets become comments, so that the output loads with the same meaning.
std::string line_of(const Setting& setting, const LoadedConfig& loaded, std::string_view name) {
  const std::string value = setting.field.print(loaded.config);
  const bool is_deprecated = setting.key == "metrics.public";  // metrics.access says the same
  const bool is_comment =
      is_deprecated || value == "\"\"" || value.find("***") != std::string::npos;
  return fmt::format("{}{} = {}  # {}\n", is_comment ? "# " : "", name, value,
                     loaded.origin(setting.key).where);
}

std::string default_of(const Setting& setting) {
  if (!setting.shown_default.empty()) return std::string(setting.shown_default);
  const std::string value = setting.field.print(GatewayConfig{});
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
                       values_of(setting.field), default_of(setting));
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

std::string print_config(const LoadedConfig& loaded) {
  std::string out = fmt::format("# {}\n", describe_upstreams(loaded.config));
  std::string_view table;
  for (const Setting& setting : settings()) {
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += fmt::format("\n[{}]\n", table);
    }
    out += line_of(setting, loaded, name_of(setting.key));
  }
  for (const NamedTables& tables : named_tables()) out += print_tables(tables, loaded);
  return out;
}

std::string print_manual() {
  std::string out(kIntroduction);
  std::string_view table;
  for (const Setting& setting : settings()) {
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += fmt::format(
          "\n## [{}]\n\n| key | what it does | value | default | flag, variable |\n"
          "|---|---|---|---|---|\n",
          table);
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", name_of(setting.key), setting.doc,
                       values_of(setting.field), default_of(setting), names_of(setting));
  }
  for (const NamedTables& tables : named_tables()) out += print_manual(tables);
  return out;
}

}  // namespace gateway
