#pragma once

/// \file
/// Metrics of this library for programs that use prometheus-cpp.
///
/// Opt-in and header-only: include it where prometheus-cpp 1.0 or newer is installed and link
/// `prometheus-cpp::core`. No part of the library uses it.

#include <vx11/metric_family.hpp>

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
/// Names, labels and values are those of our own `GET /metrics`. **Thread-safe** if the function
/// is. prometheus-cpp stores values as `double`: counters above 2^53 are rounded.
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
  static ::prometheus::MetricFamily converted(const MetricFamily& family) {
    ::prometheus::MetricFamily made;
    made.name = family.name;
    made.help = family.help;
    made.type = family.kind == MetricKind::counter ? ::prometheus::MetricType::Counter
                                                   : ::prometheus::MetricType::Gauge;
    for (const MetricSeries& series : family.series) {
      made.metric.push_back(converted(series, family.kind));
    }
    return made;
  }
  static ::prometheus::ClientMetric converted(const MetricSeries& series, MetricKind kind) {
    ::prometheus::ClientMetric made;
    for (const auto& [name, value] : series.labels) {
      ::prometheus::ClientMetric::Label label;
      label.name = name;
      label.value = value;
      made.label.push_back(std::move(label));
    }
    const auto value = static_cast<double>(series.value());
    (kind == MetricKind::counter ? made.counter.value : made.gauge.value) = value;
    return made;
  }

  const Source source_;
};

}  // namespace v0
}  // namespace vx11
