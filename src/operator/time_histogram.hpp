#pragma once

/// \file
/// Histograms of times, for metrics. Internal.

#include <vx11/clock.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {

/// Bounds of buckets in microseconds: from a request that calls no upstream to the longest chat.
inline constexpr std::array<std::int64_t, 15> kRequestBounds = {
    100,    250,     500,     1'000,     2'500,     5'000,      10'000,    25'000,
    50'000, 100'000, 500'000, 1'000'000, 2'500'000, 10'000'000, 30'000'000};
/// From a fast first piece to the longest stream. Chosen so that the quantiles of a chat are read
/// within a tenth.
inline constexpr std::array<std::int64_t, 23> kStreamBounds = {
    5'000,      20'000,     50'000,     100'000,    200'000,    350'000,     500'000,    750'000,
    1'000'000,  1'500'000,  2'000'000,  3'000'000,  4'000'000,  6'000'000,   8'000'000,  11'000'000,
    15'000'000, 20'000'000, 30'000'000, 45'000'000, 60'000'000, 120'000'000, 600'000'000};

/// Counts times in buckets with these bounds, and one without. Thread-safe.
template <const auto& kBounds>
class TimeHistogram {
 public:
  void count(Duration time) noexcept {
    const auto nanoseconds = std::max(time, Duration::zero()).count();
    const auto* const bucket = std::find_if(
        kBounds.begin(), kBounds.end(),
        [=](std::int64_t microseconds) { return nanoseconds <= microseconds * 1'000; });
    add(buckets_[static_cast<std::size_t>(bucket - kBounds.begin())], 1);
    add(nanoseconds_, static_cast<std::uint64_t>(nanoseconds));
  }

  /// \param labels `name="value"` of all lines; empty: none
  void write(std::string& out, std::string_view name, std::string_view labels = {}) const {
    using prometheus::line;
    const std::string_view comma = labels.empty() ? "" : ",";
    const std::string all = labels.empty() ? "" : "{" + std::string(labels) + "}";
    std::uint64_t count = 0;
    for (std::size_t b = 0; b < kBounds.size(); ++b) {
      count += value_of(buckets_[b]);
      line(out, R"({}_bucket{{{}{}le="{}"}} {})", name, labels, comma,
           static_cast<double>(kBounds[b]) / 1e6, count);
    }
    count += value_of(buckets_.back());
    line(out, R"({}_bucket{{{}{}le="+Inf"}} {})", name, labels, comma, count);
    const std::uint64_t sum = value_of(nanoseconds_);
    line(out, "{}_sum{} {}.{:09}", name, all, sum / 1'000'000'000, sum % 1'000'000'000);
    line(out, "{}_count{} {}", name, all, count);
  }

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter, std::uint64_t by) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
  }
  static std::uint64_t value_of(const Counter& counter) noexcept {
    return counter.load(std::memory_order_relaxed);
  }

  std::array<Counter, kBounds.size() + 1> buckets_{};  ///< Not cumulative; the last is unbounded.
  Counter nanoseconds_{0};
};

}  // namespace v0
}  // namespace vx11
