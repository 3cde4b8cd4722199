#include "tracing/otlp_json.hpp"

#include <vx11/version.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <variant>

#include "json/scan.hpp"
#include "json/writer.hpp"
#include "tracing/hex_digits.hpp"

namespace vx11 {
inline namespace v0 {
namespace tracing {

namespace {

/// Of the flags of a span: whether its parent is known to be, and is, of another process.
constexpr std::uint32_t kHasIsRemote = 0x100;
constexpr std::uint32_t kIsRemote = 0x200;
constexpr std::int64_t kStatusError = 2;

std::string_view hex(std::uint64_t id, std::array<char, 32>& text, std::size_t at = 0) {
  write_hex(id, text.data() + at);
  return {text.data(), at + 16};
}

void write_id(json::Writer& json, std::uint64_t id) {
  std::array<char, 32> text = {};
  json.string(hex(id, text));
}

void write_id(json::Writer& json, const TraceId& id) {
  std::array<char, 32> text = {};
  hex(id.high, text);
  json.string(hex(id.low, text, 16));
}

/// 64-bit numbers are strings in the JSON of Protocol Buffers.
template <class Number>
void write_number(json::Writer& json, Number number, bool quoted) {
  std::array<char, 32> text = {'"'};
  char* const begin = text.data() + (quoted ? 1 : 0);
  char* end = std::to_chars(begin, text.data() + text.size() - 1, number).ptr;
  if (quoted) *end++ = '"';
  json.raw({text.data(), static_cast<std::size_t>(end - text.data())});
}

void write_time(json::Writer& json, SpanTime time) {
  write_number(json, static_cast<std::int64_t>(time.time_since_epoch().count()), true);
}

void write_double(json::Writer& json, double number) {
  if (std::isfinite(number)) return write_number(json, number, false);
  json.string(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
}

void write_text_value(json::Writer& json, std::string_view text) {
  json.open('{').key("stringValue").string(text).close('}');
}

void write_value(json::Writer& json, const std::vector<std::string>& list) {
  json.open('{').key("arrayValue").open('{').key("values").open('[');
  for (const std::string& text : list) write_text_value(json, text);
  json.close(']').close('}').close('}');
}
void write_value(json::Writer& json, const std::string& text) {
  write_text_value(json, text);
}
void write_value(json::Writer& json, bool value) {
  json.open('{').key("boolValue").boolean(value).close('}');
}
void write_value(json::Writer& json, std::int64_t number) {
  json.open('{').key("intValue");
  write_number(json, number, true);
  json.close('}');
}
void write_value(json::Writer& json, double number) {
  json.open('{').key("doubleValue");
  write_double(json, number);
  json.close('}');
}

void write_attributes(json::Writer& json, const std::vector<SpanAttribute>& attributes) {
  json.key("attributes").open('[');
  for (const SpanAttribute& attribute : attributes) {
    json.open('{').key("key").string(attribute.name).key("value");
    std::visit([&](const auto& value) { write_value(json, value); }, attribute.value);
    json.close('}');
  }
  json.close(']');
}

void write_events(json::Writer& json, const std::vector<SpanEvent>& events) {
  json.key("events").open('[');
  for (const SpanEvent& event : events) {
    json.open('{').key("timeUnixNano");
    write_time(json, event.time);
    json.key("name").string(event.name);
    write_attributes(json, event.attributes);
    json.close('}');
  }
  json.close(']');
}

std::int64_t flags_of(const Span& span) noexcept {
  return span.flags | kHasIsRemote | (span.is_parent_remote ? kIsRemote : 0U);
}

void write_span(json::Writer& json, const Span& span) {
  json.open('{').key("traceId");
  write_id(json, span.trace_id);
  json.key("spanId");
  write_id(json, span.span_id);
  if (span.parent_id != 0) {
    json.key("parentSpanId");
    write_id(json, span.parent_id);
  }
  if (!span.trace_state.empty()) json.key("traceState").string(span.trace_state);
  json.key("flags").integer(flags_of(span)).key("name").string(span.name);
  json.key("kind").integer(static_cast<std::int64_t>(span.kind)).key("startTimeUnixNano");
  write_time(json, span.start);
  json.key("endTimeUnixNano");
  write_time(json, span.end);
  write_attributes(json, span.attributes);
  if (!span.events.empty()) write_events(json, span.events);
  if (span.has_failed) json.key("status").open('{').key("code").integer(kStatusError).close('}');
  json.close('}');
}

}  // namespace

std::string otlp_json(std::span<const Span> spans, const ResourceAttributes& resource) {
  constexpr std::size_t kUsual = 1024;  // of a span
  json::Writer json(kUsual * (spans.size() + 1));
  json.open('{').key("resourceSpans").open('[').open('{').key("resource").open('{');
  json.key("attributes").open('[');
  for (const auto& [name, value] : resource) {
    json.open('{').key("key").string(name).key("value");
    write_text_value(json, value);
    json.close('}');
  }
  json.close(']').close('}').key("scopeSpans").open('[').open('{').key("scope").open('{');
  json.key("name").string("vx11").key("version").string(VX11_VERSION_STRING).close('}');
  json.key("spans").open('[');
  for (const Span& span : spans) write_span(json, span);
  json.close(']').close('}').close(']').close('}').close(']').close('}');
  return std::move(json).take();
}

std::optional<std::uint64_t> rejected_spans(std::string_view answer) {
  constexpr std::array<std::string_view, 1> kPartial = {"partialSuccess"};
  constexpr std::array<std::string_view, 1> kRejected = {"rejectedSpans"};
  if (answer.empty()) return 0;
  const auto outer = json::scan_object(answer, kPartial);
  if (!outer) {
    const bool is_object = outer.error().reason == json::ScanErrc::too_deep ||
                           outer.error().reason == json::ScanErrc::out_of_memory;
    return is_object ? std::optional<std::uint64_t>(0) : std::nullopt;
  }
  if (outer->members[0].kind != json::Kind::object) return 0;
  const auto inner = json::scan_object(outer->members[0].text, kRejected);
  if (!inner) return 0;
  const std::string_view text = inner->members[0].text;
  std::uint64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? count : 0;
}

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
