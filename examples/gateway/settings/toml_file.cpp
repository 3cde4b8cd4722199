#include "gateway/settings/toml_file.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "gateway/files/file_text.hpp"
#include "gateway/settings/named_tables.hpp"
#include "gateway/settings/toml_depth.hpp"
#include "gateway/settings/toml_value.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"

namespace gateway {

namespace {

/// Walks a document and collects its values and mistakes.
class Reader {
 public:
  Reader(const std::string& name, const SettingsTable& settings)
      : name_(name), settings_(settings) {}

  void walk(const toml::table& table, const std::string& prefix = {}) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      const std::string shown = prefix + shown_key(key.str());
      const auto line = key.source().begin.line;
      if (const NamedTables* tables = named(path)) {
        walk_named(*tables, node, line);
      } else if (const Setting* setting = settings_.find(path)) {
        take(*setting, node, line);
      } else if (!settings_.is_table(path)) {
        complain(line, shown,
                 fmt::format("no such {}{}", node.is_table() ? "table" : "setting", hint(path)));
      } else if (const toml::table* below = node.as_table()) {
        walk(*below, path + '.');
      } else {
        complain_of_no_table(line, path, node);
      }
    }
  }

  Assignments sorted() && {
    // The parser yields keys in alphabetical order; messages follow the order of the file.
    std::stable_sort(mistakes_.begin(), mistakes_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& mistake : mistakes_) found_.mistakes.push_back(std::move(mistake.second));
    return std::move(found_);
  }

 private:
  using Line = toml::source_index;

  const NamedTables* named(std::string_view root) const {
    return find_named_tables(settings_.named(), root);
  }

  /// What a named table, or an element of a list in it, may contain.
  struct Scope {
    const std::vector<TableMember>& members;
    std::span<const TableList> lists;
    TablePlace place;
    std::string key;
  };

  /// `[targets.NAME]` and its like.
  void walk_named(const NamedTables& tables, const toml::node& node, Line line) {
    const std::string root(tables.root);
    if (!node.is_table()) return complain_of_no_table(line, root + ".NAME", node);
    if (node.as_table()->empty()) {
      return complain(line, root,
                      fmt::format("is empty; write [{}.NAME] with its settings below it, or "
                                  "delete it",
                                  root));
    }
    for (const auto& [key, below] : *node.as_table()) {
      const std::string name(key.str());
      const std::string path = root + '.' + name;
      const auto at = key.source().begin.line;
      if (auto wrong = check_table_name(name)) {
        complain(at, root + '.' + shown_key(name), std::move(*wrong));
      } else if (!below.is_table()) {
        complain_of_no_table(at, path, below);
      } else {
        const Scope scope{tables.members, tables.lists, name, path};
        enter(tables.create, scope, at);
        walk_members(scope, *below.as_table());
      }
    }
  }

  void walk_members(const Scope& scope, const toml::table& table, const std::string& prefix = {}) {
    for (const auto& [key, node] : table) {
      const std::string member = prefix + std::string(key.str());
      const std::string path = fmt::format("{}.{}", scope.key, member);
      const auto line = key.source().begin.line;
      if (const TableMember* found = find_member(scope.members, member)) {
        take(own({.key = path}, {.field = found->field(scope.place)}), node, line);
      } else if (const TableList* list = find_list(scope.lists, member)) {
        walk_list(scope, *list, node, line);
      } else if (!has_table(scope.members, member)) {
        complain(line, fmt::format("{}.{}{}", scope.key, prefix, shown_key(key.str())),
                 fmt::format("no such {}{}", node.is_table() ? "table" : "setting",
                             hint(scope, member)));
      } else if (const toml::table* below = node.as_table()) {
        enter([](GatewayConfig&, const TablePlace&) {},
              {scope.members, scope.lists, scope.place, path}, line);
        walk_members(scope, *below, member + '.');
      } else {
        complain_of_no_table(line, path, node);
      }
    }
  }

  /// `[[routes.NAME.rules]]`
  void walk_list(const Scope& scope, const TableList& list, const toml::node& node, Line line) {
    const toml::array* const elements = node.as_array();
    const auto is_table = [](const toml::node& element) { return element.is_table(); };
    if (elements == nullptr || !std::all_of(elements->begin(), elements->end(), is_table)) {
      const std::string path = fmt::format("{}.{}", scope.key, list.name);
      return complain(line, path,
                      fmt::format("is {}; it is a list of tables, write [[{}]] above each",
                                  elements == nullptr ? kind_of(node) : "another list", path));
    }
    for (std::size_t i = 0; i < elements->size(); ++i) {
      const toml::table& below = *(*elements)[i].as_table();
      const Scope element{
          list.members, {}, TablePlace(scope.place.name, i), element_key(scope.key, list, i)};
      enter(list.create, element, below.source().begin.line);
      walk_members(element, below);
    }
  }

  /// Adds an assignment for the table, so that an empty one exists and has a place in the file.
  void enter(const std::function<void(GatewayConfig&, const TablePlace&)>& create,
             const Scope& scope, Line line) {
    const auto read = [create, place = scope.place](GatewayConfig& config, std::string_view) {
      create(config, place);
      return Complaint();
    };
    const Setting& setting = own({.key = scope.key}, {.field = {.read = read}});
    found_.values.push_back({.setting = &setting, .origin = {Origin::Source::file, place(line)}});
  }

  const Setting& own(NamedSetting named, Setting setting) {
    NamedSetting& kept = found_.named.emplace_back(std::move(named));
    kept.setting = std::move(setting);
    kept.setting.key = kept.key;
    return kept.setting;
  }

  static std::string hint(const Scope& scope, std::string_view member) {
    std::vector<std::string_view> known;
    for (const TableMember& each : scope.members) {
      known.push_back(each.name);
      if (const auto table = table_of(each.name); !table.empty()) known.push_back(table);
    }
    for (const TableList& each : scope.lists) known.push_back(each.name);
    const std::string_view near = nearest(member, known);
    if (near.empty()) return "; docs/configuration.md lists all there are";
    return fmt::format(", did you mean \"{}.{}\"?", scope.key, near);
  }

  void complain_of_no_table(Line line, std::string_view path, const toml::node& node) {
    complain(line, path,
             fmt::format("is {}; it is a table of settings, write [{}] and one a line below it",
                         kind_of(node), path));
  }

  std::string hint(std::string_view path) const {
    const std::string near = did_you_mean(path, settings_.known());
    return near.empty() ? "; --check-config prints all there are" : near;
  }

  std::string place(Line line) const { return fmt::format("{}:{}", name_, line); }

  void take(const Setting& setting, const toml::node& node, Line line) {
    if (auto wrong = mistake_of_elements(node, setting.field.shape)) {
      complain(line, setting.key, std::move(*wrong));
    } else if (auto text = text_of(node, setting.field.shape)) {
      found_.values.push_back({.setting = &setting,
                               .text = std::move(*text),
                               .origin = {Origin::Source::file, place(line)}});
    } else {
      complain(line, setting.key,
               fmt::format("is {}, not {}; write {}", kind_of(node), setting.field.wanted.name,
                           setting.field.wanted.example));
    }
  }

  void complain(Line line, std::string_view key, std::string what) {
    mistakes_.emplace_back(line, Mistake{.where = fmt::format("{}: {}", place(line), key),
                                         .what = std::move(what),
                                         .key = std::string(key)});
  }

  const std::string& name_;
  const SettingsTable& settings_;
  Assignments found_ = {};
  std::vector<std::pair<Line, Mistake>> mistakes_ = {};
};

}  // namespace

Assignments read_toml(std::string_view text, const std::string& name,
                      const SettingsTable& settings) {
  if (const auto line = find_deep_key(text)) {
    return {.mistakes = {{.where = fmt::format("{}:{}", name, *line),
                          .what = fmt::format("a key has more than {} parts", kMostKeyParts)}}};
  }
  try {
    const toml::table document = toml::parse(text);
    Reader reader(name, settings);
    reader.walk(document);
    return std::move(reader).sorted();
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return {.mistakes = {{.where = fmt::format("{}:{}", name, at.line),
                          .what = fmt::format("is not TOML at column {}: {}", at.column,
                                              shown_parser_text(error.description()))}}};
  }
}

Assignments read_toml_file(const std::string& path, const SettingsTable& settings) {
  const auto text = file_text(path);
  if (text) return read_toml(*text, path, settings);
  const bool is_too_large = text.error() == std::errc::file_too_large;
  const std::string why = is_too_large ? "it is larger than 16 MiB" : text.error().message();
  return {.mistakes = {
              {.where = path,
               .what = fmt::format("cannot be read: {}; check the path given to --config", why),
               .kind = Mistake::Kind::machine}}};
}

}  // namespace gateway
