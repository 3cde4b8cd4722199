#pragma once

/// \file
/// The settings of tables whose names the user chooses: `[targets.NAME]`, `[groups.NAME]`,
/// `[routes.NAME]`, `[slo.NAME]` and `[power.schedules.NAME]`. They stand in files only.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/settings/settings.hpp"

namespace gateway {

/// One table, or one element of a list of tables in it: `[[routes.NAME.rules]]`.
struct TablePlace {
  TablePlace(std::string table, std::size_t element = 0) : name(std::move(table)), index(element) {}

  std::string name;
  std::size_t index;  ///< In the list; 0 for the table itself.
};

/// A setting that every table of a kind has.
struct TableMember {
  std::string_view name = {};  ///< Below the table: "url", "breaker.open_for".
  std::function<Field(const TablePlace&)> field = {};
  std::string_view doc = {};
  std::string_view shown_default = {};  ///< As `Setting::shown_default`.
};

/// A list of tables within each table of a kind.
struct TableList {
  std::string_view name = {};  ///< "rules"
  std::string_view doc = {};
  std::vector<TableMember> members = {};
  /// Creates this element in the configuration.
  std::function<void(GatewayConfig&, const TablePlace&)> create = {};
  std::function<std::size_t(const GatewayConfig&, const std::string& table)> size = {};
};

/// Tables of one kind.
struct NamedTables {
  std::string_view root = {};  ///< "targets", "power.schedules"
  std::string_view doc = {};
  std::vector<TableMember> members = {};
  /// Creates the table in the configuration.
  std::function<void(GatewayConfig&, const TablePlace&)> create = {};
  std::function<std::vector<std::string>(const GatewayConfig&)> names = {};
  std::vector<TableList> lists = {};
};

/// The member of that name, or null.
const TableMember* find_member(std::span<const TableMember> members, std::string_view name);
/// Whether `name` is a table of members, such as "breaker".
bool has_table(std::span<const TableMember> members, std::string_view name);
/// The list of that name, or null.
const TableList* find_list(std::span<const TableList> lists, std::string_view name);

/// All kinds of such tables, in the order of the manual.
const std::vector<NamedTables>& named_tables();
/// The kind with this root, or null.
const NamedTables* find_named_tables(std::span<const NamedTables> all, std::string_view root);

/// `routes.main.rules[1]`, counted from 1.
/// \param table key of the table that the list is in
std::string element_key(std::string_view table, const TableList& list, std::size_t index);

/// What is wrong with the name of such a table; empty if it is valid. Names appear in metrics,
/// in the status and in answers.
Complaint check_table_name(std::string_view name);

}  // namespace gateway
