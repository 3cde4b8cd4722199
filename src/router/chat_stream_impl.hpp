#pragma once

/// \file
/// The implementation of ChatStream. Internal.

#include <vx11/chat_stream.hpp>
#include <vx11/router.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/sse.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// Reads the events of a response whose body is an event stream.
class EventSource {
 public:
  EventSource() = default;
  explicit EventSource(std::unique_ptr<BodyStream> body) : body_(std::move(body)) {}

  /// The next event, or none at the end of the body.
  Task<Result<std::optional<SseEvent>>> next(Deadline deadline);

 private:
  std::unique_ptr<BodyStream> body_ = {};
  SseParser parser_ = {};
};

class ChatStream::Impl {
 public:
  /// A complete answer: one piece.
  explicit Impl(ChatReply whole);
  /// A streamed answer from `target`.
  Impl(std::shared_ptr<const RouterOptions> with, ChatReply so_far, SendResult open,
       EventSource rest, ChatPiece begin);

  Task<Result<std::optional<ChatPiece>>> next(Deadline deadline);

  ChatReply reply;

 private:
  void end(Verdict verdict) noexcept;

  std::shared_ptr<const RouterOptions> options_;  ///< Keeps the permit's breaker alive.
  std::optional<SendResult> result_;
  EventSource events_;
  std::optional<ChatPiece> first_;
};

namespace detail {

/// Used by the router to create streams.
struct ChatStreamAccess {
  template <class... Args>
  static ChatStream make(Args&&... args) {
    return ChatStream(std::make_unique<ChatStream::Impl>(std::forward<Args>(args)...));
  }
};

}  // namespace detail

/// The piece in an event: its data, and the text in it, which is `delta`, `response`, `reply`,
/// `message` or `content` of a JSON object, otherwise all of it.
ChatPiece piece_of(SseEvent event);

}  // namespace v0
}  // namespace vx11
