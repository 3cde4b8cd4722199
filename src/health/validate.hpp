#pragma once

/// \file
/// The mistakes one can make in describing a `HealthAggregator`. Internal.

#include <vx11/health_aggregator.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {

/// \return every mistake of the description, empty if there is none
std::string mistakes_in(const HealthOptions& options);

}  // namespace v0
}  // namespace vx11
