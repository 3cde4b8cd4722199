#pragma once

/// \file
/// W3C Trace Context: `traceparent` and `tracestate`, read and written.
///
/// By the recommendation (https://www.w3.org/TR/trace-context/) and its level 2
/// (https://www.w3.org/TR/trace-context-2/), whose grammar of keys and random flag apply here.

#include <vx11/export.hpp>
#include <vx11/headers.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The id of a trace: 16 bytes, not all zero, as a number in network order.
struct TraceId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool is_valid() const noexcept { return (high | low) != 0; }
  friend bool operator==(const TraceId&, const TraceId&) = default;
};

/// The flags of a `traceparent` that are known; all others are dropped.
inline constexpr std::uint8_t kTraceSampled = 0x01;
/// The lower 7 bytes of the trace id are random, so that samplers can decide by them (level 2).
inline constexpr std::uint8_t kTraceRandom = 0x02;

/// The value of `traceparent`: a span, and whether its trace is recorded. A plain value.
struct TraceParent {
  TraceId trace_id = {};
  std::uint64_t span_id = 0;  ///< 8 bytes, not zero.
  std::uint8_t flags = 0;     ///< `kTraceSampled` and `kTraceRandom`.

  bool is_valid() const noexcept { return trace_id.is_valid() && span_id != 0; }
  bool is_sampled() const noexcept { return (flags & kTraceSampled) != 0; }
  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

/// A `traceparent` of version 00: `00-{trace id}-{span id}-{flags}` in lower-case digits.
class VX11_API TraceParentText {
 public:
  static constexpr std::size_t kLength = 55;

  TraceParentText() = default;
  explicit TraceParentText(const TraceParent& parent) noexcept;

  /// The same trace with another span.
  void set_span(std::uint64_t span_id) noexcept;
  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }
  std::string_view trace_id() const noexcept { return text().substr(3, 32); }
  std::string_view span_id() const noexcept { return text().substr(36, 16); }

 private:
  std::array<char, kLength> text_ = {};
};

/// Reads a `traceparent`. Of a version above 00 the ids and the sampled flag are read, and nothing
/// else.
/// \return none if it is malformed, has version ff or an id of zeros: begin a new trace then
VX11_API std::optional<TraceParent> parse_trace_parent(std::string_view text) noexcept;

/// What a request says of the trace that it belongs to.
struct TraceContext {
  /// Of the caller's span. None: without a `traceparent`, with more than one, or an invalid one.
  std::optional<TraceParent> parent = std::nullopt;
  /// `tracestate` in one line; empty: none. Always empty without a parent.
  std::string state = {};
};

/// The trace context of a request. A `tracestate` that is invalid does not affect the parent.
VX11_API TraceContext read_trace_context(const Headers& headers);

/// The longest `tracestate` that is passed on: what the recommendation asks for at least.
inline constexpr std::size_t kLongestTraceState = 512;

/// The members of all `tracestate` fields in one line, in order and without empty ones.
///
/// Members whose key or value is malformed are left out, and so are repeated keys but for the
/// first. With more than 32 members, or if nothing is left: empty. From a line above
/// `kLongestTraceState`, members above 128 characters are removed first, from the end, then others
/// from the end.
VX11_API std::string combined_trace_state(const Headers& headers);

}  // namespace v0
}  // namespace vx11
