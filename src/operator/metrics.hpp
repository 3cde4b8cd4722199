#pragma once

/// \file
/// The operator API's counters, and their metric families. Internal.

#include <vx11/metric_histogram.hpp>
#include <vx11/operator_api.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "front/stream_end.hpp"
#include "operator/endpoint.hpp"

namespace vx11 {
inline namespace v0 {

/// What is counted of requests. Times by endpoint are left out if they are by route, outside.
enum class RequestCounts : unsigned char { with_times, without_times, none };

/// Counters of one API.
///
/// Every series exists from the start: endpoints and status classes are known then, and no request
/// can add one. Counting uses relaxed atomic additions; a scrape may therefore mix values from
/// slightly different moments. Thread-safe.
class Metrics {
 public:
  /// \param earlier its counters continue here; null: none
  explicit Metrics(RequestCounts counted, const Metrics* earlier = nullptr);

  /// \param took counted with `RequestCounts::with_times` only
  void answered(endpoints::Endpoint endpoint, int status, Duration took) noexcept;
  /// A streamed chat has ended, which is also when it is counted as answered.
  void streamed(StreamEnd end, std::optional<Duration> first_piece, Duration total) noexcept;
  /// A session could not be read or written.
  void session_lost() noexcept { shared_->sessions_lost.fetch_add(1, std::memory_order_relaxed); }

  /// The counters as series, which share them.
  std::vector<MetricFamily> families() const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::size_t kClasses = 5;  // 1xx … 5xx

  /// On separate cache lines, to avoid false sharing between endpoints.
  struct alignas(64) ByEndpoint {
    std::array<Counter, kClasses> classes{};
  };
  /// Also counted into by the API that this one replaced, until its last request has ended.
  struct Shared {
    std::array<ByEndpoint, endpoints::kEndpoints> endpoints{};
    std::array<std::unique_ptr<MetricHistogram>, endpoints::kEndpoints> durations{};
    Counter sessions_lost{0};
    std::array<Counter, kStreamEnds> stream_ends{};
    MetricHistogram first_piece{request_time_bounds(), kTimeSteps};
    MetricHistogram stream_total{request_time_bounds(), kTimeSteps};
  };

  void add_requests(std::vector<MetricFamily>& families) const;
  MetricFamily requests() const;
  MetricFamily durations() const;
  MetricFamily stream_ends() const;
  MetricFamily stream_times(std::string name, std::string help,
                            MetricHistogram Shared::*times) const;

  const RequestCounts counted_;
  std::shared_ptr<Shared> shared_;
};

/// The version that runs.
MetricFamily build_info();

}  // namespace v0
}  // namespace vx11
