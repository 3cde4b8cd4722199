#include "router_options.hpp"

#include <optional>
#include <string>
#include <utility>

#include "chat_dialect.hpp"
#include "fallback_rules.hpp"
#include "fields.hpp"

namespace vx11::c {
namespace {

RouterTarget read_target(Fields fields, std::optional<Error>& wrong_dialect) {
  RouterTarget target;
  fields.read("name", target.name);
  fields.read("url", target.url);
  fields.read_ms("try_timeout_ms", "limit_ms", target.try_timeout);
  fields.read_ms("total_timeout_ms", target.total_timeout);
  fields.read_ms("fallback_after_ms", target.fallback_after);
  fields.read("headers", target.headers);
  fields.read("group", target.group);
  fields.read("weight", target.weight);
  if (fields.has("weight") && target.group.empty()) {
    fields.mistake("weight", "has no effect without a group");
  }
  Result<void> dialect = read_dialect(fields, target);
  if (!dialect && !wrong_dialect) wrong_dialect = std::move(dialect.error());
  fields.end();
  return target;
}

PeakEwma read_peak_ewma(Fields& fields) {
  PeakEwma policy;
  fields.read_ms("decay_ms", policy.decay);
  fields.read_ms("failure_cost_ms", policy.failure_cost);
  return policy;
}

BalancingPolicy read_other_policy(Fields& fields, const std::string& name) {
  fields.refuse("decay_ms", "is for the policy peak_ewma only");
  fields.refuse("failure_cost_ms", "is for the policy peak_ewma only");
  if (name == "weighted_round_robin") return WeightedRoundRobin();
  if (name == "least_in_flight") return LeastInFlight();
  if (name == "sticky_session") return StickySession();
  fields.mistake("policy",
                 "is none of peak_ewma, weighted_round_robin, least_in_flight and sticky_session");
  return PeakEwma();
}

BalancingPolicy read_policy(Fields& fields) {
  std::string name = "peak_ewma";
  fields.read("policy", name);
  if (name == "peak_ewma") return read_peak_ewma(fields);
  return read_other_policy(fields, name);
}

RouterGroup read_group(Fields fields) {
  RouterGroup group;
  fields.read("name", group.name);
  fields.read("max_targets", group.max_targets);
  group.balancer.policy = read_policy(fields);
  fields.read_ms("default_cooldown_ms", group.balancer.default_cooldown);
  fields.read_ms("max_cooldown_ms", group.balancer.max_cooldown);
  fields.read_ms("slow_start_ms", group.balancer.slow_start);
  fields.end();
  return group;
}

RouterShadow read_shadow(Fields fields, std::optional<Error>& wrong_dialect) {
  RouterShadow shadow;
  shadow.target = read_target(fields.object("target"), wrong_dialect);
  fields.read("share", shadow.share);
  fields.read("max_in_flight", shadow.max_in_flight);
  fields.end();
  return shadow;
}

Overtaken read_overtaken(Fields& fields) {
  std::string name = "observe";
  fields.read("overtaken", name);
  if (name == "cancel") return Overtaken::cancel;
  if (name != "observe") fields.mistake("overtaken", "is neither observe nor cancel");
  return Overtaken::observe;
}

}  // namespace

Result<RouterOptions> router_options(const char* description) {
  Fields fields(description);
  RouterOptions options;
  std::optional<Error> wrong_dialect;
  fields.read_ms("total_timeout_ms", "deadline_ms", options.total_timeout);
  for (Fields& each : fields.objects("targets")) {
    options.targets.push_back(read_target(std::move(each), wrong_dialect));
  }
  for (Fields& each : fields.objects("groups")) {
    options.groups.push_back(read_group(std::move(each)));
  }
  options.fallback_rules = read_fallback_rules(fields);
  fields.read("last_resorts", options.last_resorts);
  options.overtaken = read_overtaken(fields);
  if (fields.has("shadow")) options.shadow = read_shadow(fields.object("shadow"), wrong_dialect);
  auto right = fields.finish();
  if (!right) return fail(right.error());
  if (wrong_dialect) return fail(*std::move(wrong_dialect));
  return options;
}

}  // namespace vx11::c
