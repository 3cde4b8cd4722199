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
  /// Names and values. From the program or its configuration, never from requests: each combination
  /// is a series that is stored for ever.
  std::vector<std::pair<std::string, std::string>> labels = {};
  /// Read at each scrape, on the thread that handles it. Thread-safe; must not block or throw.
  std::function<std::uint64_t()> value = {};
};

/// Values with the same name.
struct MetricFamily {
  /// Letters, digits, `_` and `:`, as Prometheus has it. Counters end in `_total`.
  std::string name = {};
  std::string help = {};  ///< One line.
  MetricKind kind = MetricKind::counter;
  std::vector<MetricSeries> series = {};
};

}  // namespace v0
}  // namespace vx11
