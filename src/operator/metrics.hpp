#pragma once

/// \file
/// The operator API's counters, and their Prometheus text. Internal.

#include <vx11/operator_api.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operator/endpoint.hpp"
#include "operator/stream_metrics.hpp"

namespace vx11 {
inline namespace v0 {

/// Counters of one API.
///
/// Every series exists from the start: endpoints, targets, outcomes and status classes are known
/// then, and no request can add one. Counting uses relaxed atomic additions; a scrape may therefore
/// mix values from slightly different moments. Thread-safe.
class Metrics {
 public:
  /// \param earlier its counters continue here, those of targets by their names; null: none
  explicit Metrics(std::vector<std::string> targets, const Metrics* earlier = nullptr);

  void answered(endpoints::Endpoint endpoint, int status, Duration took) noexcept;
  /// A target that was not named at construction is not counted.
  void attempted(std::span<const Attempt> attempts) noexcept;
  /// A streamed chat has ended, which is also when it is counted as answered.
  void streamed(StreamEnd end, std::optional<Duration> first_piece, Duration total) noexcept {
    answered(endpoints::Endpoint::chat, counted_status(end), total);
    shared_->streams.ended(end, first_piece, total);
  }
  /// A session could not be read or written.
  void session_lost() noexcept { shared_->sessions_lost.fetch_add(1, std::memory_order_relaxed); }

  /// Text exposition format 0.0.4, including the current state of `breakers`.
  std::string text(std::span<const NamedBreaker> breakers, TimePoint now) const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::size_t kClasses = 5;  // 1xx … 5xx
  static constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::unsupported) + 1;

  /// On separate cache lines, to avoid false sharing between endpoints.
  struct alignas(64) ByEndpoint {
    std::array<Counter, kClasses> classes{};
    TimeHistogram<kRequestBounds> durations;
  };
  struct ByTarget {
    std::array<Counter, kOutcomes> outcomes{};
  };
  /// Also counted into by the API that this one replaced, until its last request has ended.
  struct Shared {
    std::array<ByEndpoint, endpoints::kEndpoints> endpoints{};
    Counter sessions_lost{0};
    StreamMetrics streams;
  };
  using Targets = std::map<std::string, std::shared_ptr<ByTarget>, std::less<>>;

  void write_requests(std::string& out) const;
  void write_durations(std::string& out) const;
  void write_attempts(std::string& out) const;

  ByTarget& counters_of(const std::string& target);

  std::shared_ptr<Shared> shared_;
  std::vector<std::string> targets_;  ///< Those that are shown.
  Targets all_;  ///< Also those of earlier APIs, which may be configured again.
  std::vector<ByTarget*> attempts_;
};

}  // namespace v0
}  // namespace vx11
