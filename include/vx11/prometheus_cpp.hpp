#pragma once

/// \file
/// Metrics of this library for programs that use prometheus-cpp.
///
/// Opt-in and header-only: include it where prometheus-cpp 1.0 or newer is installed, and link
/// its core library. No part of this library uses it.

#include <vx11/metric_family.hpp>

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace vx11 {
inline namespace v0 {

/// Shows families of this library, such as `EventCounters::families`, in an `Exposer` of
/// prometheus-cpp, beside the registries of the program.
///
/// ```
/// auto shown = std::make_shared<vx11::PrometheusCppFamilies>(
///     [counters] { return counters->families(); });
/// exposer.RegisterCollectable(shown);  // keeps a weak pointer: keep `shown`
/// ```
///
/// Names, labels and values are those of our own `GET /metrics`, without exemplars and units.
/// **Thread-safe** if the function is. prometheus-cpp stores values as `double`: counters above
/// 2^53 are rounded.
class PrometheusCppFamilies final : public ::prometheus::Collectable {
 public:
  using Source = std::function<std::vector<MetricFamily>()>;

  /// \param source called for each scrape, on its thread
  explicit PrometheusCppFamilies(Source source) : source_(std::move(source)) {}

  std::vector<::prometheus::MetricFamily> Collect() const override {
    std::vector<::prometheus::MetricFamily> families;
    for (const MetricFamily& family : source_()) families.push_back(converted(family));
    return families;
  }

 private:
  using Metric = ::prometheus::ClientMetric;

  static ::prometheus::MetricFamily converted(const MetricFamily& family) {
    ::prometheus::MetricFamily made;
    made.name = family.name;
    made.help = family.help;
    made.type = type_of(family.kind);
    for (const MetricSeries& series : family.series) {
      Metric metric;
      if (!read(series, family.kind, metric)) continue;
      metric.label = labels_of(series);
      made.metric.push_back(std::move(metric));
    }
    return made;
  }
  static ::prometheus::MetricType type_of(MetricKind kind) noexcept {
    if (kind == MetricKind::counter) return ::prometheus::MetricType::Counter;
    if (kind == MetricKind::histogram) return ::prometheus::MetricType::Histogram;
    return ::prometheus::MetricType::Gauge;  // prometheus-cpp 1.0 has no info
  }
  static std::vector<Metric::Label> labels_of(const MetricSeries& series) {
    std::vector<Metric::Label> labels;
    for (const auto& [name, value] : series.labels) {
      labels.emplace_back();
      labels.back().name = name;
      labels.back().value = value;
    }
    return labels;
  }

  /// \return whether the series is shown
  static bool read(const MetricSeries& series, MetricKind kind, Metric& into) {
    if (kind == MetricKind::histogram) {
      into.histogram = converted(series.histogram());
      return !into.histogram.bucket.empty();
    }
    const double value = value_of(series, kind);
    (kind == MetricKind::counter ? into.counter.value : into.gauge.value) = value;
    return !std::isnan(value);
  }
  static double value_of(const MetricSeries& series, MetricKind kind) {
    if (kind == MetricKind::info) return 1;
    return series.real ? series.real() : static_cast<double>(series.value());
  }
  static Metric::Histogram converted(const HistogramReading& reading) {
    Metric::Histogram made;
    made.sample_sum = reading.sum;
    for (const MetricBucket& bucket : reading.buckets) {
      made.sample_count += bucket.count;
      made.bucket.emplace_back();
      made.bucket.back().cumulative_count = made.sample_count;
      made.bucket.back().upper_bound = bucket.most;
    }
    return made;
  }

  const Source source_;
};

}  // namespace v0
}  // namespace vx11
