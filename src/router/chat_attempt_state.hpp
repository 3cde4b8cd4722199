#pragma once

/// \file
/// One chat on its way through the targets of a router. Internal.

#include <vx11/router.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// What has come of a chat so far: the ledger, and the answer or the reason why there is none.
class ChatAttemptState {
 public:
  /// \param chat outlives the ask
  explicit ChatAttemptState(const ChatRequest& chat) : chat_(chat) {}

  /// The request for `target`, unless it is to be passed by, which then is noted.
  Result<HttpRequest> prepare(const RouterTarget& target);
  /// Judges what came of asking `target`, when it answered as a whole or not at all.
  void conclude(const RouterTarget& target, SendResult& result);
  /// `target` opened an answer that broke before a piece of it came.
  void broke(const RouterTarget& target, SendResult& result, const Error& error, Duration elapsed);
  /// `target` has answered.
  void take(const RouterTarget& target, ChatAnswer&& answer, Duration elapsed);

  /// Whether no further target is to be tried.
  bool over() const noexcept { return over_; }
  /// The ledger so far.
  std::span<const Attempt> attempts() const noexcept { return attempts_; }

  bool answered() const noexcept { return reply_.has_value(); }
  /// The answer, if there is one, to be moved from.
  ChatReply& reply() { return *reply_; }
  /// Why there is none; once.
  ChatFailure failure();

 private:
  void end(const RouterTarget& target, Error error);
  void note(const RouterTarget& target, const Error& error, Duration elapsed);
  void hint(Duration retry_after) noexcept;

  const ChatRequest& chat_;
  std::vector<Attempt> attempts_ = {};
  std::optional<ChatReply> reply_ = std::nullopt;
  std::optional<Error> error_ = std::nullopt;  ///< Of the first target, or what ended the ask.
  Duration retry_after_ = {};
  bool over_ = false;
};

}  // namespace v0
}  // namespace vx11
