#include "toml_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "file_text.hpp"
#include "spelling.hpp"
#include "target_settings.hpp"
#include "toml_depth.hpp"

namespace gateway {

namespace {

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

/// The value as the text of a flag, or nothing if its type does not match.
std::optional<std::string> text_of(const toml::node& node, Shape shape) {
  if (shape == Shape::text) return node.value_exact<std::string>();
  if (shape == Shape::boolean && node.is_boolean()) return *node.value<bool>() ? "true" : "false";
  if (shape == Shape::integer && node.is_integer()) {
    return std::to_string(*node.value<std::int64_t>());
  }
  const bool is_lines = shape == Shape::lines;
  const toml::array* list = is_lines || shape == Shape::list ? node.as_array() : nullptr;
  if (list == nullptr) return std::nullopt;
  if (!list->empty() && !list->is_homogeneous(toml::node_type::string)) return std::nullopt;
  std::string joined;
  for (const toml::node& word : *list) {
    joined += (joined.empty() ? "" : is_lines ? "\n" : ",") + *word.value<std::string>();
  }
  return joined;
}

/// Walks a document and collects its values and mistakes.
class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void walk(const toml::table& table, const std::string& prefix = {}) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      const auto line = key.source().begin.line;
      if (const NamedTables* tables = prefix.empty() ? find_named_tables(path) : nullptr) {
        walk_named(*tables, node, line);
      } else if (const Setting* setting = find_setting(path)) {
        take(*setting, node, line);
      } else if (!is_table(path)) {
        complain(line, path,
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

  /// `[targets.NAME]` and its like.
  void walk_named(const NamedTables& tables, const toml::node& node, Line line) {
    const std::string root(tables.root);
    if (!node.is_table()) return complain_of_no_table(line, root + ".NAME", node);
    for (const auto& [key, below] : *node.as_table()) {
      const std::string name(key.str());
      const std::string path = root + '.' + name;
      const auto at = key.source().begin.line;
      if (auto wrong = check_table_name(name)) {
        complain(at, path, std::move(*wrong));
      } else if (!below.is_table()) {
        complain_of_no_table(at, path, below);
      } else {
        enter(tables, name, path, at);
        walk_members(tables, name, *below.as_table());
      }
    }
  }

  void walk_members(const NamedTables& tables, const std::string& name, const toml::table& table,
                    const std::string& prefix = {}) {
    for (const auto& [key, node] : table) {
      const std::string member = prefix + std::string(key.str());
      const std::string path = fmt::format("{}.{}.{}", tables.root, name, member);
      const auto line = key.source().begin.line;
      if (const TableMember* found = tables.find(member)) {
        take(own({.key = path}, {.field = found->field(name)}), node, line);
      } else if (!tables.has_table(member)) {
        complain(line, path,
                 fmt::format("no such {}{}", node.is_table() ? "table" : "setting",
                             hint(tables, name, member)));
      } else if (const toml::table* below = node.as_table()) {
        walk_members(tables, name, *below, member + '.');
      } else {
        complain_of_no_table(line, path, node);
      }
    }
  }

  /// Adds an assignment for the table, so that an empty one exists and has a place in the file.
  void enter(const NamedTables& tables, const std::string& name, const std::string& path,
             Line line) {
    const Setting& setting = own(
        {.key = path}, {.field = {.read = [&tables, name](GatewayConfig& config, std::string_view) {
                          tables.create(config, name);
                          return Complaint();
                        }}});
    found_.values.push_back({.setting = &setting, .origin = {Origin::Source::file, place(line)}});
  }

  const Setting& own(NamedSetting named, Setting setting) {
    NamedSetting& kept = found_.named.emplace_back(std::move(named));
    kept.setting = std::move(setting);
    kept.setting.key = kept.key;
    return kept.setting;
  }

  static std::string hint(const NamedTables& tables, const std::string& name,
                          std::string_view member) {
    std::vector<std::string_view> members;
    for (const TableMember& known : tables.members) members.push_back(known.name);
    const std::string_view near = nearest(member, members);
    if (near.empty()) return "; docs/configuration.md lists all there are";
    return fmt::format(", did you mean \"{}.{}.{}\"?", tables.root, name, near);
  }

  void complain_of_no_table(Line line, std::string_view path, const toml::node& node) {
    complain(line, path,
             fmt::format("is {}; it is a table of settings, write [{}] and one a line below it",
                         kind_of(node), path));
  }

  static std::string hint(std::string_view path) {
    const std::string near = did_you_mean(path, known_keys());
    return near.empty() ? "; --check-config prints all there are" : near;
  }

  std::string place(Line line) const { return fmt::format("{}:{}", name_, line); }

  void take(const Setting& setting, const toml::node& node, Line line) {
    if (auto text = text_of(node, setting.field.shape)) {
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
  Assignments found_ = {};
  std::vector<std::pair<Line, Mistake>> mistakes_ = {};
};

}  // namespace

Assignments read_toml(std::string_view text, const std::string& name) {
  if (const auto line = find_deep_key(text)) {
    return {.mistakes = {{.where = fmt::format("{}:{}", name, *line),
                          .what = fmt::format("a key has more than {} parts", kMostKeyParts)}}};
  }
  try {
    const toml::table document = toml::parse(text);
    Reader reader(name);
    reader.walk(document);
    return std::move(reader).sorted();
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return {.mistakes = {{.where = fmt::format("{}:{}", name, at.line),
                          .what = fmt::format("is not TOML at column {}: {}", at.column,
                                              error.description())}}};
  }
}

Assignments read_toml_file(const std::string& path) {
  const auto text = file_text(path);
  if (text) return read_toml(*text, path);
  return {.mistakes = {{.where = path,
                        .what = fmt::format("cannot be read: {}; check the path given to --config",
                                            text.error().message()),
                        .kind = Mistake::Kind::machine}}};
}

}  // namespace gateway
