#pragma once

/// \file
/// The counters of the completions API. Internal.

#include <vx11/metric_family.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "front/stream_end.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// The routes as metrics label them.
enum class RouteLabel : unsigned char {
  chat_completions,
  responses,
  completions,
  embeddings,
  models,
  model,
  none,  ///< A path without a route.
};
inline constexpr std::size_t kRouteLabels = 7;

/// Every series exists from the start. Thread-safe.
class Metrics {
 public:
  void answered(RouteLabel route, int status) noexcept;
  /// A streamed chat has ended, which is also when it is counted as answered.
  void streamed(RouteLabel route, StreamEnd end) noexcept;

 private:
  friend std::vector<MetricFamily> metric_families(std::shared_ptr<const Metrics> metrics);

  static constexpr std::size_t kClasses = 5;  // 1xx … 5xx
  std::array<std::array<std::atomic<std::uint64_t>, kClasses>, kRouteLabels> requests_{};
  std::array<std::atomic<std::uint64_t>, kStreamEnds> streams_{};
};

/// The counters as series, which share them.
std::vector<MetricFamily> metric_families(std::shared_ptr<const Metrics> metrics);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
