#include "gateway/settings/route_settings.hpp"

#include "gateway/settings/table_field.hpp"

namespace gateway {

namespace {

template <class... Path>
auto route_field(Path... path) {
  return table_field(&GatewayConfig::routes, path...);
}

std::vector<TableMember> route_members() {
  using Shadow = ShadowConfig;
  return {
      {.name = "targets",
       .field = route_field(&RouteConfig::targets),
       .doc = "Names of targets and groups in the order in which they are asked, `switch` and "
              "`madre` among them. Required.",
       .shown_default = "none"},
      {.name = "shadow.target",
       .field = route_field(&RouteConfig::shadow, &Shadow::target),
       .doc = "A target outside the route that gets copies of its chats, to be tried out. Its "
              "answers are dropped."},
      {.name = "shadow.share",
       .field =
           table_ranged<double>(0, 1, &GatewayConfig::routes, &RouteConfig::shadow, &Shadow::share),
       .doc = "The share of chats that are copied, evenly spread."},
      {.name = "shadow.max_in_flight",
       .field = table_ranged<std::uint32_t>(1, 1'000'000, &GatewayConfig::routes,
                                            &RouteConfig::shadow, &Shadow::max_in_flight),
       .doc = "Copies under way at a time; further chats are not copied."},
  };
}

/// The rule at that place; that of a const configuration may be absent.
template <class Config>
auto& rule_at(Config& config, const TablePlace& place) {
  auto& rules = table_in(config, &GatewayConfig::routes, place.name).rules;
  if constexpr (std::is_const_v<Config>) {
    static const RuleConfig kDefault;
    return place.index < rules.size() ? rules[place.index] : kDefault;
  } else {
    if (place.index >= rules.size()) rules.resize(place.index + 1);
    return rules[place.index];
  }
}

template <class Value>
auto rule_field(Value RuleConfig::*member) {
  return [=](const TablePlace& place) {
    return field_by([=](auto& config) -> auto& { return rule_at(config, place).*member; });
  };
}

std::vector<TableMember> rule_members() {
  return {
      {.name = "statuses",
       .field = rule_field(&RuleConfig::statuses),
       .doc = "The statuses that it applies to. Empty: with `when`, all of 4xx.",
       .shown_default = "none"},
      {.name = "when",
       .field = rule_field(&RuleConfig::when),
       .doc = "What the answer says: `context_too_long`, that the chat exceeds the context of the "
              "model; `content_refused`, that a content filter refuses it. Recognised by the words "
              "of common servers in a body with a status of 4xx.",
       .shown_default = "none"},
      {.name = "next",
       .field = rule_field(&RuleConfig::next),
       .doc = "The target or group of the route that is asked next; those between are passed by. "
              "`final`: no other is asked, and the chat fails with this answer. Required."},
  };
}

TableList rule_list() {
  return {.name = "rules",
          .doc =
              "What an answer outside 2xx leads to, where that is not the next target. Of the "
              "rules of a route the first one that applies counts.",
          .members = rule_members(),
          .create = [](GatewayConfig& config, const TablePlace& place) { rule_at(config, place); },
          .size =
              [](const GatewayConfig& config, const std::string& name) {
                return table_in(config, &GatewayConfig::routes, name).rules.size();
              }};
}

}  // namespace

NamedTables route_tables() {
  NamedTables tables = tables_in("routes", &GatewayConfig::routes);
  tables.doc =
      "Targets and groups in an order. `chat.route` names the one of `/operator/chat/ask`.";
  tables.members = route_members();
  tables.lists = {rule_list()};
  return tables;
}

}  // namespace gateway
