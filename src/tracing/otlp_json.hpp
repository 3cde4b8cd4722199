#pragma once

/// \file
/// Spans in the JSON of OTLP, and what a collector answers. Internal.

#include <vx11/tracing.hpp>

#include <cstdint>
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

/// How many spans an answer rejects; 0 if it says nothing of it, or cannot be read.
std::uint64_t rejected_spans(std::string_view answer);

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
