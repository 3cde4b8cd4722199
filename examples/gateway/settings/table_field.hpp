#pragma once

/// \file
/// Makes the fields of named tables.

#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "gateway/settings/field.hpp"
#include "gateway/settings/named_tables.hpp"

namespace gateway {

template <class Table>
using Tables = std::map<std::string, Table, std::less<>>;

/// The table of that name, created if need be; in a const configuration without it, the defaults.
template <class Config, class Table>
auto& table_in(Config& config, Tables<Table> GatewayConfig::*tables, const std::string& name) {
  if constexpr (std::is_const_v<Config>) {
    static const Table kDefault;
    const auto found = (config.*tables).find(name);
    return found == (config.*tables).end() ? kDefault : found->second;
  } else {
    return (config.*tables)[name];
  }
}

template <class Table, class... Path>
auto table_field(Tables<Table> GatewayConfig::*tables, Path... path) {
  return [=](const TablePlace& place) {
    return field_by([ =, name = place.name ](auto& config) -> auto& {
      return at(table_in(config, tables, name), path...);
    });
  };
}

template <class Value, class Table, class... Path>
auto table_ranged(Value lowest, Value highest, Tables<Table> GatewayConfig::*tables, Path... path) {
  return [=](const TablePlace& place) {
    return ranged_by(
        lowest, highest, [ =, name = place.name ](auto& config) -> auto& {
          return at(table_in(config, tables, name), path...);
        });
  };
}

template <class Table>
std::vector<std::string> names_in(const Tables<Table>& tables) {
  std::vector<std::string> names;
  for (const auto& [name, table] : tables) names.push_back(name);
  return names;
}

/// Tables of this root without documentation and members.
template <class Table>
NamedTables tables_in(std::string_view root, Tables<Table> GatewayConfig::*tables) {
  return {.root = root,
          .create = [=](GatewayConfig& config,
                        const TablePlace& place) { table_in(config, tables, place.name); },
          .names = [=](const GatewayConfig& config) { return names_in(config.*tables); }};
}

}  // namespace gateway
