#include "gateway/checks/config_routes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_rules.hpp"
#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// What a list of names may contain.
enum class Names : std::uint8_t { targets, steps };

std::vector<std::string_view> known_names(const GatewayConfig& config, Names which) {
  std::vector<std::string_view> known = {"madre"};
  if (config.has_switch()) known.emplace_back("switch");
  for (const auto& [name, target] : config.targets) known.emplace_back(name);
  if (which == Names::targets) return known;
  for (const auto& [name, group] : config.groups) known.emplace_back(name);
  return known;
}

/// What is wrong with a name that is not known.
std::string unknown_name(const GatewayConfig& config, const std::string& name, Names which) {
  if (name == "switch") return "\"switch\" is no target; set switch.url";
  if (config.groups.contains(name)) {
    return fmt::format("{} is a group; a group has targets, list those", in_quotes(name));
  }
  if (config.routes.contains(name)) {
    return fmt::format("{} is a route; list the targets of that route", in_quotes(name));
  }
  return fmt::format("{} is no target{}; write a table [targets.NAME]{}", shown_name(name),
                     which == Names::steps ? " and no group" : "",
                     did_you_mean(name, known_names(config, which)));
}

/// Checks the member `targets` of a table.
void check_targets(LoadedConfig& loaded, const std::string& table,
                   const std::vector<std::string>& targets, Names which) {
  const std::string key = table + ".targets";
  if (targets.empty() && !is_mistaken(loaded, key)) {
    complain(loaded, table, "has no targets; write targets = [\"NAME\"]");
  }
  const auto known = known_names(loaded.config, which);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string& name = targets[i];
    const auto here = targets.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      complain(loaded, key, unknown_name(loaded.config, name, which));
    } else if (std::find(targets.begin(), here, name) != here) {
      complain(loaded, key, fmt::format("{} is listed twice", shown_name(name)));
    }
  }
}

/// Settings of a group that its policy does not use.
void warn_of_no_effect(LoadedConfig& loaded, const std::string& table, const GroupConfig& group) {
  if (group.policy == BalancingKind::peak_ewma) return;
  for (const char* member : {"decay", "failure_cost"}) {
    const std::string key = fmt::format("{}.{}", table, member);
    if (loaded.origin(key).source == Origin::Source::standard) continue;
    loaded.warnings.push_back(fmt::format("{}: has no effect with policy = {}; delete it",
                                          place_of(loaded, key), print(group.policy)));
  }
}

/// Only of one that was given: a lower `max_cooldown` alone limits the default, too.
void check_cooldown(LoadedConfig& loaded, const std::string& table, const GroupConfig& group) {
  const std::string key = table + ".default_cooldown";
  if (loaded.origin(key).source == Origin::Source::standard) return;
  if (group.default_cooldown <= group.max_cooldown) return;
  if (is_mistaken(loaded, table + ".max_cooldown")) return;
  complain(loaded, key,
           fmt::format("is above max_cooldown, {}, which limits it; raise that, too",
                       print(group.max_cooldown)));
}

void check_group(LoadedConfig& loaded, const std::string& name, const GroupConfig& group) {
  const std::string table = "groups." + name;
  if (loaded.config.targets.contains(name)) {
    complain(loaded, table, "is the name of a target, too; take another one");
  }
  check_targets(loaded, table, group.targets, Names::targets);
  if (group.targets.size() > vx11::Balancer::kMostMembers) {
    complain(loaded, table + ".targets",
             fmt::format("has {} targets; a group has at most {}, make several",
                         group.targets.size(), vx11::Balancer::kMostMembers));
  }
  check_cooldown(loaded, table, group);
  warn_of_no_effect(loaded, table, group);
}

/// A router asks a target once for a chat.
void check_overlap(LoadedConfig& loaded, const std::string& key, const RouteConfig& route) {
  std::map<std::string, std::string> steps;  // by target
  for (const std::string& step : route.targets) {
    for (const std::string& target : targets_of_step(loaded.config, step)) {
      const auto [first, is_new] = steps.emplace(target, step);
      if (is_new || first->second == step) continue;
      complain(loaded, key,
               fmt::format("{} and {} both ask the target {}; a route asks a target once, leave "
                           "it out of one of them",
                           in_quotes(first->second), in_quotes(step), in_quotes(target)));
    }
  }
}

/// A router asks at most this many targets side by side: `vx11::RouterOptions::timer`.
constexpr std::size_t kMostBeside = 8;

/// How many targets are asked for one chat at most.
std::size_t most_targets(const GatewayConfig& config, const RouteConfig& route) {
  std::size_t sum = 0;
  for (const std::string& step : route.targets) {
    const auto group = config.groups.find(step);
    sum += group == config.groups.end()
               ? 1
               : std::min<std::size_t>(group->second.max_targets, group->second.targets.size());
  }
  return sum;
}

void warn_of_many_targets(LoadedConfig& loaded, const std::string& table,
                          const RouteConfig& route) {
  const std::size_t most = most_targets(loaded.config, route);
  if (most <= kMostBeside || loaded.config.chat.fallback_after.time == Duration::zero()) return;
  loaded.warnings.push_back(fmt::format(
      "{}: up to {} targets are asked for one chat: with more than {}, "
      "chat.fallback_after has no effect; list fewer, or lower max_targets of its groups",
      place_of(loaded, table), most, kMostBeside));
}

void check_route(LoadedConfig& loaded, const std::string& name, const RouteConfig& route) {
  const std::string table = "routes." + name;
  for (const auto& [kind, exists] : {std::pair("target", loaded.config.targets.contains(name)),
                                     std::pair("group", loaded.config.groups.contains(name))}) {
    if (!exists) continue;
    complain(loaded, table, fmt::format("is the name of a {}, too; take another one", kind));
  }
  check_targets(loaded, table, route.targets, Names::steps);
  check_overlap(loaded, table + ".targets", route);
  check_rules(loaded, table, route);
  check_shadow(loaded, table, route);
  warn_of_many_targets(loaded, table, route);
}

void check_chat_route(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  const std::string& route = config.chat.route;
  if (route.empty()) {
    if (config.routes.empty()) return;
    loaded.warnings.emplace_back(
        "chat.route is not set: /operator/chat/ask asks switch and madre, not a route");
    return;
  }
  if (config.routes.contains(route)) return;
  std::vector<std::string_view> known;
  for (const auto& [name, targets] : config.routes) known.emplace_back(name);
  complain(loaded, "chat.route",
           fmt::format("{} is no route; write a table [routes.NAME]{}", shown_name(route),
                       did_you_mean(route, known)));
}

template <class Tables>
bool is_listed(const Tables& tables, const std::string& name) {
  return std::any_of(tables.begin(), tables.end(), [&](const auto& table) {
    const auto& targets = table.second.targets;
    return std::find(targets.begin(), targets.end(), name) != targets.end();
  });
}

bool is_shadow(const GatewayConfig& config, const std::string& name) {
  return std::any_of(config.routes.begin(), config.routes.end(),
                     [&](const auto& route) { return route.second.shadow.target == name; });
}

void warn_if_unused(LoadedConfig& loaded, bool is_used, std::string_view kind,
                    const std::string& name) {
  if (is_used) return;
  loaded.warnings.push_back(
      fmt::format("{}: no route has this {}: only clients that ask for the model vx11/{} reach it",
                  place_of(loaded, fmt::format("{}s.{}", kind, name)), kind, name));
}

void warn_of_unused(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  for (const auto& [name, target] : config.targets) {
    const bool is_in_group = is_listed(config.groups, name);
    const bool is_used = is_in_group || is_listed(config.routes, name) || is_shadow(config, name);
    warn_if_unused(loaded, is_used, "target", name);
    const std::string weight = fmt::format("targets.{}.weight", name);
    if (is_in_group || loaded.origin(weight).source == Origin::Source::standard) continue;
    loaded.warnings.push_back(
        fmt::format("{}: has no effect, because no group has this target; delete it",
                    place_of(loaded, weight)));
  }
  for (const auto& [name, group] : config.groups) {
    warn_if_unused(loaded, is_listed(config.routes, name), "group", name);
  }
}

}  // namespace

void settle_routes(LoadedConfig& loaded) {
  for (const auto& [name, group] : loaded.config.groups) check_group(loaded, name, group);
  for (const auto& [name, route] : loaded.config.routes) check_route(loaded, name, route);
  check_chat_route(loaded);
  warn_of_unused(loaded);
}

}  // namespace gateway
