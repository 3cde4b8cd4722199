#include "operator/chats/chats.hpp"

#include <utility>
#include <vector>

#include "operator/chats/chat_answer.hpp"
#include "operator/chats/chat_events.hpp"
#include "operator/chats/chat_record.hpp"
#include "operator/gateway/gateway_reply.hpp"

namespace backend {

namespace {

using vx11::Deadline;
using vx11::Task;

constexpr const char* kAsk = "/operator/chat/ask";

GatewayRequest request_of(const ChatQuestion& question, const char* accept) {
  GatewayRequest request("POST", kAsk, question.caller, question.correlation_id);
  request.body = question.body;
  request.accept = accept;
  if (!question.idempotency_key.empty()) {
    request.headers.set("Idempotency-Key", question.idempotency_key);
  }
  return request;
}

/// A caller who has left gets nothing, and nothing is recorded of what became of the chat.
Task<ApiAnswer> refuse(ChatRecord& record, ApiAnswer answer, const Deadline& deadline) {
  if (!deadline.cancelled()) {
    auto recording = record.refused(answer);
    co_await std::move(recording);
  }
  co_return answer;
}

/// The answer to a chat that the gateway has answered whole.
Task<ApiAnswer> finish(ChatRecord& record, tl::expected<GatewayReply, ApiAnswer> reply,
                       const Deadline& deadline) {
  const bool is_answer = reply && reply->ok() && is_chat_answer(reply->body, true);
  if (!is_answer) {
    ApiAnswer refusal = !reply         ? std::move(reply.error())
                        : !reply->ok() ? passed_on(*std::move(reply))
                                       : invalid_gateway_reply();
    auto refusing = refuse(record, std::move(refusal), deadline);
    co_return co_await std::move(refusing);
  }
  complete_answer(reply->body, record.elapsed_ms());
  auto storing = record.answered(reply->body, reply->body["response"].get<std::string>());
  co_await std::move(storing);
  co_return ApiAnswer(std::move(reply->body));
}

bool is_replay(const vx11::HttpResponse& head) {
  return head.headers.contains("Idempotent-Replayed");
}

bool is_event_stream(const vx11::HttpResponse& head) {
  return head.ok() && head.headers.get("Content-Type").starts_with("text/event-stream");
}

/// The rest of a body that is no stream, such as that of a refusal.
Task<vx11::Result<vx11::HttpResponse>> whole(vx11::StreamedResponse response, Deadline deadline) {
  constexpr std::size_t kMaxBytes = 2 * 1024 * 1024;
  while (response.body) {
    auto reading = response.body->next(deadline);
    vx11::Result<std::string> piece = co_await std::move(reading);
    if (!piece) co_return vx11::fail(std::move(piece.error()));
    if (piece->empty()) break;
    response.head.body += *piece;
    if (response.head.body.size() > kMaxBytes) co_return vx11::fail(vx11::Errc::too_large);
  }
  co_return std::move(response.head);
}

}  // namespace

Task<ApiAnswer> Chats::ask(ChatQuestion question, Deadline deadline) const {
  ChatRecord record(parts_, std::move(question), clock_, wall_clock_);
  const Deadline until = deadline.capped(record.begun(), timeout_);
  auto sending = parts_.gateway->send(request_of(record.question(), "application/json"), until);
  vx11::Result<vx11::HttpResponse> answer = co_await std::move(sending);
  if (answer && is_replay(*answer)) record.note_replay();
  auto finishing = finish(record, read_reply(std::move(answer)), deadline);
  co_return co_await std::move(finishing);
}

Task<ChatOpening> Chats::open(ChatQuestion question, Deadline deadline) const {
  auto record = std::make_unique<ChatRecord>(parts_, std::move(question), clock_, wall_clock_);
  const Deadline until = deadline.capped(record->begun(), timeout_);
  auto opening = parts_.gateway->open(request_of(record->question(), "text/event-stream"), until);
  vx11::Result<vx11::StreamedResponse> opened = co_await std::move(opening);
  if (opened && is_replay(opened->head)) record->note_replay();
  if (opened && is_event_stream(opened->head)) {
    co_return ChatOpening(stream_events(std::move(record), std::move(opened->body)));
  }
  vx11::Result<vx11::HttpResponse> answer = vx11::fail(vx11::Errc::unreachable);
  if (opened) {
    auto reading = whole(*std::move(opened), until);
    answer = co_await std::move(reading);
  } else {
    answer = vx11::fail(std::move(opened.error()));
  }
  auto finishing = finish(*record, read_reply(std::move(answer)), deadline);
  ApiAnswer finished = co_await std::move(finishing);
  if (finished.status >= 300) co_return ChatOpening(std::move(finished));
  co_return ChatOpening(whole_events(*record, std::move(finished.body)));
}

Task<void> Chats::refuse(ChatQuestion question, ApiAnswer answer) const {
  ChatRecord record(parts_, std::move(question), clock_, wall_clock_);
  auto recording = record.refused(answer);
  co_await std::move(recording);
}

}  // namespace backend
