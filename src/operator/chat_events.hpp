#pragma once

/// \file
/// A chat answered as server-sent events. Internal.

#include <vx11/streaming.hpp>

#include <memory>

#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether the client prefers the answer piece by piece.
bool wants_events(const HttpRequest& request) noexcept;

/// `message` events as the upstream sends them, then `done` with the session and the metadata, or
/// `error` if it breaks off. Up to the first piece failures are answered as for a whole answer: the
/// response then is complete and has no body stream. `context` is kept for as long as the stream
/// is.
Task<StreamedResponse> stream_chat(std::shared_ptr<const Context> context, const Call& call);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
