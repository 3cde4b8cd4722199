#pragma once

/// \file
/// The span of a request, from its record. Internal.

#include <vx11/http_request_log.hpp>
#include <vx11/tracing.hpp>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// Ends the trace of a request that began at `since` and whose record is complete: adds its span,
/// if it is kept. One that memory does not suffice for is lost.
void end_trace(RequestTrace& trace, const RequestRecord& record, TimePoint since) noexcept;

}  // namespace requests
}  // namespace v0
}  // namespace vx11
