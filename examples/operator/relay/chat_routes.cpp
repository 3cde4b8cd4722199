// POST chat, whole or as an event stream.
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/query_values.hpp"
#include "operator/chats/chat_events.hpp"
#include "operator/relay/route_context.hpp"

namespace backend {

namespace {

using vx11::Task;

Task<ApiAnswer> stream(SharedContext context, const ApiCall& call, ChatQuestion question) {
  auto opening = context->chats.open(std::move(question), call.deadline);
  ChatOpening opened = co_await std::move(opening);
  if (!opened.events) co_return std::move(opened.refusal);
  vx11::HttpResponse head(200);
  head.headers.add("Content-Type", "text/event-stream");
  head.headers.add("X-Accel-Buffering", "no");  // nginx then passes on each piece as it comes
  co_return ApiAnswer(
      vx11::StreamedResponse(std::move(head), event_stream_of(std::move(opened.events))));
}

Task<ApiAnswer> chat(SharedContext context, const ApiCall& call) {
  auto body = json_object(call);  // the gateway checks its members
  if (!body) co_return std::move(body.error());
  ChatQuestion question(call.caller, to_text(*body), call.correlation_id);
  question.idempotency_key = call.request.headers.get("Idempotency-Key");
  auto answering = wants_event_stream(call.request)
                       ? stream(context, call, std::move(question))
                       : context->chats.ask(std::move(question), call.deadline);
  co_return co_await std::move(answering);
}

}  // namespace

void add_chat_routes(ApiRoutes& routes, const SharedContext& context) {
  ApiRoute route = route_of(context, "POST", "/chat", &chat, vx11::Scopes{vx11::Scope::chat});
  // A message of 64 KiB whose characters are all escaped; the gateway has limits of its own.
  route.options.max_body_bytes = 512 * 1024;
  routes.push_back(std::move(route));
}

}  // namespace backend
