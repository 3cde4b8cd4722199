#pragma once

/// \file
/// `MetricFamily`: what a program adds to `GET /metrics`.

#include <vx11/clock.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// How a value behaves.
enum class MetricKind : unsigned char {
  counter,    ///< It only grows.
  gauge,      ///< It rises and falls.
  histogram,  ///< Values by size, in buckets.
  info,       ///< Always 1; its labels are what it says. A gauge where the format has no such type.
};

/// One value that a bucket has counted, and the trace it came from.
struct MetricExemplar {
  std::string trace_id = {};  ///< As in `traceparent`.
  double value = 0;
  WallTime at = {};
};

/// Values in a bucket: those above the bound of the one before.
struct MetricBucket {
  double most = 0;  ///< The bound, which belongs to the bucket; infinity for the last one.
  std::uint64_t count = 0;
  /// Shown to scrapers that accept OpenMetrics.
  std::optional<MetricExemplar> exemplar = std::nullopt;
};

/// A histogram at one moment. Bounds grow, are the same at each reading, and the last is infinity.
struct HistogramReading {
  std::vector<MetricBucket> buckets{};
  double sum = 0;  ///< Of all values.
};

/// One value, and the labels that distinguish it from the others of its family. Has the function
/// that its family's kind needs: `histogram`, or else one of `value` and `real`.
///
/// The functions are called at each scrape, on any thread, also on several at once. They must be
/// thread-safe, and not block or throw. What they refer to must outlive the API that has the
/// series.
struct MetricSeries {
  /// Names and values; each name once in a series, and no two series with the same labels. From the
  /// program or its configuration, never from requests: each combination is a series that is stored
  /// for ever.
  std::vector<std::pair<std::string, std::string>> labels{};
  std::function<std::uint64_t()> value = {};
  /// For values with a fraction. While it is not a number (NaN), the series is not shown.
  std::function<double()> real = {};
  /// While its reading has no buckets, the series is not shown. See `MetricHistogram`.
  std::function<HistogramReading()> histogram = {};
};

/// Values with the same name.
struct MetricFamily {
  /// Letters, digits, `_` and `:`, as Prometheus has it. Counters end in `_total`, infos in
  /// `_info`, others in neither; a unit comes before that.
  std::string name = {};
  std::string help = {};  ///< One line.
  /// How Prometheus is to read the values. Default: what most programs count are events.
  MetricKind kind = MetricKind::counter;
  /// Shown in this order. Default: none, and then only the help and the type are shown.
  std::vector<MetricSeries> series{};
  /// The base unit that the name ends with, such as `seconds` or `bytes`. Default: the values are
  /// numbers of things.
  std::string unit = {};
};

}  // namespace v0
}  // namespace vx11
