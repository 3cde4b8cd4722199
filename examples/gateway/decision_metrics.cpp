#include "gateway/decision_metrics.hpp"

#include <vx11/request_limits.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "gateway/log/log.hpp"

namespace gateway {

namespace {

/// Shows the events of `name` apart from those of others.
void declare(vx11::EventCounters& counters, std::string_view part, std::string_view name) {
  if (counters.declare(part, name)) return;
  log_event(LogEvent::config_warning,
            {{"warning", fmt::format("vx11_events_total counts {} events of {} as those of other: "
                                     "it has too many names since the start",
                                     part, name)}});
}

void declare_upstreams(vx11::EventCounters& counters, const Upstreams& upstreams) {
  for (const vx11::NamedBreaker& each : breakers_of(upstreams)) {
    declare(counters, "circuit", each.name);
  }
  if (upstreams.switch_) declare(counters, "router", upstreams.switch_->name);
  declare(counters, "router", upstreams.madre.name);
  for (const Upstream& target : upstreams.named) declare(counters, "router", target.name);
  for (const auto& [group, balancer] : upstreams.balancers) {
    for (const vx11::BalancerMember& member : balancer->members()) {
      declare(counters, "balancer", member.name);
    }
  }
}

void declare_limits(vx11::EventCounters& counters, const Limits& limits) {
  if (limits.attempts != nullptr) declare(counters, "attempt_limiter", "auth_failures");
  for (std::size_t i = 0; i < vx11::kRequestLimits; ++i) {
    declare(counters, "request_limit", to_string(static_cast<vx11::RequestLimit>(i)));
  }
}

void declare_stores(vx11::EventCounters& counters, const GatewayState& state) {
  if (state.redis != nullptr) declare(counters, "redis", "redis");
  if (state.sessions.guarded == nullptr) return;
  for (const char* operation : {"session_read", "session_write"}) {
    declare(counters, "store", operation);
    declare(counters, "circuit", operation);
  }
}

}  // namespace

std::vector<vx11::MetricFamily> decision_metrics(const Upstreams& upstreams,
                                                 const GatewayState& state) {
  vx11::EventCounters& counters = *state.decisions;
  declare(counters, "server", "server");
  declare_upstreams(counters, upstreams);
  declare_limits(counters, state.limits);
  declare_stores(counters, state);
  return counters.families();
}

}  // namespace gateway
