#pragma once

/// \file
/// The metrics that a program adds. Internal.

#include <vx11/detail/mistakes.hpp>
#include <vx11/metric_family.hpp>

#include <span>
#include <string>

namespace vx11 {
inline namespace v0 {

/// \param own the Prometheus text of the API's own metrics, whose names are taken
void check_families(detail::Mistakes& mistakes, std::span<const MetricFamily> families,
                    const std::string& own);

void write_families(std::string& out, std::span<const MetricFamily> families);

}  // namespace v0
}  // namespace vx11
