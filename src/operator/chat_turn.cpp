#include "operator/chat_turn.hpp"

#include <utility>
#include <vector>

#include "operator/answers.hpp"
#include "operator/chat_body.hpp"

namespace vx11::inline v0::endpoints {

namespace {

/// Of what was said before, as much as a summary of three messages with the current one takes.
constexpr std::size_t kHistory = 2;

void write_origin(json::Writer& json, const ChatOrigin& origin) {
  json.key("source").string(origin.source);
  if (!origin.reason.empty()) json.key("reason").string(origin.reason);
}

void write_attempts(json::Writer& json, std::span<const Attempt> attempts) {
  json.key("attempts").open('[');
  for (const Attempt& attempt : attempts) {
    json.open('{').key("name").string(attempt.target);
    json.key("outcome").string(to_string(attempt.outcome));
    json.key("elapsed_ms").milliseconds(attempt.elapsed).close('}');
  }
  json.close(']');
}

std::string metadata_to_keep(const ChatOrigin& origin) {
  json::Writer json(96);
  json.open('{');
  write_origin(json, origin);
  json.close('}');
  return std::move(json).take();
}

}  // namespace

ChatOrigin origin_of(const std::string& target, const std::string& reason,
                     const std::string& primary) {
  if (target == primary) return ChatOrigin{target, reason};
  // Without a reason the first target answered: the primary is not among them at all.
  return ChatOrigin{target + "_fallback", reason.empty() ? primary + "_unreachable" : reason};
}

Task<tl::expected<ChatTurn, HttpResponse>> open_turn(const Context& context,
                                                     const HttpRequest& request) {
  const OperatorApiOptions& with = context.options;
  ChatTurn turn;
  auto refused = read_chat(request.body, with.max_message_bytes, turn.chat);
  if (refused) co_return tl::unexpected(*std::move(refused));
  turn.question = Message("user", turn.chat.message, with.wall_clock.now());
  std::vector<Message> history;
  if (turn.chat.session_id.empty()) {
    turn.chat.session_id = make_uuid();
  } else {
    auto known = co_await with.sessions->recent(turn.chat.session_id, kHistory);
    if (known) history = *std::move(known);
    if (!known) turn.memory = Memory::not_read;
  }
  turn.chat.context_summary = context_summary(history, turn.question);
  co_return turn;
}

Task<Memory> close_turn(const Context& context, std::string session_id, std::string user_id,
                        Message question, std::string answer, ChatOrigin origin, Memory memory) {
  const OperatorApiOptions& with = context.options;
  Turn turn(std::move(question), Message("assistant", std::move(answer), with.wall_clock.now(),
                                         metadata_to_keep(origin)));
  const auto stored =
      co_await with.sessions->append(std::move(session_id), std::move(user_id), std::move(turn));
  if (!stored) memory = Memory::not_stored;
  if (memory != Memory::kept) context.metrics.session_lost();
  co_return memory;
}

void write_metadata(json::Writer& json, const ChatOrigin& origin, std::span<const Attempt> attempts,
                    std::string_view upstream_json, Memory memory) {
  json.key("degraded").boolean(memory != Memory::kept || !origin.reason.empty());
  json.key("metadata").open('{');
  write_origin(json, origin);
  write_attempts(json, attempts);
  if (memory == Memory::not_stored) json.key("session_stored").boolean(false);
  // A dialect of the user's may leave it empty.
  if (upstream_json.size() > 2) json.key("upstream").raw(upstream_json);
  json.close('}');
}

HttpResponse offline(const std::string& session_id, const ChatFailure& failure,
                     const std::string& primary) {
  json::Writer json;
  begin_offline(json, failure.upstream.empty() ? primary : failure.upstream,
                offline_reason(failure.code), "Chat service temporarily unavailable");
  json.key("session_id").string(session_id);
  write_attempts(json, failure.attempts);
  json.close('}');
  return offline_answer(std::move(json).take(), failure.retry_after);
}

}  // namespace vx11::inline v0::endpoints
