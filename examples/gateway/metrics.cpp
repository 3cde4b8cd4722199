#include "gateway/metrics.hpp"

#include <vx11/url.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "gateway/front.hpp"

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
  if (config.inee.enabled) add("hormiguero", config.hormiguero.url.value);
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
      .help =
          "Connections that the server refused or closed, and shortages; preferred to server.* of "
          "vx11_events_total, which counts the same."};
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
          .series = {{.value = [&front] { return front.unsent_bytes(); }}},
          .unit = "bytes"};
}

vx11::MetricFamily client_connections(const Front& front) {
  return {.name = "vx11_server_connections",
          .help = "Connections of clients that are open.",
          .kind = vx11::MetricKind::gauge,
          .series = {{.value = [&front] { return front.connections(); }}}};
}

double seconds(vx11::Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Adds a family with a series for each event loop.
void add_by_loop(std::vector<vx11::MetricFamily>& families, const Front& front,
                 vx11::MetricFamily family, double (*read)(const vx11::LoopFigures&)) {
  for (std::size_t loop = 0; loop < front.loops(); ++loop) {
    family.series.push_back(
        {.labels = {{"loop", std::to_string(loop)}},
         .real = [&front, loop, read] { return read(front.loop_figures(loop)); }});
  }
  families.push_back(std::move(family));
}

void add_loops(std::vector<vx11::MetricFamily>& families, const Front& front) {
  add_by_loop(families, front,
              {.name = "vx11_loop_turns_total", .help = "Turns of an event loop of the server."},
              [](const vx11::LoopFigures& loop) { return static_cast<double>(loop.turns); });
  add_by_loop(families, front,
              {.name = "vx11_loop_busy_seconds_total",
               .help = "Time that an event loop has not waited; its rate is the busy share.",
               .unit = "seconds"},
              [](const vx11::LoopFigures& loop) { return seconds(loop.busy); });
  add_by_loop(families, front,
              {.name = "vx11_loop_longest_turn_seconds",
               .help = "The longest turn of the last one to two minutes with any: for that long, "
                       "no other request of the loop was served.",
               .kind = vx11::MetricKind::gauge,
               .unit = "seconds"},
              [](const vx11::LoopFigures& loop) { return seconds(loop.longest_turn); });
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
  const auto gauge = [&](Counter counter, std::string name, std::string help) {
    vx11::MetricFamily family =
        family_of(config, counters, counter, std::move(name), std::move(help));
    family.kind = vx11::MetricKind::gauge;
    return family;
  };
  using Counters = vx11::TransportCounters;
  std::vector<vx11::MetricFamily> families = {
      server_events(front),
      unsent_bytes(front),
      client_connections(front),
      gauge(&Counters::open, "vx11_upstream_open_connections",
            "Connections to an upstream that are open."),
      gauge(&Counters::idle, "vx11_upstream_idle_connections",
            "Open connections to an upstream that wait for a call."),
      gauge(&Counters::connecting, "vx11_upstream_connecting_calls",
            "Calls that wait for a new connection to their upstream."),
      family_of(config, counters, &Counters::opened, "vx11_upstream_connections_opened_total",
                "Connections to an upstream that were opened."),
      family_of(config, counters, &Counters::reused, "vx11_upstream_connections_reused_total",
                "Calls on a connection that was kept from an earlier one."),
      family_of(config, counters, &vx11::TransportCounters::resent, "vx11_upstream_resent_total",
                "Requests sent again because a kept connection had been closed."),
      family_of(config, counters, &vx11::TransportCounters::exhausted,
                "vx11_upstream_exhausted_total",
                "Calls that failed because this process was out of descriptors, memory, "
                "threads or ports.")};
  add_loops(families, front);
  return families;
}

}  // namespace gateway
