#include "gateway/group_metrics.hpp"

#include <vx11/balancer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace gateway {

namespace {

using Reader = std::uint64_t (*)(const vx11::BalancerLoad& load);

std::uint64_t in_flight(const vx11::BalancerLoad& load) {
  return load.in_flight;
}
std::uint64_t cooldown(const vx11::BalancerLoad& load) {
  return static_cast<std::uint64_t>(
      std::chrono::ceil<std::chrono::seconds>(load.cooldown_left).count());
}

vx11::MetricFamily calls_family(const Upstreams& upstreams) {
  vx11::MetricFamily family{.name = "vx11_group_calls_total",
                            .help = "Calls to the targets of a group."};
  for (const auto& [group, balancer] : upstreams.balancers) {
    for (std::size_t i = 0; i < balancer->size(); ++i) {
      const std::string target = balancer->load(i).name;
      family.series.push_back({.labels = {{"group", group}, {"target", target}},
                               .value = [calls = upstreams.group_calls.at(group), target] {
                                 return calls->of(target);
                               }});
    }
  }
  return family;
}

/// Adds a series for each target of the group.
void add_series(vx11::MetricFamily& family, const std::string& group,
                const std::shared_ptr<const vx11::Balancer>& balancer, Reader read) {
  for (std::size_t i = 0; i < balancer->size(); ++i) {
    const std::string target = balancer->load(i).name;
    family.series.push_back({.labels = {{"group", group}, {"target", target}},
                             .value = [balancer, i, read] { return read(balancer->load(i)); }});
  }
}

vx11::MetricFamily family_of(const Upstreams& upstreams, vx11::MetricFamily family, Reader read) {
  for (const auto& [group, balancer] : upstreams.balancers) {
    add_series(family, group, balancer, read);
  }
  return family;
}

}  // namespace

std::vector<vx11::MetricFamily> group_metrics(const Upstreams& upstreams) {
  if (upstreams.balancers.empty()) return {};
  return {calls_family(upstreams),
          family_of(upstreams,
                    {.name = "vx11_group_in_flight",
                     .help = "Calls under way to the targets of a group.",
                     .kind = vx11::MetricKind::gauge},
                    in_flight),
          family_of(upstreams,
                    {.name = "vx11_group_cooldown_seconds",
                     .help = "How long a target that asked its callers to wait is not chosen.",
                     .kind = vx11::MetricKind::gauge},
                    cooldown)};
}

}  // namespace gateway
