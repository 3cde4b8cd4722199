#pragma once

/// \file
/// The state of one chat while a router tries its targets. Internal.

#include <vx11/router.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "router/route_steps.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {

/// The ledger's word for a call that ended with an error of this code.
Outcome outcome_of(Errc code) noexcept;

/// The state of a chat so far: the ledger, and the answer or the error.
class ChatAttemptState {
 public:
  /// \param chat must outlive this object
  /// \param steps the router's, if it has any; must outlive this object
  explicit ChatAttemptState(const ChatRequest& chat, const RouteSteps* steps = nullptr)
      : chat_(chat), steps_(steps) {}

  /// The request for `target`; none if it is to be skipped, which is recorded in the ledger.
  Result<EncodedChat> prepare(const RouterTarget& target, AnswerForm form = AnswerForm::whole);
  /// For a copy of a chat: its requests belong to no trace.
  void leave_trace() noexcept { is_traced_ = false; }
  /// Adds `target` to the ledger, as overtaken until its outcome is known.
  /// \return its entry
  std::size_t enter(const RouterTarget& target);

  /// Evaluates the result of calling `target`: a complete answer or an error.
  void conclude(const RouterTarget& target, SendResult& result, std::size_t entry);
  void conclude(const RouterTarget& target, SendResult& result) {
    const std::size_t entry = enter(target);
    began(entry, result.began);
    conclude(target, result, entry);
  }
  /// When the attempt of that entry began.
  void began(std::size_t entry, TimePoint at) noexcept { attempts_[entry].began = at; }
  /// The stream from `target` ended before its first piece. The caller has recorded the verdict.
  void broke(const RouterTarget& target, const Error& error, Duration elapsed, std::size_t entry,
             const std::optional<BreakerChange>& change) {
    note(target, error, elapsed, entry);
    attempts_[entry].breaker_change = change;
  }
  /// `target` has answered.
  void take(const RouterTarget& target, ChatAnswer&& answer, Duration elapsed, std::size_t entry);
  /// `target` has answered well-formed and with nothing: no answer, unless all others fail.
  void keep_empty(const RouterTarget& target, ChatAnswer&& answer, std::size_t entry);
  /// No further target is tried. Without a better answer an empty one counts.
  void settle();
  /// Another target answered before this one.
  void overtaken(std::size_t entry, Duration elapsed) noexcept {
    attempts_[entry].elapsed = elapsed;
  }
  /// The chat ends before `target` has answered, because the caller left or the time is over.
  void abandon(const RouterTarget& target, std::size_t entry, Errc why, Duration elapsed);
  /// The caller left.
  void cancelled(const RouterTarget& target);

  /// Whether to stop without trying further targets.
  bool over() const noexcept { return over_; }
  /// The ledger so far.
  std::span<const Attempt> attempts() const noexcept { return attempts_; }

  /// The step that the latest answer with a rule leads to, if it led to one.
  std::optional<std::size_t> next_step() const noexcept { return next_step_; }
  std::string_view session() const noexcept { return chat_.session_id; }

  const ChatRequest& chat() const noexcept { return chat_; }
  bool answered() const noexcept { return reply_.has_value(); }
  /// The answer, if there is one, without its ledger.
  const ChatReply* answer() const noexcept { return reply_ ? &*reply_ : nullptr; }
  /// The answer, if there is one, to be moved from.
  ChatReply& reply() {
    reply_->attempts = std::move(attempts_);
    return *reply_;
  }
  /// Why there is no answer; call once.
  ChatFailure failure();
  /// Reports the ledger and how the chat ended. Call it before `reply` or `failure`.
  void report(const SharedEvents& events) const noexcept;

 private:
  /// The error is that of a target whose dialect cannot express the chat: any other comes first.
  static constexpr std::size_t kUnsupported = std::numeric_limits<std::size_t>::max();

  /// An answer that says nothing.
  struct EmptyAnswer {
    EmptyAnswer(const RouterTarget& from, ChatAnswer&& said, std::size_t at)
        : target(&from), answer(std::move(said)), entry(at) {}
    const RouterTarget* target;
    ChatAnswer answer;
    std::size_t entry;
  };

  void end(const RouterTarget& target, Error error);
  std::string_view cause_of(std::size_t entry) const noexcept;
  void pass_by(const RouterTarget& target, const Error& error);
  bool is_answer(const ChatAnswer& answer) const noexcept;
  void note(const RouterTarget& target, const Error& error, Duration elapsed, std::size_t entry);
  void hint(Duration retry_after) noexcept;
  void evaluate(const RouterTarget& target, SendResult& result, std::size_t entry);
  void add_trace(Headers& headers);
  void remember_ignored(const RouterTarget& target, std::vector<std::string>&& names);
  std::vector<std::string> take_ignored(const RouterTarget& target) noexcept;
  void obey_rules(const RouterTarget& target, const HttpResponse& response, const Error& error);

  const ChatRequest& chat_;
  const RouteSteps* steps_;
  std::optional<std::size_t> next_step_ = std::nullopt;
  std::vector<Attempt> attempts_ = {};
  std::optional<ChatReply> reply_ = std::nullopt;
  std::optional<Error> error_ = std::nullopt;  ///< Of the first target, or the one that ended it.
  std::size_t error_of_ = 0;                   ///< Its entry, or `kUnsupported`.
  Duration retry_after_ = {};
  Duration isolated_for_ = {};  ///< Of targets that are held open, whose end is not known.
  /// What the requests leave out, of those that leave out anything.
  std::vector<std::pair<const RouterTarget*, std::vector<std::string>>> ignored_ = {};
  std::unique_ptr<EmptyAnswer> empty_ = nullptr;  ///< The first one.
  /// Why targets failed, by entry.
  std::vector<std::pair<std::size_t, std::string>> causes_ = {};
  bool over_ = false;
  bool is_traced_ = true;
  std::uint64_t span_id_ = 0;  ///< Of the attempt that was prepared last; 0: not traced.
};

/// Records the outcome of a call whose answer is discarded.
Verdict judge(const RouterTarget& target, SendResult& result) noexcept;

}  // namespace v0
}  // namespace vx11
