#pragma once

/// \file
/// The routes as `RequestMetrics` counts them. Internal.

#include <vx11/http_request_metrics.hpp>

#include <cstddef>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

struct Route;

/// By the position of the route in the table; empty without metrics.
using RouteIndices = std::vector<std::size_t>;
RouteIndices route_indices(const RequestMetrics* metrics);

/// Its position in the table.
std::size_t position_of(const Route& route) noexcept;

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
