#include "completions/embeddings.hpp"

#include <vx11/session.hpp>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "completions/endpoint.hpp"
#include "completions/errors.hpp"
#include "completions/request.hpp"
#include "front/chat_trace.hpp"
#include "front/report_origin.hpp"
#include "front/usage.hpp"
#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

/// A valid request.
struct EmbeddingsCall {
  std::string model = {};
  ChatRequest chat = {};
};

tl::unexpected<HttpResponse> refused(std::string_view param, std::string_view message) {
  return tl::unexpected(error_response(ApiError(400, "invalid_request", message, param)));
}

/// `input` is a text, several of them, or tokens: the upstream reads it.
Result<EmbeddingsCall, HttpResponse> read_call(const std::string& body) {
  constexpr std::array<std::string_view, 2> kNames = {"model", "input"};
  const auto scanned = json::scan_object(body, kNames);
  if (!scanned) return refused("", "the body is not a JSON object: " + scanned.error().detail);
  const json::Member& model = scanned->members[0];
  const json::Kind input = scanned->members[1].kind;
  if (!is_word(model) || model.text.empty()) return refused("model", kModelMistake);
  if (input != json::Kind::string && input != json::Kind::array) {
    return refused("input", "input must be a string or a list");
  }
  EmbeddingsCall call;
  call.model = model.text;
  call.chat.completion_json = without_mark(body);
  call.chat.session_id = make_uuid();  // spreads the calls over a group that is chosen by session
  return call;
}

HttpResponse no_embeddings() {
  return error_response(ApiError(400, "unsupported_parameter",
                                 "no target of this model has embeddings: only targets that speak "
                                 "the OpenAI API do",
                                 "model"));
}

HttpResponse answer_of(ChatReply& reply) {
  HttpResponse answer(200, "application/json", std::move(reply.completion_json));
  answer.headers.add("x-vx11-source", reply.source);
  if (!reply.reason.empty()) answer.headers.add("x-vx11-reason", reply.reason);
  return answer;
}

}  // namespace

Task<HttpResponse> answer_embeddings(std::shared_ptr<const Context> context,
                                     const HttpRequest& request, const HttpAdmission& admission,
                                     const std::string& request_id, const Deadline& deadline) {
  const ChatCompletionsApiOptions& with = context->options;
  auto call = read_call(request.body);
  if (!call) co_return HttpResponse(call.error());
  call->chat.request_id = request_id;
  endpoints::join_trace(call->chat, admission.trace(), request.headers);
  const auto found = with.embeddings.find(call->model);
  if (found == with.embeddings.end()) {
    const bool is_known = with.models.contains(call->model);
    co_return is_known ? no_embeddings() : unknown_model();
  }
  const std::shared_ptr<const Router> router = found->second;
  auto asking = router->async_ask(std::cref(call->chat), deadline);
  auto& reply = co_await asking;
  EndedChat ended(reply ? reply->attempts : reply.error().attempts);
  ended.operation = ChatOperation::embeddings;
  ended.total = context->since(admission.match().since);
  ended.is_good = reply.has_value();
  if (reply) ended.ending = &reply->ending;
  context->ended(ended);
  if (!reply) {
    endpoints::report_failure(admission, ended.attempts.size());
    co_return failure_response(reply.error(), *router, with.max_retry_after);
  }
  endpoints::charge(admission.meter().get(), reply->ending);
  HttpResponse answer = answer_of(*reply);
  endpoints::report_origin(admission, std::move(reply->source), std::move(reply->reason),
                           reply->attempts.size());
  co_return std::move(answer);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
