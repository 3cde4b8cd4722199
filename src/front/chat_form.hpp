#pragma once

/// \file
/// `ChatForm`: how one API writes a streamed chat. Internal.

#include <vx11/chat_metrics.hpp>
#include <vx11/chat_stream.hpp>
#include <vx11/http_message.hpp>
#include <vx11/router.hpp>

#include <optional>
#include <span>
#include <string>

#include "front/stream_end.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Why an answer broke off when the server stops; no target fails so.
inline constexpr Errc kShuttingDown = Errc::unavailable;

/// A stream that has ended, as it is counted.
struct StreamCount {
  StreamEnd end = StreamEnd::done;
  std::span<const Attempt> attempts = {};  ///< Empty if no target answered.
  const ChatStream* stream = nullptr;      ///< Null if none had begun.
  std::optional<Duration> first_piece = std::nullopt;
  Duration total = {};
};

inline EndedChat ended_chat(const StreamCount& ended) noexcept {
  EndedChat chat(ended.attempts);
  chat.first_piece = ended.first_piece;
  chat.total = ended.total;
  chat.is_streamed = true;
  chat.is_good = ended.end == StreamEnd::done;
  if (ended.stream == nullptr) return chat;
  chat.source = ended.stream->source();
  chat.ending = &ended.stream->ending();
  return chat;
}

/// One chat of a `ChatRelay`, which calls the functions in the order in which they are declared:
/// writes its events, stores its turn, counts it. Keeps alive what it uses. What it writes collects
/// until `take_out`. Used by one thread at a time.
class ChatForm {
 public:
  ChatForm() = default;
  ChatForm(const ChatForm&) = delete;
  ChatForm& operator=(const ChatForm&) = delete;
  virtual ~ChatForm() = default;

  /// Completes the chat, for example by its history.
  virtual Task<void> prepare() = 0;
  virtual const ChatRequest& chat() const noexcept = 0;
  virtual const Router& router() const noexcept = 0;

  /// No target answered.
  /// \param took from the head of the request
  /// \return the answer if nothing was sent so far
  virtual HttpResponse refuse(const ChatFailure& failure, Duration took) = 0;
  /// The answer to a defect, such as an exception of a user's function.
  virtual HttpResponse defect() = 0;
  /// The answer if the server stops before a target has answered.
  virtual HttpResponse shutting_down() = 0;
  /// Writes that answer as the last event: the head has been sent already.
  virtual void write_late(const HttpResponse& answer) = 0;

  /// A target has begun to answer. The stream lives as long as this object is used.
  virtual void begin(const ChatStream& stream) = 0;
  /// Writes the pieces.
  virtual ChatPieceSink& sink() noexcept = 0;
  virtual std::string take_out() noexcept = 0;
  /// Writes the last events of a complete answer.
  virtual Task<void> end(const ChatStream& stream) = 0;
  /// Writes the last event of an answer that broke off; with `kShuttingDown` the event says so.
  virtual Task<void> break_off(const ChatStream& stream, Error error) = 0;

  virtual void count(const StreamCount& ended) noexcept = 0;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
