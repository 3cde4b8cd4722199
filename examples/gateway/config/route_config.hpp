#pragma once

/// \file
/// The configuration of groups and routes: `[groups.NAME]` and `[routes.NAME]`.

#include <vx11/balancer.hpp>
#include <vx11/router.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gateway {

using vx11::Duration;

/// How a group chooses a target; the policies of `vx11::BalancingPolicy`.
enum class BalancingKind : std::uint8_t { peak_ewma, weighted, least_in_flight, sticky };

/// Targets that are alternatives to each other.
struct GroupConfig {
  std::vector<std::string> targets = {};
  BalancingKind policy = BalancingKind::peak_ewma;
  std::uint32_t max_targets = vx11::RouterGroup{}.max_targets;
  Duration default_cooldown = vx11::BalancerOptions{}.default_cooldown;
  Duration max_cooldown = vx11::BalancerOptions{}.max_cooldown;
  Duration slow_start = vx11::BalancerOptions{}.slow_start;
  Duration decay = vx11::PeakEwma{}.decay;
  Duration failure_cost = vx11::PeakEwma{}.failure_cost;
};

/// HTTP statuses of a rule.
struct Statuses {
  std::vector<int> values = {};
};

/// What the body of an answer has to say for a rule to apply.
enum class RuleCondition : std::uint8_t { none, context_too_long, content_refused };

/// The `next` of a rule whose answers end the chain. No target and no group has this name.
inline constexpr const char* kFinal = "final";

/// `[[routes.NAME.rules]]`.
struct RuleConfig {
  Statuses statuses = {};
  RuleCondition when = RuleCondition::none;
  std::string next = {};  ///< A target or group of the route, or `kFinal`.
};

/// `[routes.NAME.shadow]`.
struct ShadowConfig {
  std::string target = {};  ///< Empty: no shadow.
  double share = vx11::RouterShadow{}.share;
  std::uint32_t max_in_flight = vx11::RouterShadow{}.max_in_flight;
};

/// Targets and groups in the order in which they are asked.
struct RouteConfig {
  std::vector<std::string> targets = {};
  std::vector<RuleConfig> rules = {};
  ShadowConfig shadow = {};
};

}  // namespace gateway
