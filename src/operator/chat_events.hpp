#pragma once

/// \file
/// A chat answer as server-sent events. Internal.

#include <vx11/streaming.hpp>

#include <memory>

#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether the client asks for a streamed answer.
bool wants_events(const HttpRequest& request) noexcept;

/// Whether the client connects again after a stream. A chat cannot be resumed, and asking again
/// would repeat it: such a request is answered 204, which ends the attempts of `EventSource`.
bool resumes_events(const HttpRequest& request) noexcept;

/// `message` events as the upstream sends them, then `done` with the session and the metadata, or
/// `error` if the stream breaks. Completes when the first piece has arrived, or after
/// `ChatStreamLimits::head_after`; failures before that are answered as for a complete answer: the
/// response has no body stream. The stream keeps `context` alive, and counts itself when it ends.
/// \param since when the head of the request was complete
Task<StreamedResponse> stream_chat(std::shared_ptr<const Context> context, const Call& call,
                                   TimePoint since);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
