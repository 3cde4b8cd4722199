#include "completions/session_turn.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "json/writer.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

bool is_instruction(const ChatMessage& message) noexcept {
  return message.role == "system" || message.role == "developer";
}

/// The request's first instruction, if it has one.
std::vector<MessageView> instruction_of(const ChatRequest& chat) {
  const auto at = std::find_if(chat.history.begin(), chat.history.end(), is_instruction);
  if (at == chat.history.end()) return {};
  return {MessageView(at->role, at->text)};
}

/// The summary of the request's first instruction and its own last messages.
std::string own_summary(const ChatRequest& chat) {
  const std::size_t earlier = std::min(chat.history.size(), kMessagesOfSummary - 1);
  const auto newest = chat.history.end() - static_cast<std::ptrdiff_t>(earlier);
  std::vector<MessageView> said;
  if (std::none_of(newest, chat.history.end(), is_instruction)) said = instruction_of(chat);
  for (auto each = newest; each != chat.history.end(); ++each) {
    said.emplace_back(each->role, each->text);
  }
  said.emplace_back("user", chat.message);
  return summary_of(said);
}

/// The summary of a session, after the instruction of the request.
std::string stored_summary(const ChatRequest& chat, std::string stored) {
  const std::vector<MessageView> instruction = instruction_of(chat);
  return instruction.empty() ? stored : summary_of(instruction) + '\n' + stored;
}

/// Whether the client itself sent earlier messages of the conversation.
bool has_conversation(const ChatRequest& chat) noexcept {
  return !std::all_of(chat.history.begin(), chat.history.end(), is_instruction);
}

std::string metadata_of(const std::string& source, Completeness completeness) {
  json::Writer json(source.size() + 48);
  json.open('{').key("source").string(source);
  if (completeness == Completeness::broken_off) json.key("complete").boolean(false);
  return std::move(json.close('}')).take();
}

}  // namespace

void SessionTurn::begin() {
  chat_->session_id = make_uuid();  // for upstreams that need one; nothing is kept under it
  chat_->context_summary = own_summary(*chat_);
}

Task<void> SessionTurn::recall() {
  asked_at_ = context_->options.wall_clock.now();
  if (context_->options.sessions == nullptr) {
    recalled(fail(Errc::storage, "no session store"));
    co_return;
  }
  Task<Result<std::string>> reading =
      context_->options.sessions->summary(session_key(principal_, session_), chat_->message);
  recalled(co_await std::move(reading));
}

void SessionTurn::recalled(Result<std::string> summary) {
  if (!summary) {
    is_lost_ = true;
    context_->report(OperatorEventKind::session_not_read, {}, summary.error().detail);
  }
  // A client that sends its earlier messages knows more than the store.
  const bool is_own = has_conversation(*chat_) || !summary;
  chat_->context_summary =
      is_own ? own_summary(*chat_) : stored_summary(*chat_, *std::move(summary));
}

Task<void> SessionTurn::keep(std::string answer, std::string source, Completeness completeness) {
  const ChatCompletionsApiOptions& with = context_->options;
  const bool has_both = !chat_->message.empty() && !answer.empty();
  if (session_.empty() || with.sessions == nullptr || !has_both) co_return;
  Turn turn(Message("user", chat_->message, asked_at_, chat_->metadata_json),
            Message("assistant", std::move(answer), with.wall_clock.now(),
                    metadata_of(source, completeness)));
  Task<Result<void>> storing =
      with.sessions->append(session_key(principal_, session_), chat_->user_id, std::move(turn));
  const Result<void> stored = co_await std::move(storing);
  if (stored) co_return;
  is_lost_ = true;
  context_->report(OperatorEventKind::session_not_stored, {}, stored.error().detail);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
