#include "metrics.hpp"

#include <vx11/url.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "front.hpp"

namespace gateway {

namespace {

using Counter = std::atomic<std::uint64_t> vx11::TransportCounters::*;

/// The origins of the configured upstreams, as the transport spells these, each with the first
/// upstream that has it: the transport counts by origin, so two series of one would count twice.
std::vector<std::pair<std::string, std::string>> origins_of(const GatewayConfig& config) {
  std::vector<std::pair<std::string, std::string>> origins;
  const auto add = [&](std::string name, const std::string& url) {
    const auto parsed = vx11::Url::parse(url);
    if (!parsed) return;
    const auto is_same = [text = parsed->text()](const auto& o) { return o.second == text; };
    if (std::any_of(origins.begin(), origins.end(), is_same)) return;
    origins.emplace_back(std::move(name), parsed->text());
  };
  add("switch", config.switch_.url.value);
  add("madre", config.madre.url.value);
  for (const auto& [name, target] : config.targets) add(name, target.url.origin);
  return origins;
}

vx11::MetricFamily family_of(const GatewayConfig& config, const CountersByOrigin& counters,
                             Counter counter, std::string name, std::string help) {
  vx11::MetricFamily family{.name = std::move(name), .help = std::move(help)};
  for (auto& [upstream, origin] : origins_of(config)) {
    family.series.push_back({.labels = {{"upstream", std::move(upstream)}},
                             .value = [from = counters.at(origin), counter] {
                               return (*from.*counter).load(std::memory_order_relaxed);
                             }});
  }
  return family;
}

vx11::MetricFamily server_events(const Front& front) {
  vx11::MetricFamily family{
      .name = "vx11_server_events_total",
      .help = "Connections that the server refused or closed, and shortages."};
  for (std::size_t i = 0; i < ServerEvents::kKinds; ++i) {
    const auto event = static_cast<vx11::ServerEvent>(i);
    family.series.push_back({.labels = {{"event", std::string(ServerEvents::name_of(event))}},
                             .value = [&front, event] { return front.events().count(event); }});
  }
  return family;
}

vx11::MetricFamily unsent_bytes(const Front& front) {
  return {.name = "vx11_server_unsent_bytes",
          .help =
              "Bytes of the answers that wait for their clients; each counts in full until it "
              "has been sent.",
          .kind = vx11::MetricKind::gauge,
          .series = {{.value = [&front] { return front.unsent_bytes(); }}}};
}

}  // namespace

CountersByOrigin make_counters(const GatewayConfig& config) {
  CountersByOrigin counters;
  for (auto& [upstream, origin] : origins_of(config)) {
    counters.try_emplace(std::move(origin), std::make_shared<vx11::TransportCounters>());
  }
  return counters;
}

std::vector<vx11::MetricFamily> metric_families(const GatewayConfig& config,
                                                const CountersByOrigin& counters,
                                                const Front& front) {
  return {
      server_events(front), unsent_bytes(front),
      family_of(config, counters, &vx11::TransportCounters::resent, "vx11_upstream_resent_total",
                "Requests sent again because a kept connection had been closed."),
      family_of(config, counters, &vx11::TransportCounters::exhausted,
                "vx11_upstream_exhausted_total",
                "Calls that failed because this process was out of descriptors, memory, "
                "threads or ports.")};
}

}  // namespace gateway
