#pragma once

/// \file
/// Spans in the JSON of OTLP, and what a collector answers. Internal.

#include <vx11/tracing.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace tracing {

using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

/// An `ExportTraceServiceRequest`.
std::string otlp_json(std::span<const Span> spans, const ResourceAttributes& resource);

/// How many spans the body of a 2xx rejects; 0 if it is empty or says nothing of it. None if it is
/// no JSON object: a page of something else between, which accepts no spans.
std::optional<std::uint64_t> rejected_spans(std::string_view answer);

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
