#pragma once

/// \file
/// `MetricFamily`: what a program adds to `GET /metrics`.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// How a value behaves.
enum class MetricKind : unsigned char {
  counter,  ///< It only grows.
  gauge,    ///< It rises and falls.
};

/// One value, and the labels that distinguish it from the others of its family.
struct MetricSeries {
  /// Names and values; each name once in a series, and no two series with the same labels. From the
  /// program or its configuration, never from requests: each combination is a series that is stored
  /// for ever.
  std::vector<std::pair<std::string, std::string>> labels = {};
  /// Read at each scrape, on the thread that handles it. Thread-safe; must not block or throw. What
  /// it refers to must outlive the API that has the series.
  std::function<std::uint64_t()> value = {};
  /// For values with a fraction, in place of `value`.
  std::function<double()> real = {};
};

/// Values with the same name.
struct MetricFamily {
  /// Letters, digits, `_` and `:`, as Prometheus has it. Counters end in `_total`.
  std::string name = {};
  std::string help = {};  ///< One line.
  /// How Prometheus is to read the values. Default: what most programs count are events.
  MetricKind kind = MetricKind::counter;
  /// Shown in this order. Default: none, and then only the help and the type are shown.
  std::vector<MetricSeries> series = {};
};

}  // namespace v0
}  // namespace vx11
