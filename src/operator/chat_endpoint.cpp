#include <string>
#include <utility>

#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"
#include "operator/endpoints.hpp"

namespace vx11::inline v0::endpoints {

namespace {

HttpResponse answered(const std::string& session_id, const ChatReply& reply,
                      const ChatOrigin& origin, Memory memory) {
  json::Writer json(reply.text.size() + reply.upstream_json.size() + 384);
  json.open('{').key("session_id").string(session_id).key("response").string(reply.text);
  write_metadata(json, origin, reply.attempts, reply.upstream_json, memory);
  json.close('}');
  return json_answer(200, std::move(json).take());
}

}  // namespace

Task<HttpResponse> ask_chat(const Context& context, const Call& call) {
  const OperatorApiOptions& with = context.options;
  auto turn = co_await open_turn(context, call.request);
  if (!turn) co_return std::move(turn.error());
  const std::string session_id = turn->chat.session_id;
  std::string user_id = turn->chat.user_id;

  auto reply = co_await with.router->async_ask(std::move(turn->chat), call.deadline);
  context.metrics.attempted(reply ? reply->attempts : reply.error().attempts);
  if (!reply) co_return offline(session_id, reply.error(), with.primary);

  const ChatOrigin origin = origin_of(reply->source, reply->reason, with.primary);
  const Memory memory =
      co_await close_turn(context, session_id, std::move(user_id), std::move(turn->question),
                          reply->text, origin, turn->memory);
  co_return answered(session_id, *reply, origin, memory);
}

}  // namespace vx11::inline v0::endpoints
