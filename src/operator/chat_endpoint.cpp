#include <vx11/session.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operator/answers.hpp"
#include "operator/chat_body.hpp"
#include "operator/endpoints.hpp"

namespace vx11::inline v0::endpoints {

namespace {

/// Of what was said before, as much as a summary of three messages with the current one takes.
constexpr std::size_t kHistory = 2;

/// Who answered, in the words of the contract.
struct Origin {
  std::string source = {};
  std::string reason = {};  ///< Why it was not the primary; empty if it was.
};

Origin origin_of(const ChatReply& reply, const std::string& primary) {
  if (reply.source == primary) return Origin{reply.source, reply.reason};
  // Without a reason the first target answered: the primary is not among them at all.
  return Origin{reply.source + "_fallback",
                reply.reason.empty() ? primary + "_unreachable" : reply.reason};
}

void write_origin(json::Writer& json, const Origin& origin) {
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

std::string metadata_to_keep(const Origin& origin) {
  json::Writer json(96);
  json.open('{');
  write_origin(json, origin);
  json.close('}');
  return std::move(json).take();
}

/// How it went with the session's store.
enum class Memory : unsigned char { kept, not_read, not_stored };

HttpResponse answered(const std::string& session_id, const ChatReply& reply, const Origin& origin,
                      Memory memory) {
  json::Writer json(reply.text.size() + reply.upstream_json.size() + 384);
  json.open('{').key("session_id").string(session_id).key("response").string(reply.text);
  json.key("degraded").boolean(memory != Memory::kept || !origin.reason.empty());
  json.key("metadata").open('{');
  write_origin(json, origin);
  write_attempts(json, reply.attempts);
  if (memory == Memory::not_stored) json.key("session_stored").boolean(false);
  // A dialect of the user's may leave it empty.
  if (reply.upstream_json.size() > 2) json.key("upstream").raw(reply.upstream_json);
  json.close('}').close('}');
  return json_answer(200, std::move(json).take());
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

}  // namespace

Task<HttpResponse> ask_chat(const Context& context, const Call& call) {
  const OperatorApiOptions& with = context.options;
  auto chat = read_chat(call.request.body, with.max_message_bytes);
  if (!chat) co_return std::move(chat.error());

  Message question("user", chat->message, with.wall_clock.now());
  Memory memory = Memory::kept;
  std::vector<Message> history;
  if (chat->session_id.empty()) {
    chat->session_id = make_uuid();
  } else {
    auto known = co_await with.sessions->recent(chat->session_id, kHistory);
    if (known) {
      history = *std::move(known);
    } else {
      memory = Memory::not_read;
    }
  }
  chat->context_summary = context_summary(history, question);

  const std::string session_id = chat->session_id;
  std::string user_id = chat->user_id;
  auto reply = co_await with.router->async_ask(*std::move(chat), call.deadline);
  context.metrics.attempted(reply ? reply->attempts : reply.error().attempts);
  if (!reply) co_return offline(session_id, reply.error(), with.primary);

  // Stored before it is answered: what the client has seen is there after a crash.
  const Origin origin = origin_of(*reply, with.primary);
  Turn turn(std::move(question),
            Message("assistant", reply->text, with.wall_clock.now(), metadata_to_keep(origin)));
  const auto stored =
      co_await with.sessions->append(session_id, std::move(user_id), std::move(turn));
  if (!stored) memory = Memory::not_stored;
  if (memory != Memory::kept) context.metrics.session_lost();
  co_return answered(session_id, *reply, origin, memory);
}

}  // namespace vx11::inline v0::endpoints
