#pragma once

/// \file
/// The state of one chat while a router tries its targets. Internal.

#include <vx11/router.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// The ledger's word for a call that ended with an error of this code.
Outcome outcome_of(Errc code) noexcept;

/// The state of a chat so far: the ledger, and the answer or the error.
class ChatAttemptState {
 public:
  /// \param chat must outlive this object
  explicit ChatAttemptState(const ChatRequest& chat) : chat_(chat) {}

  /// The request for `target`; none if it is to be skipped, which is recorded in the ledger.
  Result<HttpRequest> prepare(const RouterTarget& target, AnswerForm form = AnswerForm::whole);
  /// Evaluates the result of calling `target`: a complete answer or an error.
  void conclude(const RouterTarget& target, SendResult& result);
  /// The stream from `target` ended before its first piece. The caller has recorded the verdict.
  void broke(const RouterTarget& target, const Error& error, Duration elapsed) {
    note(target, error, elapsed);
  }
  /// `target` has answered.
  void take(const RouterTarget& target, ChatAnswer&& answer, Duration elapsed);

  /// Whether to stop without trying further targets.
  bool over() const noexcept { return over_; }
  /// The ledger so far.
  std::span<const Attempt> attempts() const noexcept { return attempts_; }

  bool answered() const noexcept { return reply_.has_value(); }
  /// The answer, if there is one, to be moved from.
  ChatReply& reply() { return *reply_; }
  /// Why there is no answer; call once.
  ChatFailure failure();

 private:
  void end(const RouterTarget& target, Error error);
  void note(const RouterTarget& target, const Error& error, Duration elapsed);
  void hint(Duration retry_after) noexcept;

  const ChatRequest& chat_;
  std::vector<Attempt> attempts_ = {};
  std::optional<ChatReply> reply_ = std::nullopt;
  std::optional<Error> error_ = std::nullopt;  ///< Of the first target, or the one that ended it.
  Duration retry_after_ = {};
  bool over_ = false;
};

}  // namespace v0
}  // namespace vx11
