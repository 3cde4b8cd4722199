#pragma once

/// \file
/// The trace that the exemplar of a request names. Internal.

#include <vx11/headers.hpp>
#include <vx11/tracing.hpp>

#include <string_view>

#include "tracing/trace_parent.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The id of a trace that is recorded: this program's, else that of the caller. Empty: none is.
/// Valid as long as both arguments.
/// \param trace null: this program does not trace the request
inline std::string_view exemplar_trace(const RequestTrace* trace, const Headers& headers) noexcept {
  if (trace == nullptr) return tracing::trace_id_of(headers, tracing::TraceChoice::sampled);
  return trace->is_sampled() ? trace->text().trace_id() : std::string_view();
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
