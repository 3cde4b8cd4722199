#pragma once

/// \file
/// Traces of the gateway: their tracer, and the exporter that sends them.

#include <vx11/metric_family.hpp>
#include <vx11/otlp.hpp>
#include <vx11/result.hpp>
#include <vx11/tracing.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

/// Hands spans to the exporter in force. Those of requests that began before a reload reach the
/// exporter after it, too; if there is none, they count as undelivered. Thread-safe.
class SpanRelay final : public vx11::SpanSink {
 public:
  explicit SpanRelay(std::shared_ptr<vx11::OtlpCounters> counters)
      : counters_(std::move(counters)) {}

  void take(std::vector<vx11::Span> spans) noexcept override;
  /// \return the one before
  std::shared_ptr<vx11::OtlpExporter> replace(std::shared_ptr<vx11::OtlpExporter> next);
  /// Null: there is none.
  std::shared_ptr<vx11::OtlpExporter> exporter() const;

 private:
  const std::shared_ptr<vx11::OtlpCounters> counters_;
  mutable std::mutex mutex_ = {};
  std::shared_ptr<vx11::OtlpExporter> exporter_ = {};
};

/// What of it lasts through a reload. Copies share all parts.
struct Tracing {
  std::shared_ptr<vx11::OtlpCounters> counters = std::make_shared<vx11::OtlpCounters>();
  /// Failed requests whose spans the tracers left out: more than `max_failures` in a second.
  std::shared_ptr<std::atomic<std::uint64_t>> failures_left_out =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<SpanRelay> relay = std::make_shared<SpanRelay>(counters);
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
