#include "completions/form.hpp"

#include <utility>

#include "completions/chunk_writer.hpp"
#include "completions/errors.hpp"
#include "completions/responses.hpp"
#include "completions/text_completion.hpp"
#include "front/usage.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

std::unique_ptr<AnswerWriter> writer_for(const Context& context, const CompletionCall& call,
                                         const SessionTurn& turn) {
  AnswerHead head(call.model, context.seconds_now());
  switch (call.style) {
    case AnswerStyle::response:
      return std::make_unique<ResponseWriter>(std::move(head), turn);
    case AnswerStyle::text_completion:
      return std::make_unique<TextCompletionWriter>(std::move(head), call.wants_usage, turn);
    case AnswerStyle::chat_completion:
      break;
  }
  return std::make_unique<ChunkWriter>(std::move(head), call.wants_usage, turn);
}

RouteLabel label_of(AnswerStyle style) noexcept {
  switch (style) {
    case AnswerStyle::response:
      return RouteLabel::responses;
    case AnswerStyle::text_completion:
      return RouteLabel::completions;
    case AnswerStyle::chat_completion:
      break;
  }
  return RouteLabel::chat_completions;
}

}  // namespace

CompletionForm::CompletionForm(std::shared_ptr<const Context> context,
                               std::shared_ptr<const Router> router, CompletionCall call,
                               std::shared_ptr<UsageMeter> meter, endpoints::RouteCount route_count)
    : context_(std::move(context)),
      router_(std::move(router)),
      call_(std::move(call)),
      turn_(*context_, call_.chat, call_.principal.get()),
      meter_(std::move(meter)),
      writer_(writer_for(*context_, call_, turn_)),
      route_count_(std::move(route_count)) {}

HttpResponse CompletionForm::refuse(const ChatFailure& failure, Duration took) {
  EndedChat chat(failure.attempts);
  chat.total = took;
  chat.is_streamed = true;
  context_->ended(chat);
  return failure_response(failure, *router_, context_->options.max_retry_after);
}

HttpResponse CompletionForm::defect() {
  return error_response(ApiError(500, "internal", "the request could not be completed"));
}

HttpResponse CompletionForm::shutting_down() {
  HttpResponse answer = error_response(shutdown_error());
  answer.headers.add("Retry-After", "1");
  return answer;
}

Task<void> CompletionForm::end(const ChatStream& stream) {
  endpoints::charge(meter_.get(), stream.ending());
  Task<void> keeping = turn_.keep(writer_->take_text(), stream.source(), Completeness::complete);
  co_await std::move(keeping);
  writer_->end();
}

/// The text so far is stored and marked as incomplete. A client that left has cancelled the chat:
/// then nothing is stored.
Task<void> CompletionForm::break_off(const ChatStream& stream, Error error) {
  endpoints::charge(meter_.get(), stream.ending());
  if (error.code != Errc::cancelled) {
    Task<void> keeping =
        turn_.keep(writer_->take_text(), stream.source(), Completeness::broken_off);
    co_await std::move(keeping);
  }
  const bool is_shutdown = error.code == endpoints::kShuttingDown;
  writer_->error(is_shutdown ? error_body(shutdown_error())
                             : broken_off(stream.source(), error.code));
}

void CompletionForm::count(const endpoints::StreamCount& ended) noexcept {
  context_->ended(endpoints::ended_chat(ended));
  if (context_->metrics != nullptr) context_->metrics->streamed(label_of(call_.style), ended.end);
  route_count_.answered(counted_status(ended.end), ended.total);
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
