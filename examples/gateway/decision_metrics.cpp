#include "decision_metrics.hpp"

#include <vx11/request_limits.hpp>

#include <cstddef>
#include <string>

namespace gateway {

namespace {

void declare_upstreams(vx11::EventCounters& counters, const Upstreams& upstreams) {
  for (const vx11::NamedBreaker& each : breakers_of(upstreams)) {
    counters.declare("circuit", each.name);
  }
  if (upstreams.switch_) counters.declare("router", upstreams.switch_->name);
  counters.declare("router", upstreams.madre.name);
  for (const Upstream& target : upstreams.named) counters.declare("router", target.name);
  for (const auto& [group, balancer] : upstreams.balancers) {
    for (const vx11::BalancerMember& member : balancer->members()) {
      counters.declare("balancer", member.name);
    }
  }
}

void declare_limits(vx11::EventCounters& counters, const Limits& limits) {
  if (limits.attempts != nullptr) counters.declare("attempt_limiter", "auth_failures");
  for (std::size_t i = 0; i < vx11::kRequestLimits; ++i) {
    counters.declare("request_limit", to_string(static_cast<vx11::RequestLimit>(i)));
  }
}

void declare_stores(vx11::EventCounters& counters, const GatewayState& state) {
  if (state.redis != nullptr) counters.declare("redis", "redis");
  if (state.sessions.guarded == nullptr) return;
  for (const char* operation : {"session_read", "session_write"}) {
    counters.declare("store", operation);
    counters.declare("circuit", operation);
  }
}

}  // namespace

std::vector<vx11::MetricFamily> decision_metrics(const Upstreams& upstreams,
                                                 const GatewayState& state) {
  vx11::EventCounters& counters = *state.decisions;
  counters.declare("server", "server");
  declare_upstreams(counters, upstreams);
  declare_limits(counters, state.limits);
  declare_stores(counters, state);
  return counters.families();
}

}  // namespace gateway
