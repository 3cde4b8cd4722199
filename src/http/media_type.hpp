#pragma once

/// \file
/// Recognizes the media types of the operator endpoints. Internal.

#include <vx11/headers.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether `content_type` is `application/json` or a `+json` type (RFC 6839), in UTF-8.
bool is_json_in_utf8(std::string_view content_type) noexcept;

/// Whether `content_type` is `text/event-stream`, with any parameters.
bool is_event_stream(std::string_view content_type) noexcept;

/// Whether `content_type` is `application/x-ndjson` or another name of JSON lines in use.
bool is_json_lines(std::string_view content_type) noexcept;

/// Whether a value of `Accept` lists `text/event-stream` with a weight above zero (RFC 9110
/// §12.5.1). Wildcards do not count: every client sends them.
bool lists_event_stream(std::string_view accept) noexcept;

/// Whether `Accept` lists `application/problem+json` with a weight above zero and not below that of
/// `application/json`. Wildcards do not count: every client sends them.
bool prefers_problem(const Headers& headers) noexcept;

/// Whether `Accept-Encoding` lists `gzip`, or else `*`, with a weight above zero (RFC 9110
/// §12.5.3).
bool accepts_gzip(const Headers& headers) noexcept;

/// Whether `Accept` lists `application/openmetrics-text` of version 1.0.0 with a weight above zero
/// and not below that of `text/plain`.
bool prefers_openmetrics(const Headers& headers) noexcept;

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
