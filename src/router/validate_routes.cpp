#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "router/validate.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::uint32_t kMostWeight = 1000;

/// Groups, rules and the shadow's share of a description.
class Routes {
 public:
  Routes(const RouterOptions& options, detail::Mistakes& mistakes)
      : options_(options), mistakes_(mistakes) {}

  void check() {
    for (std::size_t i = 0; i < options_.targets.size(); ++i) check_target(i);
    for (const RouterGroup& group : options_.groups) check_group(group);
    for (std::size_t i = 0; i < options_.fallback_rules.size(); ++i) check_rule(i);
    if (options_.shadow) check_shadow(options_.shadow->target);
  }

 private:
  void check_target(std::size_t at) {
    const RouterTarget& target = options_.targets[at];
    mistakes_.about("target", target.name);
    mistakes_.add_if(target.weight < 1 || target.weight > kMostWeight, "weight must be 1 to 1000");
    if (target.group.empty()) return;
    mistakes_.add_if(is_interrupted(at), fmt::format("the targets of group \"{}\" must follow one "
                                                     "another",
                                                     target.group));
    mistakes_.add_if(
        members_before(at, target.group) == Balancer::kMostMembers,
        fmt::format("group \"{}\" has more than {} targets", target.group, Balancer::kMostMembers));
    mistakes_.add_if(is_target(target.group),
                     fmt::format("group \"{}\" has the name of a target", target.group));
  }

  /// Whether an earlier target has the group, but not the one before.
  bool is_interrupted(std::size_t at) const {
    const auto& targets = options_.targets;
    const std::string& group = targets[at].group;
    if (at == 0 || targets[at - 1].group == group) return false;
    return members_before(at, group) != 0;
  }
  std::size_t members_before(std::size_t end, std::string_view group) const {
    const auto first = options_.targets.begin();
    return static_cast<std::size_t>(
        std::count_if(first, first + static_cast<std::ptrdiff_t>(end),
                      [&](const RouterTarget& target) { return target.group == group; }));
  }
  bool is_target(std::string_view name) const {
    return std::any_of(options_.targets.begin(), options_.targets.end(),
                       [&](const RouterTarget& target) { return target.name == name; });
  }
  bool is_step(std::string_view name) const {
    return std::any_of(
        options_.targets.begin(), options_.targets.end(), [&](const RouterTarget& target) {
          return target.group == name || (target.group.empty() && target.name == name);
        });
  }

  void check_group(const RouterGroup& group) {
    mistakes_.about("group", group.name);
    if (group.name.empty()) return mistakes_.add("no name");
    const std::size_t size = members_before(options_.targets.size(), group.name);
    mistakes_.add_if(size == 0, "no target has it");
    mistakes_.add_if(group.max_targets == 0, "max_targets must be at least 1");
    const auto same = [&](const RouterGroup& other) { return other.name == group.name; };
    mistakes_.add_if(std::count_if(options_.groups.begin(), options_.groups.end(), same) > 1,
                     "the name is used twice");
    if (const Result<> valid = validate(group.balancer); !valid)
      mistakes_.add(valid.error().detail);
    if (group.shared_balancer) check_members(group);
  }

  /// With another breaker than its member's, a target would be chosen although its calls are
  /// rejected.
  void check_members(const RouterGroup& group) {
    const auto& members = group.shared_balancer->members();
    for (const RouterTarget& target : options_.targets) {
      if (target.group != group.name) continue;
      const auto member =
          std::find_if(members.begin(), members.end(),
                       [&](const BalancerMember& each) { return each.name == target.name; });
      if (member == members.end()) {
        mistakes_.add(fmt::format("its shared_balancer has no member \"{}\"", target.name));
      } else if (member->breaker != target.breaker) {
        mistakes_.add(fmt::format(
            "the member \"{}\" of its shared_balancer has another breaker than the target",
            target.name));
      }
    }
  }

  void check_rule(std::size_t at) {
    const FallbackRule& rule = options_.fallback_rules[at];
    mistakes_.about(fmt::format("fallback rule {}", at + 1));
    mistakes_.add_if(rule.statuses.empty() && !rule.matches,
                     "neither statuses nor a condition: it would apply to every error");
    mistakes_.add_if(
        !rule.next.empty() && !is_step(rule.next),
        fmt::format("\"{}\" is neither a group nor a target without a group", rule.next));
    for (const int status : rule.statuses) {
      const bool possible = status >= 100 && status <= 599 && status / 100 != 2;
      mistakes_.add_if(!possible,
                       fmt::format("status {} is not one of 100 to 599 outside 2xx", status));
    }
  }

  void check_shadow(const RouterTarget& target) {
    mistakes_.about("shadow", target.name);
    mistakes_.add_if(!target.group.empty(), "it can have no group");
    mistakes_.add_if(target.fallback_after.has_value(), "it can have no fallback_after");
  }

  const RouterOptions& options_;
  detail::Mistakes& mistakes_;
};

}  // namespace

void check_routes(const RouterOptions& options, detail::Mistakes& mistakes) {
  Routes(options, mistakes).check();
}

}  // namespace v0
}  // namespace vx11
