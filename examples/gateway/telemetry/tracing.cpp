#include "gateway/telemetry/tracing.hpp"

#include <vx11/net/transport.hpp>
#include <vx11/version.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "gateway/files/file_text.hpp"
#include "gateway/log/log.hpp"
#include "gateway/telemetry/gzip.hpp"

namespace gateway {

namespace {

/// Enough for a collector that answers; one that does not must not delay the end of the process.
constexpr std::chrono::seconds kFlush(2);

using Counter = std::atomic<std::uint64_t> vx11::OtlpCounters::*;

/// All that an exporter depends on, with its secrets: never shown.
std::string description_of(const TracingConfig& tracing) {
  std::string text = fmt::format(
      "{}{}?{}|{}|{}|{}|{}|{}|{}|{}", tracing.endpoint.origin, tracing.endpoint.path,
      tracing.endpoint.query, tracing.service_name, tracing.compression, tracing.max_queue,
      tracing.max_batch, tracing.delay.count(), tracing.timeout.count(), tracing.ca_file.value);
  if (!tracing.ca_file.value.empty()) text += file_text(tracing.ca_file.value).value_or("");
  for (const auto& [name, value] : tracing.headers.fields)
    text += fmt::format("|{}:{}", name, value);
  return text;
}

std::string path_of(const TargetUrl& endpoint) {
  std::string path = endpoint.path + "/v1/traces";
  if (!endpoint.query.empty()) path += '?' + endpoint.query;
  return path;
}

vx11::Result<std::shared_ptr<vx11::OtlpExporter>> make_exporter(const Tracing& tracing,
                                                                const TracingConfig& config) {
  vx11::OtlpOptions options{
      .transport = vx11::make_net_transport({.ca_file = config.ca_file.value}),
      .url = config.endpoint.origin,
      .path = path_of(config.endpoint),
      .service_name = config.service_name,
      .resource = {{"service.version", VX11_VERSION_STRING}},
      .max_queue = config.max_queue,
      .max_batch = config.max_batch,
      .delay = config.delay,
      .timeout = config.timeout,
      .counters = tracing.counters};
  if (config.compression) options.gzip = gzipped;
  for (const auto& [name, value] : config.headers.fields) options.headers.add(name, value);
  return vx11::OtlpExporter::create(std::move(options));
}

vx11::MetricSeries series_of(const std::shared_ptr<vx11::OtlpCounters>& counters,
                             std::string outcome, Counter counter) {
  vx11::MetricSeries series{.value = [counters, counter] {
    return (*counters.*counter).load(std::memory_order_relaxed);
  }};
  if (!outcome.empty()) series.labels.emplace_back("outcome", std::move(outcome));
  return series;
}

}  // namespace

void SpanRelay::take(std::vector<vx11::Span> spans) noexcept {
  if (const auto to = exporter()) return to->take(std::move(spans));
  counters_->undelivered.fetch_add(spans.size(), std::memory_order_relaxed);
}

std::shared_ptr<vx11::OtlpExporter> SpanRelay::replace(std::shared_ptr<vx11::OtlpExporter> next) {
  const std::lock_guard lock(mutex_);
  return std::exchange(exporter_, std::move(next));
}

std::shared_ptr<vx11::OtlpExporter> SpanRelay::exporter() const {
  const std::lock_guard lock(mutex_);
  return exporter_;
}

void Tracing::come_into_force() const {
  const auto before = relay->replace(exporter);
  if (before != nullptr && before != exporter && !before->flush(kFlush))
    log_event(LogEvent::tracing_spans_lost);
}

void Tracing::flush() const {
  if (exporter == nullptr || exporter->flush(kFlush)) return;
  log_event(LogEvent::tracing_spans_lost);
}

vx11::Result<void> renew(Tracing& tracing, const GatewayConfig& config) {
  const TracingConfig& with = config.tracing;
  if (!with.is_on()) {
    tracing.description.clear();
    tracing.exporter = nullptr;
    tracing.tracer = nullptr;
    return {};
  }
  std::string description = description_of(with);
  if (tracing.exporter == nullptr || description != tracing.description) {
    auto exporter = make_exporter(tracing, with);
    if (!exporter) return vx11::fail(exporter.error().code, "tracing: " + exporter.error().detail);
    tracing.exporter = *std::move(exporter);
    tracing.description = std::move(description);
  }
  auto tracer = vx11::Tracer::create({.sink = tracing.relay,
                                      .ratio = with.ratio,
                                      .parent_based = with.parent_based,
                                      .on_error = with.on_error,
                                      .scheme = config.server.tls.is_on() ? "https" : "http",
                                      .failures_left_out = tracing.failures_left_out});
  if (!tracer) return vx11::fail(tracer.error().code, "tracing: " + tracer.error().detail);
  tracing.tracer = *std::move(tracer);
  return {};
}

std::vector<vx11::MetricFamily> tracing_metrics(const Tracing& tracing) {
  const auto& counters = tracing.counters;
  using Counters = vx11::OtlpCounters;
  const auto waiting = [relay = tracing.relay]() -> std::uint64_t {
    const auto exporter = relay->exporter();
    return exporter == nullptr ? 0 : exporter->waiting();
  };
  return {{.name = "vx11_trace_spans_total",
           .help = "Spans of traces, by what became of them: accepted or rejected by the "
                   "collector, or dropped because the queue was full, the collector refused the "
                   "request, or did not answer in time.",
           .series = {series_of(counters, "exported", &Counters::exported),
                      series_of(counters, "rejected", &Counters::rejected),
                      series_of(counters, "queue_full", &Counters::queue_full),
                      series_of(counters, "refused", &Counters::refused),
                      series_of(counters, "undelivered", &Counters::undelivered)}},
          {.name = "vx11_trace_export_requests_total",
           .help = "Requests to the collector of traces, retries among them.",
           .series = {series_of(counters, {}, &Counters::requests)}},
          {.name = "vx11_trace_export_retries_total",
           .help = "Requests to the collector of traces that were sent again.",
           .series = {series_of(counters, {}, &Counters::retries)}},
          {.name = "vx11_trace_failures_left_out_total",
           .help = "Failed requests that were not sampled and left no spans, because there were "
                   "too many of them in one second.",
           .series = {{.value =
                           [count = tracing.failures_left_out] {
                             return count->load(std::memory_order_relaxed);
                           }}}},
          {.name = "vx11_trace_queue_spans",
           .help = "Spans that wait to be sent to the collector.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = waiting}}}};
}

}  // namespace gateway
