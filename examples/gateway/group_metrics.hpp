#pragma once

/// \file
/// The load of the targets of groups, as metrics.

#include <vx11/metric_family.hpp>

#include <vector>

#include "config.hpp"
#include "models.hpp"

namespace gateway {

/// Of every group of every router: a group of two routes is balanced by each of them.
/// \param routers those of `named_routers`
std::vector<vx11::MetricFamily> group_metrics(const GatewayConfig& config,
                                              const std::vector<NamedRouter>& routers);

}  // namespace gateway
