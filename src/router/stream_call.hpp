#pragma once

/// \file
/// One target that is asked for a streamed answer, up to its first piece. Internal.

#include <vx11/chat.hpp>
#include <vx11/streaming.hpp>

#include <memory>
#include <optional>
#include <utility>

#include "router/chat_stream_impl.hpp"
#include "router/target_call.hpp"

namespace vx11 {
inline namespace v0 {

/// How one target can be asked: as a stream only if both its transport and its dialect can.
struct StreamAbility {
  StreamAbility(const RouterTarget& target, const ChatRequest& chat);

  StreamingTransport* transport = nullptr;
  std::unique_ptr<ChatEventReader> reader = {};
  StreamFraming framing = StreamFraming::server_sent_events;
  EmptyAnswers empty = EmptyAnswers::refused;

  AnswerForm form() const noexcept {
    return transport != nullptr && reader != nullptr ? AnswerForm::stream : AnswerForm::whole;
  }
};

/// The beginning of an answer: a stream, or what took its place.
struct OpenedAnswer {
  using Stream = detail::ChatStreamAccess::Impl;

  OpenedAnswer() = default;

  std::unique_ptr<Stream> stream = {};             ///< Its first piece has arrived.
  std::optional<SendResult> whole = std::nullopt;  ///< A complete answer, or why there is none.
  std::optional<ChatAnswer> empty = std::nullopt;  ///< The stream ended well and said nothing.
  Error broken = {};      ///< Otherwise: why the stream ended early; its breaker has recorded it.
  Duration elapsed = {};  ///< Until the first piece or the end.
  TimePoint began = {};   ///< When it was asked.
  std::optional<BreakerChange> breaker_change = std::nullopt;  ///< Of `broken`.

  /// Evaluates it for the chat.
  /// \return the stream, if `target` has begun one
  std::unique_ptr<Stream> settle(const RouterTarget& target, ChatAttemptState& state,
                                 std::size_t entry);
  /// Evaluates it for the breaker alone.
  /// \return whether there is an answer
  bool settle_alone(const RouterTarget& target) noexcept;
};

/// Asks `target`. What is passed by reference must outlive the task.
/// \param deadline of this call, in addition to the target's own limit
/// \param admission see `SendThroughBreaker`
Task<OpenedAnswer> open_answer(std::shared_ptr<const RouterOptions> options,
                               const RouterTarget& target, StreamAbility ability, CallOptions call,
                               const HttpRequest& request, const Deadline& deadline,
                               const Deadline& admission);

/// A call for a streamed answer. Once detached, it ends with its first piece.
class StreamCall final : public TargetCall {
 public:
  using Stream = OpenedAnswer::Stream;

  /// \param kept the router's options, which its stream keeps
  /// \param into receives the stream, if the chat settles the call
  StreamCall(const RouterCore& router, std::shared_ptr<const RouterOptions>&& kept,
             const RouterTarget& target, StreamAbility ability, const CallOptions& options,
             HttpRequest&& request, const Deadline& total, std::unique_ptr<Stream>& into);

  void settle(ChatAttemptState& state) override;
  void settle_alone() noexcept override;
  TimePoint began() const noexcept override { return began_; }

 protected:
  bool begin(void (*wake)(void*), void* whom) noexcept override {
    return detail::TaskAccess::start(opening_, wake, whom);
  }
  Duration slow_after() const noexcept override;

 private:
  HttpRequest request_;
  Deadline limit_;        ///< Without the chat's: it ends by its own limit.
  std::stop_token left_;  ///< The chat's, for its stream.
  std::unique_ptr<Stream>& into_;
  TimePoint began_;
  Task<OpenedAnswer> opening_;
};

}  // namespace v0
}  // namespace vx11
