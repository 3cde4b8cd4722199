#include "gateway/settings/group_settings.hpp"

#include "gateway/settings/table_field.hpp"

namespace gateway {

namespace {

template <class... Path>
auto group_field(Path... path) {
  return table_field(&GatewayConfig::groups, path...);
}

auto group_time(Duration lowest, Duration GroupConfig::*member) {
  return table_ranged<Duration>(lowest, 24h, &GatewayConfig::groups, member);
}

std::vector<TableMember> group_members() {
  using Group = GroupConfig;
  constexpr std::uint32_t kMost = vx11::Balancer::kMostMembers;
  return {
      {.name = "targets",
       .field = group_field(&Group::targets),
       .doc = "Names of its targets, `switch` and `madre` among them. Required.",
       .shown_default = "none"},
      {.name = "policy",
       .field = group_field(&Group::policy),
       .doc =
           "How a target is chosen for a chat: `peak_ewma`, of two random ones that of the lower "
           "estimated time of an answer × calls under way; `weighted`, each in turn by its "
           "weight; `least_in_flight`, that with the fewest calls under way for its weight; "
           "`sticky`, always the same one for the chats of a session, so that its prompt cache "
           "is used."},
      {.name = "max_targets",
       .field = table_ranged<std::uint32_t>(1, kMost, &GatewayConfig::groups, &Group::max_targets),
       .doc = "How many of its targets are asked for one chat at most, until the next step of the "
              "route is. Those whose breaker is open do not count."},
      {.name = "default_cooldown",
       .field = group_time(0s, &Group::default_cooldown),
       .doc =
           "How long a target that answers 429 or 529 without a Retry-After is not chosen; at most "
           "`max_cooldown`."},
      {.name = "max_cooldown",
       .field = group_time(0s, &Group::max_cooldown),
       .doc = "The longest time that a Retry-After is obeyed."},
      {.name = "slow_start",
       .field = group_time(0s, &Group::slow_start),
       .doc =
           "After its breaker has closed, the weight of a target grows from a tenth to the whole "
           "within this time. `0s`: at once."},
      {.name = "decay",
       .field = group_time(1ms, &Group::decay),
       .doc = "With `peak_ewma`: the time after which 37 % of an old estimate are left."},
      {.name = "failure_cost",
       .field = group_time(0s, &Group::failure_cost),
       .doc = "With `peak_ewma`: a failed call counts as an answer that took at least this long."},
  };
}

}  // namespace

NamedTables group_tables() {
  NamedTables tables = tables_in("groups", &GatewayConfig::groups);
  tables.doc =
      "Targets that are alternatives to each other: for each chat one of them is chosen, and "
      "another one if it fails. A step of a route. Targets whose breaker is open are not chosen.";
  tables.members = group_members();
  return tables;
}

}  // namespace gateway
