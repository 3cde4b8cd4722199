#pragma once

/// \file
/// Traces of the gateway: their tracer, and the exporter that sends them.

#include <vx11/metric_family.hpp>
#include <vx11/otlp.hpp>
#include <vx11/result.hpp>
#include <vx11/tracing.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "config.hpp"

namespace gateway {

/// Hands spans to the exporter in force. Those of requests that began before a reload reach the
/// exporter after it, too. Thread-safe.
class SpanRelay final : public vx11::SpanSink {
 public:
  void take(std::vector<vx11::Span> spans) noexcept override;
  /// \return the one before
  std::shared_ptr<vx11::OtlpExporter> replace(std::shared_ptr<vx11::OtlpExporter> next);
  /// Null: there is none.
  std::shared_ptr<vx11::OtlpExporter> exporter() const;

 private:
  mutable std::mutex mutex_ = {};
  std::shared_ptr<vx11::OtlpExporter> exporter_ = {};
};

/// What of it lasts through a reload. Copies share all parts.
struct Tracing {
  std::shared_ptr<SpanRelay> relay = std::make_shared<SpanRelay>();
  std::shared_ptr<vx11::OtlpCounters> counters = std::make_shared<vx11::OtlpCounters>();
  std::string description = {};                       ///< Of the exporter.
  std::shared_ptr<vx11::OtlpExporter> exporter = {};  ///< Of this configuration; null: none.
  std::shared_ptr<const vx11::Tracer> tracer = {};    ///< Null: requests are not traced.

  /// From now on spans go to the exporter of this configuration. Blocks for up to two seconds if
  /// there was another one, which sends what it has.
  void come_into_force() const;
  /// Sends what waits; blocks for up to two seconds.
  void flush() const;
};

/// Makes the parts anew for `config`. An exporter that it does not change lasts.
vx11::Result<void> renew(Tracing& tracing, const GatewayConfig& config);

/// Counters of the exporter; they exist without one, too, and stay 0.
std::vector<vx11::MetricFamily> tracing_metrics(const Tracing& tracing);

}  // namespace gateway
