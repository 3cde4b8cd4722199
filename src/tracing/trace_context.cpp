#include <vx11/trace_context.hpp>

#include <algorithm>
#include <cstring>

#include "tracing/hex_digits.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using tracing::read_hex;
using tracing::write_hex;

constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::uint8_t kKnownFlags = kTraceSampled | kTraceRandom;

std::optional<std::uint8_t> read_byte(std::string_view digits) noexcept {
  std::uint8_t value = 0;
  for (const char c : digits) {
    const int digit = tracing::digit_of(c);
    if (digit < 0) return std::nullopt;
    value = static_cast<std::uint8_t>(value << 4U | static_cast<unsigned>(digit));
  }
  return value;
}

/// Whether the fields of version 00 are followed by what their version allows.
bool ends_well(std::string_view text, std::uint8_t version) noexcept {
  if (text.size() == TraceParentText::kLength) return true;
  return version != 0 && text[TraceParentText::kLength] == '-';
}

bool has_dashes(std::string_view text) noexcept {
  return text[2] == '-' && text[kSpanAt - 1] == '-' && text[kFlagsAt - 1] == '-';
}

/// Of versions to come only the sampled flag is known.
std::uint8_t known_flags(std::uint8_t flags, std::uint8_t version) noexcept {
  return static_cast<std::uint8_t>(flags & (version == 0 ? kKnownFlags : kTraceSampled));
}

}  // namespace

TraceParentText::TraceParentText(const TraceParent& parent) noexcept {
  constexpr std::string_view kShape = "00-................................-................-0";
  kShape.copy(text_.data(), kShape.size());
  write_hex(parent.trace_id.high, text_.data() + kTraceAt);
  write_hex(parent.trace_id.low, text_.data() + kTraceAt + 16);
  set_span(parent.span_id);
  text_.back() = static_cast<char>('0' + (parent.flags & kKnownFlags));
}

void TraceParentText::set_span(std::uint64_t span_id) noexcept {
  write_hex(span_id, text_.data() + kSpanAt);
}

std::optional<TraceParent> parse_trace_parent(std::string_view text) noexcept {
  if (text.size() < TraceParentText::kLength || !has_dashes(text)) return std::nullopt;
  const auto version = read_byte(text.substr(0, 2));
  if (!version || *version == 0xFF || !ends_well(text, *version)) return std::nullopt;
  const auto high = read_hex(text.data() + kTraceAt);
  const auto low = read_hex(text.data() + kTraceAt + 16);
  const auto span = read_hex(text.data() + kSpanAt);
  const auto flags = read_byte(text.substr(kFlagsAt, 2));
  if (!high || !low || !span || !flags) return std::nullopt;
  TraceParent parent{.trace_id = {.high = *high, .low = *low},
                     .span_id = *span,
                     .flags = known_flags(*flags, *version)};
  if (!parent.is_valid()) return std::nullopt;
  return parent;
}

TraceContext read_trace_context(const Headers& headers) {
  constexpr std::string_view kName = "traceparent";
  TraceContext context;
  const auto text = headers.find(kName);
  if (!text || headers.count(kName) != 1) return context;
  context.parent = parse_trace_parent(*text);
  if (context.parent) context.state = combined_trace_state(headers);
  return context;
}

}  // namespace v0
}  // namespace vx11
