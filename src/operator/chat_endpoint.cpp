#include <functional>
#include <string>
#include <utility>

#include "front/report_origin.hpp"
#include "front/usage.hpp"
#include "operator/answers.hpp"
#include "operator/chat_turn.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// \param chat if one was begun
StreamedResponse finished(HttpResponse answer, const Context& context, const Call& call,
                          TimePoint since, EndedChat* chat = nullptr) {
  const Duration took = context.since(since);
  if (chat != nullptr) {
    chat->total = took;
    context.ended(*chat);
  }
  context.finish(answer, call.request, call.request_id);
  context.count(call, answer.status, took);
  return StreamedResponse(std::move(answer), nullptr);
}

}  // namespace

Task<StreamedResponse> answer_chat(const Context& context, const HttpRequest& request,
                                   const HttpAdmission& admission, Deadline deadline) {
  const OperatorApiOptions& with = context.options;
  const TimePoint since = admission.match().since;
  const Call call(request, admission, deadline);
  ChatTurn turn(context, call.principal);
  try {
    auto refused = turn.read(call);
    if (refused) co_return finished(*std::move(refused), context, call, since);
    turn.recalled(co_await turn.recall());

    auto asking = with.router->async_ask(std::cref(turn.chat()), call.deadline);
    auto& reply = co_await asking;
    if (reply) charge(call.meter.get(), reply->ending);
    EndedChat chat(reply ? reply->attempts : reply.error().attempts);
    if (!reply) {
      report_failure(admission, chat.attempts.size());
      HttpResponse failed = offline(context, turn.chat().session_id, reply.error());
      co_return finished(std::move(failed), context, call, since, &chat);
    }
    chat.ending = &reply->ending;
    chat.is_good = true;

    json::Writer json(reply->text.size() + reply->upstream_json.size() + 384);
    json.open('{').key("session_id").string(turn.chat().session_id);
    json.key("response").string(reply->text);
    ChatOrigin origin = origin_of(std::move(reply->source), std::move(reply->reason), with);
    turn.kept(co_await turn.keep(std::move(reply->text), origin));
    write_metadata(json, origin, reply->attempts, reply->upstream_json, turn.history());
    json.close('}');
    report_origin(admission, std::move(origin.source), std::move(origin.reason),
                  reply->attempts.size());
    HttpResponse answer = json_answer(200, std::move(json).take());
    co_return finished(std::move(answer), context, call, since, &chat);
  } catch (...) {  // answered below
  }
  co_return finished(error_answer(500, "internal"), context, call, since);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
