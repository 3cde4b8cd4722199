#pragma once

/// \file
/// Validation of a `HealthAggregator`'s description. Internal.

#include <vx11/health_aggregator.hpp>

namespace vx11 {
inline namespace v0 {

/// \return every mistake of the description, in one `invalid_argument`
Result<void> validate(const HealthOptions& options);

}  // namespace v0
}  // namespace vx11
