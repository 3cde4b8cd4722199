#include "gateway/settings/named_tables.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gateway/settings/group_settings.hpp"
#include "gateway/settings/power_settings.hpp"
#include "gateway/settings/route_settings.hpp"
#include "gateway/settings/slo_settings.hpp"
#include "gateway/settings/target_settings.hpp"

namespace gateway {

namespace {

template <class Named>
const Named* find_named(std::span<const Named> all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [=](const Named& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const TableMember* find_member(std::span<const TableMember> members, std::string_view name) {
  return find_named(members, name);
}

bool has_table(std::span<const TableMember> members, std::string_view name) {
  return std::any_of(members.begin(), members.end(),
                     [=](const TableMember& m) { return table_of(m.name) == name; });
}

const TableList* find_list(std::span<const TableList> lists, std::string_view name) {
  return find_named(lists, name);
}

const std::vector<NamedTables>& named_tables() {
  static const std::vector<NamedTables> all = {target_tables(), group_tables(), route_tables(),
                                               slo_tables(), schedule_tables()};
  return all;
}

const NamedTables* find_named_tables(std::span<const NamedTables> all, std::string_view root) {
  const auto found =
      std::find_if(all.begin(), all.end(), [=](const NamedTables& t) { return t.root == root; });
  return found == all.end() ? nullptr : &*found;
}

std::string element_key(std::string_view table, const TableList& list, std::size_t index) {
  return fmt::format("{}.{}[{}]", table, list.name, index + 1);
}

Complaint check_table_name(std::string_view name) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t kLongest = 32;
  constexpr std::array<std::string_view, 7> kReserved = {
      "switch", "switch_task", "madre", "madre_power", "redis", "tentaculo_link", kFinal};
  const bool is_valid = !name.empty() && name.size() <= kLongest &&
                        name.find_first_not_of(kCharacters) == std::string_view::npos;
  if (!is_valid) {
    return fmt::format("is not a name; take up to {} small letters, digits, _ and -", kLongest);
  }
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return "is the name of a part of the gateway; take another one";
  }
  return std::nullopt;
}

}  // namespace gateway
