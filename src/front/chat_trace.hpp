#pragma once

/// \file
/// The trace of a request, its chat and its other calls. Internal.

#include <vx11/chat.hpp>
#include <vx11/http_handler.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Of a request that is not traced here, but has a valid `traceparent`: the chat passes its fields
/// on unchanged, so that traces of callers do not break.
void pass_trace_on(ChatRequest& chat, const Headers& headers);

/// Makes the chat a part of the request's trace.
/// \param trace null: not traced here
inline void join_trace(ChatRequest& chat, const std::shared_ptr<RequestTrace>& trace,
                       const Headers& headers) {
  if (trace != nullptr) {
    chat.trace = trace;
  } else if (headers.contains("traceparent")) {
    pass_trace_on(chat, headers);
  }
}

/// For a call that has no span of its own: the spans of its upstream are children of the request's,
/// or of the caller's if the request is not traced here.
void add_trace(Headers& headers, const std::shared_ptr<RequestTrace>& trace,
               const Headers& of_request);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
