#pragma once

/// \file
/// The trace that a request says it belongs to. Internal.

#include <vx11/headers.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace tracing {

/// Which traces count.
enum class TraceChoice : bool { every, sampled };

/// The trace id of a request's `traceparent`, as `read_trace_context` takes it over; empty: none.
std::string_view trace_id_of(const Headers& headers,
                             TraceChoice choice = TraceChoice::every) noexcept;

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
