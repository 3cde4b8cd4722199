#include <vector>

#include "gateway/settings/settings_tables.hpp"

namespace gateway {

std::vector<Setting> tracing_settings() {
  using Config = GatewayConfig;
  using Tracing = TracingConfig;
  return {
      {.key = "tracing.endpoint",
       .flag = "--tracing",
       .value_name = "URL",
       .environment = {"VX11_TRACING_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"},
       .field = field(&Config::tracing, &Tracing::endpoint),
       .doc = "The collector that gets spans by OTLP/HTTP in JSON, at `/v1/traces` below this URL, "
              "such as `http://127.0.0.1:4318`. Without it requests are not traced, and the "
              "`traceparent` of a caller reaches the targets unchanged. "
              "[design/tracing.md](design/tracing.md) says more.",
       .shown_default = "none"},
      {.key = "tracing.service_name",
       .environment = {"VX11_TRACING_SERVICE_NAME", "OTEL_SERVICE_NAME"},
       .field = field(&Config::tracing, &Tracing::service_name),
       .doc = "`service.name` of the spans."},
      {.key = "tracing.ratio",
       .field = ranged(0.0, 1.0, &Config::tracing, &Tracing::ratio),
       .doc =
           "The share of traces that is recorded, of those that begin here. Decided by the trace "
           "id: gateways with the same ratio record the same traces."},
      {.key = "tracing.parent_based",
       .field = field(&Config::tracing, &Tracing::parent_based),
       .doc = "Whether the sampled flag in the `traceparent` of a caller decides about its trace. "
              "`false` where callers are not trusted with that: `ratio` decides then."},
      {.key = "tracing.on_error",
       .field = field(&Config::tracing, &Tracing::on_error),
       .doc = "Whether requests that fail are recorded though they were not sampled: status 5xx, "
              "or a stream that broke off. At most ten a second."},
      {.key = "tracing.headers",
       .field = field(&Config::tracing, &Tracing::headers),
       .doc = "Headers sent to the collector; their values are never shown.",
       .shown_default = "none"},
      {.key = "tracing.headers_file",
       .field = field(&Config::tracing, &Tracing::headers_file),
       .doc = "A file with further headers, one `Name: value` a line, such as the key of a hosted "
              "collector.",
       .shown_default = "none"},
      {.key = "tracing.ca_file",
       .field = field(&Config::tracing, &Tracing::ca_file),
       .doc = "A PEM file with the authorities of the collector's certificate.",
       .shown_default = "the system's"},
      {.key = "tracing.compression",
       .field = field(&Config::tracing, &Tracing::compression),
       .doc = "Whether bodies are compressed by gzip."},
      {.key = "tracing.max_queue",
       .field = ranged<std::size_t>(1, 1'000'000, &Config::tracing, &Tracing::max_queue),
       .doc = "Spans that wait for the collector, about 1 KiB each; further ones are dropped and "
              "counted."},
      {.key = "tracing.max_batch",
       .field = ranged<std::size_t>(1, 10'000, &Config::tracing, &Tracing::max_batch),
       .doc = "Spans in one request to the collector."},
      {.key = "tracing.delay",
       .field = ranged<Duration>(0s, 1h, &Config::tracing, &Tracing::delay),
       .doc = "How long a span waits for others before they are sent together."},
      {.key = "tracing.timeout",
       .field = ranged<Duration>(1ms, 10min, &Config::tracing, &Tracing::timeout),
       .doc = "Limit of one request to the collector. It is retried for up to a minute."},
  };
}

}  // namespace gateway
