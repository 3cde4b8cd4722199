#include "completions/session_turn.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "json/writer.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

/// The summary of the request's own last messages.
std::string own_summary(const ChatRequest& chat) {
  std::vector<MessageView> newest;
  const std::size_t earlier = std::min(chat.history.size(), kMessagesOfSummary - 1);
  for (std::size_t i = chat.history.size() - earlier; i < chat.history.size(); ++i) {
    newest.emplace_back(chat.history[i].role, chat.history[i].text);
  }
  newest.emplace_back("user", chat.message);
  return summary_of(newest);
}

std::string metadata_of(const std::string& source, Completeness completeness) {
  json::Writer json(source.size() + 48);
  json.open('{').key("source").string(source);
  if (completeness == Completeness::broken_off) json.key("complete").boolean(false);
  return std::move(json.close('}')).take();
}

}  // namespace

Task<void> SessionTurn::recall() {
  asked_at_ = context_->options.wall_clock.now();
  if (session_.empty()) {
    chat_->session_id = make_uuid();  // for upstreams that need one; nothing is kept under it
    chat_->context_summary = own_summary(*chat_);
    co_return;
  }
  if (context_->options.sessions == nullptr) {
    recalled(fail(Errc::storage, "no session store"));
    co_return;
  }
  Task<Result<std::string>> reading = context_->options.sessions->summary(session_, chat_->message);
  recalled(co_await std::move(reading));
}

void SessionTurn::recalled(Result<std::string> summary) {
  // A client that sends its earlier messages knows more than the store.
  const bool has_own = !chat_->history.empty();
  if (!summary) {
    is_lost_ = true;
    context_->report(OperatorEventKind::session_not_read, {}, summary.error().detail);
  }
  chat_->context_summary = has_own || !summary ? own_summary(*chat_) : *std::move(summary);
}

Task<void> SessionTurn::keep(std::string answer, std::string source, Completeness completeness) {
  const ChatCompletionsApiOptions& with = context_->options;
  const bool has_both = !chat_->message.empty() && !answer.empty();
  if (session_.empty() || with.sessions == nullptr || !has_both) co_return;
  Turn turn(Message("user", chat_->message, asked_at_, chat_->metadata_json),
            Message("assistant", std::move(answer), with.wall_clock.now(),
                    metadata_of(source, completeness)));
  Task<Result<void>> storing = with.sessions->append(session_, chat_->user_id, std::move(turn));
  const Result<void> stored = co_await std::move(storing);
  if (stored) co_return;
  is_lost_ = true;
  context_->report(OperatorEventKind::session_not_stored, {}, stored.error().detail);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
