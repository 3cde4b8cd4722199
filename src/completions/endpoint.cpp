#include "completions/endpoint.hpp"

#include <functional>
#include <string>
#include <utility>

#include "completions/answers.hpp"
#include "completions/errors.hpp"
#include "completions/form.hpp"
#include "completions/request.hpp"
#include "completions/responses.hpp"
#include "completions/text_completion.hpp"
#include "front/chat_relay.hpp"
#include "front/chat_trace.hpp"
#include "front/report_origin.hpp"
#include "front/usage.hpp"
#include "http/percent.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

Result<CompletionCall, HttpResponse> read_call(AnswerStyle style, const std::string& body,
                                               SessionMember session_member) {
  switch (style) {
    case AnswerStyle::response:
      return read_response_call(body, session_member);
    case AnswerStyle::text_completion:
      return read_text_completion_call(body, session_member);
    case AnswerStyle::chat_completion:
      break;
  }
  return read_completion_call(body, session_member);
}

std::string body_of(const CompletionCall& call, const ChatReply& reply, const Context& context,
                    const Provenance& from) {
  const bool may_be_own = call.style == AnswerStyle::chat_completion;
  if (may_be_own && is_complete(reply)) return own_body(reply, from);
  const AnswerHead head(call.model, context.seconds_now());
  switch (call.style) {
    case AnswerStyle::response:
      return response_body(reply, head, from);
    case AnswerStyle::text_completion:
      return text_completion_body(reply, head, from);
    case AnswerStyle::chat_completion:
      break;
  }
  return completion_body(reply, head, from);
}

void write_model(json::Writer& json, const Context& context, std::string_view name) {
  json.open('{').key("id").string(name).key("object").string("model");
  json.key("created").integer(context.created).key("owned_by").string("vx11").close('}');
}

StreamedResponse whole(HttpResponse answer) {
  return StreamedResponse(std::move(answer), nullptr);
}

Task<StreamedResponse> answer_whole(const Context& context, const Router& router,
                                    CompletionCall call, const HttpAdmission& admission,
                                    const Deadline& deadline) {
  SessionTurn turn(context, call.chat, call.principal.get());
  if (turn.is_kept()) {
    co_await turn.recall();
  } else {
    turn.begin();
  }
  auto asking = router.async_ask(std::cref(call.chat), deadline);
  auto& reply = co_await asking;
  EndedChat chat(reply ? reply->attempts : reply.error().attempts);
  chat.total = context.since(admission.match().since);
  if (!reply) {
    context.ended(chat);
    endpoints::report_failure(admission, chat.attempts.size());
    co_return whole(failure_response(reply.error(), router, context.options.max_retry_after));
  }
  chat.ending = &reply->ending;
  chat.is_good = true;
  context.ended(chat);
  endpoints::charge(admission.meter().get(), reply->ending);
  if (turn.is_kept()) {
    Task<void> keeping = turn.keep(reply->text, reply->source, Completeness::complete);
    co_await std::move(keeping);
  }
  const Provenance from(reply->source, reply->reason, reply->attempts, reply->ignored, turn);
  HttpResponse answer(200, "application/json", body_of(call, *reply, context, from));
  endpoints::report_origin(admission, std::move(reply->source), std::move(reply->reason),
                           reply->attempts.size());
  co_return whole(std::move(answer));
}

}  // namespace

Task<StreamedResponse> complete_chat(std::shared_ptr<const Context> context, AnswerStyle style,
                                     const HttpRequest& request, const HttpAdmission& admission,
                                     const std::string& request_id, const Deadline& deadline,
                                     endpoints::RouteCount route_count) {
  const ChatCompletionsApiOptions& with = context->options;
  auto call = read_call(style, request.body, with.session_member);
  if (!call) return whole(std::move(call.error()));
  call->chat.request_id = request_id;
  endpoints::join_trace(call->chat, admission.trace(), request.headers);
  call->principal = admission.match().principal;
  const bool is_user = call->principal != nullptr && with.auth->names_users();
  if (is_user) call->chat.user_id = *call->principal;
  const auto model = with.models.find(call->model);
  if (model == with.models.end()) return whole(unknown_model());
  const std::shared_ptr<const Router>& router = model->second;
  if (call->form == AnswerForm::whole) {
    return answer_whole(*context, *router, *std::move(call), admission, deadline);
  }
  const TimePoint since = admission.match().since;
  endpoints::RelayOptions options(with.stream, with.timer.get(), with.clock,
                                  with.chat_metrics.get());
  auto form = std::make_unique<CompletionForm>(context, router, *std::move(call), admission.meter(),
                                               std::move(route_count));
  auto relay =
      std::make_shared<endpoints::ChatRelay>(std::move(options), std::move(form), deadline, since);
  return endpoints::answer_with(std::move(relay));
}

HttpResponse unknown_model() {
  return error_response(ApiError(404, "model_not_found",
                                 "there is no model of this name; GET /v1/models lists them",
                                 "model"));
}

HttpResponse list_models(const Context& context) {
  json::Writer json(1024);
  json.open('{').key("object").string("list").key("data").open('[');
  for (const auto& [name, router] : context.options.models) write_model(json, context, name);
  return HttpResponse(200, "application/json", std::move(json.close(']').close('}')).take());
}

HttpResponse show_model(const Context& context, std::string_view id) {
  const auto name = decode_percent(id);
  if (!name || !context.options.models.contains(*name)) return unknown_model();
  json::Writer json;
  write_model(json, context, *name);
  return HttpResponse(200, "application/json", std::move(json).take());
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
