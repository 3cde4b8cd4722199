#pragma once

/// \file
/// The counters of the completions API, and their Prometheus text. Internal.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "front/stream_end.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// The routes as metrics label them.
enum class RouteLabel : unsigned char {
  chat_completions,
  responses,
  models,
  model,
  none,  ///< A path without a route.
};
inline constexpr std::size_t kRouteLabels = 5;

/// Every series exists from the start. Thread-safe.
class Metrics {
 public:
  void answered(RouteLabel route, int status) noexcept;
  /// A streamed chat has ended, which is also when it is counted as answered.
  void streamed(RouteLabel route, StreamEnd end) noexcept;
  std::string text() const;

 private:
  static constexpr std::size_t kClasses = 5;  // 1xx … 5xx
  std::array<std::array<std::atomic<std::uint64_t>, kClasses>, kRouteLabels> requests_{};
  std::array<std::atomic<std::uint64_t>, kStreamEnds> streams_{};
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
