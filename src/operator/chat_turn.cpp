#include "operator/chat_turn.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "front/chat_trace.hpp"
#include "operator/answers.hpp"
#include "operator/chat_body.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view kUser = "user";

void write_origin(json::Writer& json, const ChatOrigin& origin) {
  json.key("source").string(origin.source);
  if (!origin.reason.empty()) json.key("reason").string(origin.reason);
  if (origin.embedded) json.key("embedded").boolean(true);
}

std::string metadata_to_keep(const ChatOrigin& origin, Completeness completeness) {
  json::Writer json(origin.source.size() + origin.reason.size() + 48);
  json.open('{');
  write_origin(json, origin);
  if (completeness == Completeness::broken_off) json.key("complete").boolean(false);
  json.close('}');
  return std::move(json).take();
}

bool is_primary(const std::string& target, const OperatorApiOptions& with) {
  const auto& group = with.primary_group;
  return target == with.primary || std::find(group.begin(), group.end(), target) != group.end();
}

Message answer_of(std::string text, const ChatOrigin& origin, const OperatorApiOptions& with,
                  Completeness completeness) {
  return Message("assistant", std::move(text), with.wall_clock.now(),
                 metadata_to_keep(origin, completeness));
}

void note_kept(const Context& context, const Result<void>& stored, HistoryStatus& history) {
  if (!stored) {
    history = HistoryStatus::not_stored;
    context.report(OperatorEventKind::session_not_stored, {}, stored.error().detail);
  }
  if (history != HistoryStatus::kept) context.metrics.session_lost();
}

}  // namespace

ChatOrigin origin_of(std::string target, std::string reason, const OperatorApiOptions& with) {
  const auto& own = with.embedded;
  const bool embedded = std::find(own.begin(), own.end(), target) != own.end();
  if (is_primary(target, with)) {
    return ChatOrigin{std::move(target), std::move(reason), embedded};
  }
  // Without a reason the first target answered: the primary is not among the targets.
  if (reason.empty()) reason = with.primary + "_unreachable";
  return ChatOrigin{std::move(target) + "_fallback", std::move(reason), embedded};
}

std::optional<HttpResponse> ChatTurn::read(const Call& call) {
  const OperatorApiOptions& with = context_->options;
  asked_at_ = with.wall_clock.now();
  chat_.request_id = call.request_id;
  join_trace(chat_, call.trace, call.request.headers);
  auto refused = read_chat(call.request.body, with.max_message_bytes, chat_);
  if (const std::string* const user = context_->user_of(principal_.get())) chat_.user_id = *user;
  return refused;
}

Task<Result<std::string>> ChatTurn::recall() {
  if (!chat_.session_id.empty()) {
    if (context_->options.history_messages > 0) return recall_messages();
    return context_->options.sessions->summary(session_key(principal_.get(), chat_.session_id),
                                               chat_.message);
  }
  chat_.session_id = make_uuid();
  return summary_of(std::array{MessageView(kUser, chat_.message)});
}

Task<Result<std::string>> ChatTurn::recall_messages() {
  const OperatorApiOptions& with = context_->options;
  Task<Result<std::vector<Message>>> reading =
      with.sessions->recent(session_key(principal_.get(), chat_.session_id),
                            std::max(with.history_messages, kMessagesOfSummary - 1));
  Result<std::vector<Message>> earlier = co_await std::move(reading);
  if (!earlier) co_return fail(std::move(earlier.error()));
  const std::size_t newest = std::min(earlier->size(), kMessagesOfSummary - 1);
  std::vector<MessageView> views(earlier->end() - static_cast<std::ptrdiff_t>(newest),
                                 earlier->end());
  views.emplace_back(kUser, chat_.message);
  std::string summary = summary_of(views);
  for (Message& message : *earlier) {
    chat_.history.emplace_back(std::move(message.role), std::move(message.content));
  }
  co_return std::move(summary);
}

void ChatTurn::recalled(Result<std::string> summary) {
  if (!summary) {
    history_ = HistoryStatus::not_read;
    context_->report(OperatorEventKind::session_not_read, {}, summary.error().detail);
    summary = summary_of(std::array{MessageView(kUser, chat_.message)});
  }
  chat_.context_summary = *std::move(summary);
}

Task<Result<void>> ChatTurn::keep(std::string answer, const ChatOrigin& origin) {
  const OperatorApiOptions& with = context_->options;
  return with.sessions->append(
      session_key(principal_.get(), std::move(chat_.session_id)), std::move(chat_.user_id),
      Turn(Message(kUser, std::move(chat_.message), asked_at_, std::move(chat_.metadata_json)),
           answer_of(std::move(answer), origin, with, Completeness::complete)));
}

void ChatTurn::kept(const Result<void>& stored) {
  note_kept(*context_, stored, history_);
}

Task<Result<void>> StoredTurn::keep(std::string answer, const ChatOrigin& origin,
                                    Completeness completeness) {
  const OperatorApiOptions& with = context_->options;
  return with.sessions->append(
      session_key(principal_.get(), std::move(session_id_)), std::move(user_id_),
      Turn(Message(kUser, std::move(message_), asked_at_, std::move(metadata_json_)),
           answer_of(std::move(answer), origin, with, completeness)));
}

void StoredTurn::kept(const Result<void>& stored) {
  note_kept(*context_, stored, history_);
}

void write_attempts(json::Writer& json, std::span<const Attempt> attempts) {
  json.key("attempts").open('[');
  for (const Attempt& attempt : attempts) {
    json.open('{').key("name").string(attempt.target);
    json.key("outcome").string(to_string(attempt.outcome));
    if (attempt.first_piece) json.key("first_piece_ms").milliseconds(*attempt.first_piece);
    json.key("elapsed_ms").milliseconds(attempt.elapsed).close('}');
  }
  json.close(']');
}

void write_metadata(json::Writer& json, const ChatOrigin& origin, std::span<const Attempt> attempts,
                    std::string_view upstream_json, HistoryStatus history) {
  json.key("degraded").boolean(history != HistoryStatus::kept || !origin.reason.empty());
  json.key("metadata").open('{');
  write_origin(json, origin);
  write_attempts(json, attempts);
  if (history == HistoryStatus::not_stored) json.key("session_stored").boolean(false);
  if (history == HistoryStatus::not_read) json.key("session_read").boolean(false);
  // A user-defined dialect may leave it empty.
  if (upstream_json.size() > 2) json.key("upstream").raw(upstream_json);
  json.close('}');
}

HttpResponse offline(const Context& context, const std::string& session_id,
                     const ChatFailure& failure) {
  const OperatorApiOptions& with = context.options;
  const auto breaker = with.router->breaker(failure.upstream);
  json::Writer json;
  begin_offline(json, failure.upstream.empty() ? with.primary : failure.upstream,
                offline_reason(failure.code, breaker.get()),
                "Chat service temporarily unavailable");
  json.key("session_id").string(session_id);
  write_attempts(json, failure.attempts);
  json.close('}');
  return offline_answer(std::move(json).take(), failure.retry_after);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
