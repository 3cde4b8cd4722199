#pragma once

/// \file
/// The load of the targets of groups, as metrics.

#include <vx11/metric_family.hpp>

#include <vector>

#include "gateway/upstreams.hpp"

namespace gateway {

/// Of every group, over all routes and models that have it.
std::vector<vx11::MetricFamily> group_metrics(const Upstreams& upstreams);

}  // namespace gateway
