#pragma once

/// \file
/// What the policies of the gateway decide, as metrics.

#include <vx11/metric_family.hpp>

#include <vector>

#include "gateway/gateway_state.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

/// `vx11_events_total`, with the series of every part of this configuration from 0 on.
std::vector<vx11::MetricFamily> decision_metrics(const Upstreams& upstreams,
                                                 const GatewayState& state);

}  // namespace gateway
