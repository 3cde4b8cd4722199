// Events in the libraries that programs use already.
#include <vx11/circuit_breaker.hpp>
#include <vx11/event_counters.hpp>
#include <vx11/retry.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using vx11::Event;
using vx11::EventCounters;
using vx11::EventKind;

#ifdef VX11_WITH_SPDLOG
#include <vx11/spdlog.hpp>

#include <spdlog/sinks/ostream_sink.h>

TEST_CASE("spdlog: an event is a line with its name and values, at its severity") {
  std::ostringstream out;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
  auto logger = std::make_shared<spdlog::logger>("events", sink);
  logger->set_pattern("%l %v");
  logger->set_level(spdlog::level::info);
  const vx11::SharedEvents events = std::make_shared<vx11::SpdlogEvents>(logger);
  events(Event{.kind = EventKind::retry_attempt,
               .name = "search",
               .count = 2,
               .duration = std::chrono::milliseconds(10)});
  events(Event{.kind = EventKind::router_attempt, .name = "below the level"});
  events(Event{.kind = EventKind::bulkhead_rejected, .detail = "bulkhead_full", .limit = 8});
  events(Event{.kind = EventKind::timeout_expired, .duration = std::chrono::microseconds(250)});
  events(Event{.kind = EventKind::fallback_used, .name = "{} is no format", .status = 500});
  CHECK(out.str() ==
        "info retry.attempt name=search count=2 duration_ms=10\n"
        "warning bulkhead.rejected detail=bulkhead_full limit=8\n"
        "warning timeout.expired duration_ms=0.25\n"
        "warning fallback.used name={} is no format status=500\n");
}
#endif

#ifdef VX11_WITH_PROMETHEUS_CPP
#include <vx11/prometheus_cpp.hpp>

#include <prometheus/text_serializer.h>

TEST_CASE("prometheus-cpp shows the same counters as GET /metrics") {
  const auto counters = std::make_shared<EventCounters>();
  counters->declare("hedge", "search");
  counters->on_event(Event{.kind = EventKind::hedge_won, .name = "search"});
  counters->on_event(Event{.kind = EventKind::retry_attempt, .name = "a \"quoted\" name"});
  const vx11::PrometheusCppFamilies shown([counters] { return counters->families(); });
  const auto text = [&shown] { return prometheus::TextSerializer().Serialize(shown.Collect()); };
  const std::string first = text();
  CHECK(first.find("# TYPE vx11_events_total counter\n") != std::string::npos);
  CHECK(first.find("vx11_events_total{event=\"hedge.won\",name=\"search\"} 1\n") !=
        std::string::npos);
  CHECK(first.find("vx11_events_total{event=\"hedge.started\",name=\"search\"} 0\n") !=
        std::string::npos);
  CHECK(first.find("name=\"a \\\"quoted\\\" name\"} 1\n") != std::string::npos);
  counters->on_event(Event{.kind = EventKind::hedge_won, .name = "search"});
  CHECK(text().find("event=\"hedge.won\",name=\"search\"} 2\n") != std::string::npos);
}

TEST_CASE("prometheus-cpp shows histograms, and leaves out what has no value") {
  const vx11::PrometheusCppFamilies shown([] {
    vx11::MetricFamily times{
        .name = "vx11_time_seconds", .help = "A time.", .kind = vx11::MetricKind::histogram};
    times.series.push_back({.histogram = [] {
      vx11::HistogramReading reading;
      reading.sum = 2.5;
      reading.buckets = {{.most = 0.5, .count = 1},
                         {.most = std::numeric_limits<double>::infinity(), .count = 2}};
      return reading;
    }});
    times.series.push_back(
        {.labels = {{"a", "unused"}}, .histogram = [] { return vx11::HistogramReading(); }});
    vx11::MetricFamily none{
        .name = "vx11_ratio", .help = "A ratio.", .kind = vx11::MetricKind::gauge};
    none.series.push_back({.real = [] { return std::nan(""); }});
    none.series.push_back({.labels = {{"a", "b"}}, .real = [] { return 0.25; }});
    vx11::MetricFamily info{
        .name = "vx11_build_info", .help = "A build.", .kind = vx11::MetricKind::info};
    info.series.push_back({.labels = {{"version", "1"}}});
    return std::vector<vx11::MetricFamily>{times, none, info};
  });
  CHECK(prometheus::TextSerializer().Serialize(shown.Collect()) ==
        "# HELP vx11_time_seconds A time.\n# TYPE vx11_time_seconds histogram\n"
        "vx11_time_seconds_count 3\nvx11_time_seconds_sum 2.5\n"
        "vx11_time_seconds_bucket{le=\"0.5\"} 1\nvx11_time_seconds_bucket{le=\"+Inf\"} 3\n"
        "# HELP vx11_ratio A ratio.\n# TYPE vx11_ratio gauge\nvx11_ratio{a=\"b\"} 0.25\n"
        "# HELP vx11_build_info A build.\n# TYPE vx11_build_info gauge\n"
        "vx11_build_info{version=\"1\"} 1\n");
}

TEST_CASE("prometheus-cpp shows gauges as gauges") {
  const vx11::PrometheusCppFamilies shown([] {
    return std::vector<vx11::MetricFamily>{{.name = "vx11_level",
                                            .help = "A level.",
                                            .kind = vx11::MetricKind::gauge,
                                            .series = {{.value = [] { return 7U; }}}}};
  });
  CHECK(prometheus::TextSerializer().Serialize(shown.Collect()) ==
        "# HELP vx11_level A level.\n# TYPE vx11_level gauge\nvx11_level 7\n");
}
#endif

#ifdef VX11_WITH_OPENTELEMETRY
#include <vx11/opentelemetry.hpp>

#include <opentelemetry/metrics/noop.h>
#include <opentelemetry/trace/default_span.h>
#include <opentelemetry/trace/scope.h>

namespace {

namespace otel = opentelemetry;

std::string text_of(const otel::common::KeyValueIterable& attributes) {
  std::string text;
  attributes.ForEachKeyValue(
      [&text](otel::nostd::string_view key, otel::common::AttributeValue value) noexcept {
        text.append(" ").append(key.data(), key.size()).append("=");
        if (const auto* word = otel::nostd::get_if<otel::nostd::string_view>(&value)) {
          text.append(word->data(), word->size());
        } else if (const auto* count = otel::nostd::get_if<std::uint64_t>(&value)) {
          text += std::to_string(*count);
        } else if (const auto* number = otel::nostd::get_if<double>(&value)) {
          text += std::to_string(*number);
        } else if (const auto* status = otel::nostd::get_if<std::int32_t>(&value)) {
          text += std::to_string(*status);
        }
        return true;
      });
  return text;
}

/// Keeps what is added.
class Counted final : public otel::metrics::NoopCounter<std::uint64_t> {
 public:
  explicit Counted(std::string& out)
      : otel::metrics::NoopCounter<std::uint64_t>("", "", ""), out_(out) {}
  void Add(std::uint64_t /*value*/, const otel::common::KeyValueIterable& attributes,
           const otel::context::Context& /*context*/) noexcept override {
    out_ += "count" + text_of(attributes) + "\n";
  }

 private:
  std::string& out_;
};

class Recorded final : public otel::trace::DefaultSpan {
 public:
  explicit Recorded(std::string& out)
      : otel::trace::DefaultSpan(otel::trace::SpanContext::GetInvalid()), out_(out) {}
  bool IsRecording() const noexcept override { return true; }
  using otel::trace::DefaultSpan::AddEvent;
  void AddEvent(otel::nostd::string_view name, otel::common::SystemTimestamp /*at*/,
                const otel::common::KeyValueIterable& attributes) noexcept override {
    out_ += "span " + std::string(name.data(), name.size()) + text_of(attributes) + "\n";
  }

 private:
  std::string& out_;
};

}  // namespace

TEST_CASE("opentelemetry-cpp: an event is counted, and added to the active span") {
  std::string out;
  const vx11::SharedEvents events = std::make_shared<vx11::OpenTelemetryEvents>(
      otel::nostd::unique_ptr<vx11::OpenTelemetryEvents::Counter>(new Counted(out)));
  const Event event{.kind = EventKind::retry_attempt,
                    .name = "search",
                    .detail = "why",
                    .count = 2,
                    .duration = std::chrono::milliseconds(1500)};
  events(event);
  CHECK(out == "count vx11.event=retry.attempt vx11.name=search\n");
  out.clear();
  const otel::nostd::shared_ptr<otel::trace::Span> span(new Recorded(out));
  const otel::trace::Scope scope(span);
  events(event);
  CHECK(out ==
        "count vx11.event=retry.attempt vx11.name=search\n"
        "span retry.attempt vx11.name=search vx11.detail=why vx11.count=2 "
        "vx11.duration=1.500000\n");
}

TEST_CASE("opentelemetry-cpp: the counter is made by a meter") {
  otel::metrics::NoopMeter meter;
  vx11::OpenTelemetryEvents events(meter);
  events.on_event(Event{});
}
#endif
