#pragma once

/// \file
/// Events as a counter and as span events of OpenTelemetry.
///
/// Opt-in and header-only: include it where the API of opentelemetry-cpp is installed; tested with
/// that of 1.29. It needs the API alone; the program brings the SDK and its exporters. No part of
/// the library uses it.

#include <vx11/event_table.hpp>
#include <vx11/events.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <opentelemetry/common/attribute_value.h>
#include <opentelemetry/context/runtime_context.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/nostd/unique_ptr.h>
#include <opentelemetry/trace/span.h>
#include <opentelemetry/trace/tracer.h>

namespace vx11 {
inline namespace v0 {

/// Counts each event, and adds it to the span that is active on the calling thread, if that is
/// recorded.
///
/// The counter is `vx11.events` with the attributes `vx11.event`, such as `circuit.opened`, and
/// `vx11.name`, the name of the policy. The span event has the same name, and what the event
/// carries, without what is empty or zero: `vx11.name`, `vx11.detail`, `vx11.count`, `vx11.limit`,
/// `vx11.duration` in seconds, `http.response.status_code`. **Thread-safe.**
class OpenTelemetryEvents final : public Events {
 public:
  using Counter = ::opentelemetry::metrics::Counter<std::uint64_t>;

  explicit OpenTelemetryEvents(::opentelemetry::metrics::Meter& meter)
      : OpenTelemetryEvents(meter.CreateUInt64Counter(
            "vx11.events", "Decisions of policies, router, stores and server.", "{event}")) {}
  /// \param counter not null
  explicit OpenTelemetryEvents(::opentelemetry::nostd::unique_ptr<Counter> counter)
      : counter_(std::move(counter)) {}

  void on_event(const Event& event) noexcept override {
    counter_->Add(1, {{"vx11.event", text(to_string(event.kind))}, {"vx11.name", text(event.name)}},
                  ::opentelemetry::context::RuntimeContext::GetCurrent());
    const auto span = ::opentelemetry::trace::Tracer::GetCurrentSpan();
    if (span->IsRecording()) add(*span, event);
  }

 private:
  using Value = ::opentelemetry::common::AttributeValue;
  using Attribute = std::pair<::opentelemetry::nostd::string_view, Value>;

  static ::opentelemetry::nostd::string_view text(std::string_view view) noexcept {
    return {view.data(), view.size()};
  }
  static void add(::opentelemetry::trace::Span& span, const Event& event) noexcept {
    std::array<Attribute, 6> attributes;
    std::size_t count = 0;
    const auto add_if = [&](bool is_set, const char* key, const Value& value) {
      if (is_set) attributes[count++] = {key, value};
    };
    const double seconds = std::chrono::duration<double>(event.duration).count();
    add_if(!event.name.empty(), "vx11.name", text(event.name));
    add_if(!event.detail.empty(), "vx11.detail", text(event.detail));
    add_if(event.count != 0, "vx11.count", event.count);
    add_if(event.limit != 0, "vx11.limit", event.limit);
    add_if(event.duration != Duration::zero(), "vx11.duration", seconds);
    add_if(event.status != 0, "http.response.status_code", event.status);
    span.AddEvent(text(to_string(event.kind)),
                  ::opentelemetry::nostd::span<const Attribute>(attributes.data(), count));
  }

  const ::opentelemetry::nostd::unique_ptr<Counter> counter_;
};

}  // namespace v0
}  // namespace vx11
