#include "operator/chat_form.hpp"

#include <chrono>
#include <utility>

#include "front/usage.hpp"
#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

void begin_shutdown(json::Writer& json) {
  begin_offline(json, "tentaculo_link", "shutting_down", "The gateway is shutting down; ask again");
}

}  // namespace

Task<void> OperatorChatForm::prepare() {
  Task<Result<std::string>> recalling = turn_->recall();
  turn_->recalled(co_await std::move(recalling));
}

HttpResponse OperatorChatForm::refuse(const ChatFailure& failure, Duration took) {
  EndedChat chat(failure.attempts);
  chat.total = took;
  chat.is_streamed = true;
  context_->ended(chat);
  return offline(*context_, turn_->chat().session_id, failure);
}

HttpResponse OperatorChatForm::defect() {
  return error_answer(500, "internal");
}

HttpResponse OperatorChatForm::shutting_down() {
  json::Writer json;
  begin_shutdown(json);
  json.key("session_id").string(turn_->chat().session_id);
  return offline_answer(std::move(json.close('}')).take(), std::chrono::seconds(1));
}

void OperatorChatForm::begin(const ChatStream& /*stream*/) {
  stored_ = turn_->take();
  turn_.reset();
}

Task<void> OperatorChatForm::end(const ChatStream& stream) {
  charge(meter_.get(), stream.ending());
  const ChatOrigin origin = origin_of(stream.source(), stream.reason(), context_->options);
  json::Writer done;
  done.open('{').key("session_id").string(stored_.session_id());
  Task<Result<void>> keeping = stored_.keep(writer_.take_text(), origin);
  stored_.kept(co_await std::move(keeping));
  write_metadata(done, origin, stream.attempts(), stream.upstream_json(), stored_.history());
  writer_.last("done", std::move(done.close('}')).take());
}

/// The text so far is stored and marked as incomplete. A client that left has cancelled the chat:
/// then nothing is stored.
Task<void> OperatorChatForm::break_off(const ChatStream& stream, Error error) {
  charge(meter_.get(), stream.ending());
  json::Writer json;
  if (error.code == kShuttingDown) {
    begin_shutdown(json);
  } else {
    begin_offline(json, stream.source(), offline_reason(error.code), "The answer broke off");
  }
  json.key("session_id").string(stored_.session_id()).key("complete").boolean(false);
  write_attempts(json, stream.attempts());
  if (error.code != Errc::cancelled && writer_.has_text()) {
    const ChatOrigin origin = origin_of(stream.source(), stream.reason(), context_->options);
    Task<Result<void>> keeping =
        stored_.keep(writer_.take_text(), origin, Completeness::broken_off);
    stored_.kept(co_await std::move(keeping));
  }
  writer_.last("error", std::move(json.close('}')).take());
}

void OperatorChatForm::count(const StreamCount& ended) noexcept {
  context_->ended(ended_chat(ended));
  context_->metrics.streamed(ended.end, ended.first_piece, ended.total);
  route_count_.answered(counted_status(ended.end), ended.total);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
