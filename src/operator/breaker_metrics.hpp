#pragma once

/// \file
/// The metric families of circuit breakers. Internal.

#include <vx11/clock.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/operator_api.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// What breakers report of themselves. Where a breaker takes the place of an earlier one of its
/// name, its counters go on from there.
class BreakerMetrics {
 public:
  /// \param earlier those of the API before; null: none
  BreakerMetrics(std::vector<NamedBreaker> breakers, const BreakerMetrics* earlier);

  std::vector<MetricFamily> families(const SteadyClock& clock) const;

 private:
  /// A breaker, and what earlier ones of its name have counted.
  struct Counted {
    std::shared_ptr<const CircuitBreaker> breaker = {};
    CircuitTotals before = {};
    std::uint64_t transitions_before = 0;
  };

  std::vector<NamedBreaker> shown_;
  std::map<std::string, Counted, std::less<>> all_;  ///< Also those that are not shown any more.
};

}  // namespace v0
}  // namespace vx11
