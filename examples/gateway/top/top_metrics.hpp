#pragma once

/// \file
/// Reads `GET /metrics`: the Prometheus text format 0.0.4, and what OpenMetrics adds to it.

#include <vx11/clock.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// One series at one moment.
struct MetricSample {
  std::string name = {};
  std::vector<std::pair<std::string, std::string>> labels = {};
  double value = 0;

  /// The value of a label; empty without it.
  std::string_view label(std::string_view of) const noexcept;
};

/// Labels that a series must have, with these values.
using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

/// All series of one scrape. Thread-safe to read.
class MetricSnapshot {
 public:
  /// Lines that cannot be read are skipped.
  static MetricSnapshot parse(std::string_view text);

  const std::vector<MetricSample>& samples() const noexcept { return samples_; }
  std::size_t skipped_lines() const noexcept { return skipped_lines_; }

  bool has(std::string_view name) const;
  /// The sum of the series with the name and the labels; 0 if there is none.
  double sum(std::string_view name, const MetricLabels& labels = {}) const;
  /// The same; none if there is no such series.
  std::optional<double> value(std::string_view name, const MetricLabels& labels = {}) const;
  /// The different values of a label, in the order of the text.
  std::vector<std::string> values_of(std::string_view name, std::string_view label) const;

 private:
  std::vector<MetricSample> samples_ = {};
  std::size_t skipped_lines_ = 0;
};

/// A scrape and the one before it, of which counters and histograms are the difference.
class MetricChange {
 public:
  /// \param before null: since the start of the gateway, for `elapsed`
  MetricChange(const MetricSnapshot* before, const MetricSnapshot& now, vx11::Duration elapsed)
      : before_(before), now_(now), elapsed_(elapsed) {}

  const MetricSnapshot& now() const noexcept { return now_; }
  /// How much a counter has grown; after a restart of the gateway, since that.
  double growth(std::string_view name, const MetricLabels& labels = {}) const;
  double per_second(std::string_view name, const MetricLabels& labels = {}) const;
  /// The value below which the share `q` of the values of a histogram lies, interpolated in its
  /// bucket as Prometheus does it.
  /// \return none without values
  std::optional<double> quantile(double q, std::string_view histogram,
                                 const MetricLabels& labels = {}) const;

 private:
  const MetricSnapshot* before_;
  const MetricSnapshot& now_;
  vx11::Duration elapsed_;
};

}  // namespace gateway
