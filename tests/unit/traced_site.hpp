#pragma once

/// \file
/// A tracer whose spans are recorded, and what tests read of spans.

#include <vx11/tracing.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "operator_site.hpp"

namespace traced_site {

using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::RequestTrace;
using vx11::Span;
using vx11::SpanRecorder;
using vx11::Tracer;
using vx11::TracerOptions;
using namespace std::chrono_literals;

inline const std::string kTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
inline const std::string kSpanId = "00f067aa0ba902b7";

inline std::string parent(const std::string& version, const std::string& flags,
                          const std::string& rest = "") {
  return version + "-" + kTraceId + "-" + kSpanId + "-" + flags + rest;
}

/// A tracer whose spans are recorded, over a clock that the test turns.
struct Traced {
  explicit Traced(TracerOptions options = {.ratio = 1}) {
    options.sink = spans;
    options.clock = clock;
    options.wall_now = [] { return vx11::SpanTime(1'700'000'000s); };
    options.random = [this] { return ++numbers; };
    tracer = Tracer::create(std::move(options)).value();
  }

  std::shared_ptr<RequestTrace> begin(const std::string& traceparent = {},
                                      const std::string& tracestate = {}) const {
    HttpRequest head("POST", {}, "/operator/chat/ask");
    if (!traceparent.empty()) head.headers.add("traceparent", traceparent);
    if (!tracestate.empty()) head.headers.add("tracestate", tracestate);
    return tracer->begin(head, clock.now());
  }

  vx11::testing::ManualClock clock = {};
  std::shared_ptr<SpanRecorder> spans = std::make_shared<SpanRecorder>();
  std::uint64_t numbers = 0;
  std::shared_ptr<const Tracer> tracer = {};
};

inline const vx11::SpanValue* find(const Span& span, std::string_view name) {
  const auto found = std::find_if(span.attributes.begin(), span.attributes.end(),
                                  [=](const auto& a) { return a.name == name; });
  return found == span.attributes.end() ? nullptr : &found->value;
}
inline std::string text(const Span& span, std::string_view name) {
  const auto* const value = find(span, name);
  return value == nullptr ? "" : std::get<std::string>(*value);
}
inline std::int64_t number(const Span& span, std::string_view name) {
  const auto* const value = find(span, name);
  return value == nullptr ? -1 : std::get<std::int64_t>(*value);
}
inline std::vector<std::string_view> events(const Span& span) {
  std::vector<std::string_view> names;
  for (const vx11::SpanEvent& event : span.events) names.push_back(event.name);
  return names;
}
inline Span only(std::vector<Span> spans, vx11::SpanKind kind) {
  std::erase_if(spans, [=](const Span& span) { return span.kind != kind; });
  REQUIRE(spans.size() == 1);
  return spans.front();
}

}  // namespace traced_site
