#include "router/route_steps.hpp"

#include <algorithm>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

bool applies(const FallbackRule& rule, const HttpResponse& response) noexcept {
  const auto& statuses = rule.statuses;
  const bool listed =
      std::find(statuses.begin(), statuses.end(), response.status) != statuses.end();
  if (!statuses.empty() && !listed) return false;
  try {
    return !rule.matches || rule.matches(response);
  } catch (...) {  // as if it did not apply
    return false;
  }
}

/// The end of the step that begins at `first`.
std::size_t end_of_step(const std::vector<RouterTarget>& targets, std::size_t first) {
  const std::string& group = targets[first].group;
  std::size_t end = first + 1;
  while (!group.empty() && end < targets.size() && targets[end].group == group) ++end;
  return end;
}

/// \return the number of members if there is none of that name
std::size_t member_named(const std::vector<BalancerMember>& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [=](const BalancerMember& each) { return each.name == name; });
  return static_cast<std::size_t>(found - members.begin());
}

}  // namespace

std::unique_ptr<const RouteSteps> RouteSteps::make(const RouterOptions& options) {
  const auto grouped = [](const RouterTarget& target) { return !target.group.empty(); };
  const auto& targets = options.targets;
  if (options.fallback_rules.empty() && std::none_of(targets.begin(), targets.end(), grouped)) {
    return nullptr;
  }
  return std::make_unique<const RouteSteps>(options);
}

RouteSteps::RouteSteps(const RouterOptions& options) : options_(options) {
  const std::size_t size = options.targets.size();
  for (std::size_t first = 0; first < size;) {
    const std::size_t end = end_of_step(options.targets, first);
    add(first, end - first);
    first = end;
  }
  for (const FallbackRule& rule : options.fallback_rules) {
    rule_targets_.push_back(step_named(rule.next));
  }
}

void RouteSteps::add(std::size_t first, std::size_t count) {
  RouteStep step{.first = first, .count = count};
  if (!options_.targets[first].group.empty()) balance(step);
  steps_.push_back(std::move(step));
}

/// A shared balancer may have further members, in another order.
void RouteSteps::balance(RouteStep& step) {
  RouterGroup described = group(options_.targets[step.first].group);
  step.max_targets = std::min<std::size_t>(described.max_targets, step.count);
  step.balancer = described.shared_balancer;
  if (!step.balancer) step.balancer = make_balancer(step, std::move(described.balancer));
  step.absent.set();
  for (std::size_t i = 0; i < step.count; ++i) {
    const std::size_t member =
        member_named(step.balancer->members(), options_.targets[step.first + i].name);
    step.members.push_back(member);
    step.absent.reset(member);
  }
}

std::shared_ptr<Balancer> RouteSteps::make_balancer(const RouteStep& step,
                                                    BalancerOptions options) const {
  std::vector<BalancerMember> members;
  for (std::size_t i = step.first; i < step.first + step.count; ++i) {
    const RouterTarget& each = options_.targets[i];
    members.push_back({.name = each.name, .weight = each.weight, .breaker = each.breaker});
  }
  if (!options.events) options.events = options_.events;
  return std::make_shared<Balancer>(std::move(members), std::move(options), options_.clock);
}

RouterGroup RouteSteps::group(std::string_view name) const {
  for (const RouterGroup& each : options_.groups) {
    if (each.name == name) return each;
  }
  return {};
}

std::size_t RouteSteps::step_named(std::string_view name) const noexcept {
  const auto named = [&](const RouteStep& step) {
    const RouterTarget& target = options_.targets[step.first];
    return (target.group.empty() ? target.name : target.group) == name;
  };
  return static_cast<std::size_t>(std::find_if(steps_.begin(), steps_.end(), named) -
                                  steps_.begin());
}

std::shared_ptr<const Balancer> RouteSteps::balancer(std::string_view group) const noexcept {
  for (const RouteStep& step : steps_) {
    if (step.balancer && options_.targets[step.first].group == group) return step.balancer;
  }
  return nullptr;
}

std::size_t RouteSteps::max_targets() const noexcept {
  return steps_.front().max_targets + max_targets_after(0);
}

std::size_t RouteSteps::max_targets_after(std::size_t step) const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = step + 1; i < steps_.size(); ++i) sum += steps_[i].max_targets;
  return sum;
}

Duration RouteSteps::wait_of(const RouteStep& step) const noexcept {
  Duration least = Duration::max();
  for (std::size_t i = 0; i < step.count; ++i) {
    const Duration breaker = options_.targets[step.first + i].breaker->admission_wait();
    least = std::min(least, std::max(breaker, step.balancer->cooldown_left(step.members[i])));
  }
  return least;
}

Duration RouteSteps::earliest_wait() const noexcept {
  Duration earliest = Duration::max();
  for (const RouteStep& step : steps_) {
    if (!step.balancer) continue;
    const Duration wait = wait_of(step);
    if (wait > Duration::zero()) earliest = std::min(earliest, wait);
  }
  return earliest == Duration::max() ? Duration::zero() : earliest;
}

std::optional<std::size_t> RouteSteps::after(const HttpResponse& response) const noexcept {
  for (std::size_t i = 0; i < rule_targets_.size(); ++i) {
    if (applies(options_.fallback_rules[i], response)) return rule_targets_[i];
  }
  return std::nullopt;
}

}  // namespace v0
}  // namespace vx11
