#include <functional>
#include <string>
#include <utility>

#include "front/usage.hpp"
#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

Task<HttpResponse> ask_chat(const Context& context, const Call& call) {
  const OperatorApiOptions& with = context.options;
  ChatTurn turn(context, call.principal);
  auto refused = turn.read(call);
  if (refused) co_return *std::move(refused);
  turn.recalled(co_await turn.recall());

  auto asking = with.router->async_ask(std::cref(turn.chat()), call.deadline);
  auto& reply = co_await asking;
  if (reply) charge(call.meter.get(), reply->ending);
  context.attempted(reply ? reply->attempts : reply.error().attempts);
  if (!reply) co_return offline(turn.chat().session_id, reply.error(), with.primary);

  json::Writer json(reply->text.size() + reply->upstream_json.size() + 384);
  json.open('{').key("session_id").string(turn.chat().session_id);
  json.key("response").string(reply->text);
  const ChatOrigin origin = origin_of(std::move(reply->source), std::move(reply->reason), with);
  turn.kept(co_await turn.keep(std::move(reply->text), origin));
  write_metadata(json, origin, reply->attempts, reply->upstream_json, turn.history());
  json.close('}');
  co_return json_answer(200, std::move(json).take());
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
