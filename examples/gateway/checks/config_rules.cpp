#include "gateway/checks/config_rules.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The step that has the target in its group, or null.
const std::string* step_around(const GatewayConfig& config, const RouteConfig& route,
                               std::string_view target) {
  for (const std::string& step : route.targets) {
    if (contains(targets_of_step(config, step), target)) return &step;
  }
  return nullptr;
}

std::string unknown_step(const GatewayConfig& config, const RouteConfig& route,
                         const std::string& next) {
  if (const std::string* group = step_around(config, route, next)) {
    return fmt::format("{} is a target of the group {}; write next = {}", in_quotes(next),
                       in_quotes(*group), in_quotes(*group));
  }
  std::vector<std::string_view> known(route.targets.begin(), route.targets.end());
  known.emplace_back(kFinal);
  return fmt::format(
      "{} is no target and no group of the route; list it there, or write next = "
      "\"final\"{}",
      shown_name(next), did_you_mean(next, known));
}

void check_next(LoadedConfig& loaded, const std::string& key, const RouteConfig& route,
                const std::string& next) {
  if (next.empty()) {
    if (is_mistaken(loaded, key + ".next")) return;
    complain(loaded, key,
             "has no next; write next = \"final\", or the target or group that is asked next");
  } else if (route.targets.empty()) {
    return;  // a mistake of its own
  } else if (next != kFinal && !contains(route.targets, next)) {
    complain(loaded, key + ".next", unknown_step(loaded.config, route, next));
  } else if (next == route.targets.front()) {
    complain(loaded, key + ".next",
             fmt::format("has no effect: {} is asked first, and no target is asked twice; take a "
                         "later one or \"final\"",
                         in_quotes(next)));
  }
}

bool is_client_error(int status) noexcept {
  return status / 100 == 4;
}

/// Whether every answer that `later` applies to is one that `earlier` applies to.
bool covers(const RuleConfig& earlier, const RuleConfig& later) {
  const bool same_condition = earlier.when == later.when || earlier.when == RuleCondition::none;
  const auto& listed = earlier.statuses.values;
  if (listed.empty()) return same_condition && earlier.when != RuleCondition::none;
  const auto& statuses = later.statuses.values;
  return same_condition && !statuses.empty() &&
         std::all_of(statuses.begin(), statuses.end(), [&](int status) {
           return std::find(listed.begin(), listed.end(), status) != listed.end();
         });
}

std::string key_of(const std::string& table, std::size_t index) {
  return fmt::format("{}.rules[{}]", table, index + 1);
}

/// Whether the condition of the rule is not the one that was written.
bool has_mistaken_condition(const LoadedConfig& loaded, const std::string& key) {
  return is_mistaken(loaded, key + ".statuses") || is_mistaken(loaded, key + ".when");
}

/// The first rule before this one that covers it.
std::optional<std::size_t> covering(const LoadedConfig& loaded, const std::string& table,
                                    const std::vector<RuleConfig>& rules, std::size_t index) {
  if (has_mistaken_condition(loaded, key_of(table, index))) return std::nullopt;
  for (std::size_t i = 0; i < index; ++i) {
    if (has_mistaken_condition(loaded, key_of(table, i))) continue;
    if (covers(rules[i], rules[index])) return i;
  }
  return std::nullopt;
}

void check_condition(LoadedConfig& loaded, const std::string& key, const RuleConfig& rule) {
  const auto& statuses = rule.statuses.values;
  const bool has_condition = rule.when != RuleCondition::none;
  if (statuses.empty() && !has_condition) {
    if (has_mistaken_condition(loaded, key)) return;
    complain(loaded, key,
             fmt::format("would apply to every error; write statuses = [400, 422], or when = {}",
                         wanted(rule.when).example));
  } else if (has_condition && !statuses.empty() &&
             std::none_of(statuses.begin(), statuses.end(), is_client_error)) {
    complain(loaded, key + ".statuses",
             fmt::format("has no effect with when = {}, which only answers of 4xx say; delete it",
                         print(rule.when)));
  }
}

/// A shadow that names no target.
void check_no_shadow(LoadedConfig& loaded, const std::string& key) {
  const auto is_given = [&](const std::string& setting) {
    return loaded.origin(setting).source != Origin::Source::standard;
  };
  bool has_members = false;
  for (const std::string& member : {key + ".share", key + ".max_in_flight"}) {
    if (!is_given(member)) continue;
    complain(loaded, member, "has no effect without a target; write shadow.target = \"NAME\"");
    has_members = true;
  }
  if (has_members || !is_given(key)) return;
  complain(loaded, key,
           fmt::format("has no target; write target = \"NAME\" below it, or delete [{}]", key));
}

}  // namespace

void check_rules(LoadedConfig& loaded, const std::string& table, const RouteConfig& route) {
  for (std::size_t i = 0; i < route.rules.size(); ++i) {
    const std::string key = key_of(table, i);
    check_condition(loaded, key, route.rules[i]);
    check_next(loaded, key, route, route.rules[i].next);
    if (const auto other = covering(loaded, table, route.rules, i)) {
      complain(loaded, key,
               fmt::format("has no effect: rules[{}] applies to the same answers first; delete one "
                           "of them, or move this one up",
                           *other + 1));
    }
  }
}

void check_shadow(LoadedConfig& loaded, const std::string& table, const RouteConfig& route) {
  const std::string key = table + ".shadow";
  const std::string& target = route.shadow.target;
  const GatewayConfig& config = loaded.config;
  if (is_mistaken(loaded, key + ".target")) return;
  if (target.empty()) {
    check_no_shadow(loaded, key);
  } else if (config.groups.contains(target)) {
    complain(loaded, key + ".target",
             fmt::format("{} is a group; copies go to a single target, take one of its",
                         in_quotes(target)));
  } else if (target == "madre" || target == "switch") {
    complain(loaded, key + ".target",
             fmt::format("{} cannot be a shadow; take one of [targets.NAME]", in_quotes(target)));
  } else if (!config.targets.contains(target)) {
    std::vector<std::string_view> known;
    for (const auto& [name, each] : config.targets) known.emplace_back(name);
    complain(loaded, key + ".target",
             fmt::format("{} is no target; write a table [targets.NAME]{}", shown_name(target),
                         did_you_mean(target, known)));
  } else if (step_around(config, route, target) != nullptr) {
    complain(loaded, key + ".target",
             fmt::format("{} is asked by the route itself; take a target outside it",
                         in_quotes(target)));
  } else if (route.shadow.share == 0) {
    complain(loaded, key + ".share",
             fmt::format("is 0: no chat is copied; write more, or delete [{}]", key));
  }
}

}  // namespace gateway
