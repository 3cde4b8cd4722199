#pragma once

/// \file
/// The settings of tables whose names the user chooses: `[targets.NAME]` and `[routes.NAME]`. They
/// stand in files only.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace gateway {

/// A setting that every table of a kind has.
struct TableMember {
  std::string_view name = {};  ///< Below the table: "url", "breaker.open_for".
  std::function<Field(const std::string& table)> field = {};
  std::string_view doc = {};
  std::string_view shown_default = {};  ///< As `Setting::shown_default`.
};

/// Tables of one kind.
struct NamedTables {
  std::string_view root = {};  ///< "targets"
  std::string_view doc = {};
  std::vector<TableMember> members = {};
  /// Creates the table in the configuration.
  std::function<void(GatewayConfig&, const std::string& name)> create = {};
  std::function<std::vector<std::string>(const GatewayConfig&)> names = {};

  /// The member of that name, or null.
  const TableMember* find(std::string_view member) const;
  /// Whether `name` is a table of members, such as "breaker".
  bool has_table(std::string_view name) const;
};

/// All kinds of such tables, in the order of the manual.
const std::vector<NamedTables>& named_tables();
/// The kind with this root, or null.
const NamedTables* find_named_tables(std::string_view root);

/// What is wrong with the name of such a table; empty if it is valid. Names appear in metrics,
/// in the status and in answers.
Complaint check_table_name(std::string_view name);

}  // namespace gateway
