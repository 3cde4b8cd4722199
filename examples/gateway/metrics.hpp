#pragma once

/// \file
/// What the gateway adds to `GET /metrics`: the events of its server, and the counters of the
/// transport for each configured upstream.

#include <vx11/metric_family.hpp>
#include <vx11/transport/counters.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

class Front;

/// The counters of each configured upstream, by its origin.
using CountersByOrigin =
    std::map<std::string, std::shared_ptr<vx11::TransportCounters>, std::less<>>;

CountersByOrigin make_counters(const GatewayConfig& config);

/// Upstreams with one origin share its series, which has the name of the first.
/// \param front the families must not be read after its end
std::vector<vx11::MetricFamily> metric_families(const GatewayConfig& config,
                                                const CountersByOrigin& counters,
                                                const Front& front);

}  // namespace gateway
