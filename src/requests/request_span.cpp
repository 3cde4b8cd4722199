#include "requests/request_span.hpp"

#include <vx11/span_attributes.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "tracing/span_text.hpp"

namespace vx11 {
inline namespace v0 {
namespace requests {

namespace {

namespace names = span_attributes;
using tracing::add_text;

/// Clients invent methods; the conventions list those that may be values.
std::string_view known_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 9> kMethods = {
      "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  const auto found = std::find(kMethods.begin(), kMethods.end(), method);
  return found == kMethods.end() ? std::string_view() : *found;
}

std::string name_of(std::string_view method, std::string_view route) {
  std::string name(method.empty() ? "HTTP" : method);
  if (!route.empty()) name.append(1, ' ').append(route);
  return name;
}

bool has_failed(const RequestRecord& record) noexcept {
  return record.status >= 500 || record.end == AnswerEnd::error;
}

std::string error_type_of(const RequestRecord& record) {
  if (!record.error.empty()) return std::string(record.error);
  return record.status >= 500 ? std::to_string(record.status) : "stream";
}

Span span_of(const RequestTrace& trace, const RequestRecord& record, TimePoint since, bool failed) {
  Span span = trace.own_span(since, since + record.duration);
  const std::string_view method = known_method(record.method);
  span.name = name_of(method, record.route);
  span.has_failed = failed;
  span.add(names::kMethod, std::string(method.empty() ? "_OTHER" : method));
  add_text(span, names::kRoute, record.route);
  span.add(names::kStatus, std::int64_t{record.status});
  span.add(names::kScheme, trace.options().scheme);
  if (failed) span.add(names::kErrorType, error_type_of(record));
  add_text(span, names::kRequestId, record.request_id);
  if (record.end != AnswerEnd::whole) add_text(span, names::kStreamEnd, to_string(record.end));
  add_text(span, names::kSource, record.source);
  return span;
}

}  // namespace

void end_trace(RequestTrace& trace, const RequestRecord& record, TimePoint since) noexcept {
  const bool failed = has_failed(record);
  if (!trace.keeps(failed)) return;
  if (failed) trace.fail();
  try {
    trace.add(span_of(trace, record, since, failed));
  } catch (...) {
  }
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
