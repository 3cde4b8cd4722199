#pragma once

/// \file
/// The windows of an objective, and their names in reports and metrics. Internal.

#include <vx11/service_level.hpp>

#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace service_level {

/// Those of its alerts, each once, the shortest first.
std::vector<Duration> windows_of(const ServiceLevelOptions& options);

/// As Prometheus writes durations, in the largest unit that fits: `5m`, `1h`, `3d`.
std::string window_name(Duration window);

}  // namespace service_level
}  // namespace v0
}  // namespace vx11
