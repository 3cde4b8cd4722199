#include "requests/logged_stream.hpp"

#include <utility>

#include "requests/record_facts.hpp"
#include "requests/request_span.hpp"

namespace vx11 {
inline namespace v0 {
namespace requests {

OwnedRecord::OwnedRecord(const RequestRecord& from_record, const HttpRequest& request,
                         const HttpAdmission& from, std::shared_ptr<RequestTrace> traced)
    : record(from_record),
      request_id(from_record.request_id),
      trace(std::move(traced)),
      trace_id(trace ? std::string_view() : from_record.trace_id),
      method(from_record.method),
      target(from_record.target),
      principal(from.match().principal),
      peer(request.peer) {}

RequestRecord OwnedRecord::view() const noexcept {
  RequestRecord viewed = record;
  viewed.request_id = request_id;
  if (trace == nullptr) viewed.trace_id = trace_id;
  viewed.method = method;
  viewed.target = target;
  viewed.principal = principal ? std::string_view(*principal) : std::string_view();
  viewed.peer = peer ? std::string_view(peer->address) : std::string_view();
  viewed.source = {};
  viewed.fallback = {};
  viewed.error = {};
  return viewed;
}

Task<Result<std::string>> LoggedStream::next(Deadline deadline) {
  const std::stop_token stop = deadline.stop_token();
  Task<Result<std::string>> reading = body_->next(std::move(deadline));
  Result<std::string> piece = co_await std::move(reading);
  note(piece, stop.stop_requested());
  co_return std::move(piece);
}

void LoggedStream::note(const Result<std::string>& piece, bool is_cancelled) {
  const AnswerEnd failed = is_cancelled ? AnswerEnd::client_left : AnswerEnd::error;
  if (!piece) return report(failed, {});
  record_.record.bytes_out += piece->size();
  if (!piece->empty() && !body_->ended()) return;
  report(body_->failed() ? failed : AnswerEnd::done, *piece);
}

void LoggedStream::report(AnswerEnd end, std::string_view last_piece) noexcept {
  if (std::exchange(is_reported_, true)) return;
  RequestRecord record = record_.view();
  const ChatFacts facts = chat_facts(last_piece);
  record.source = facts.source;
  record.fallback = facts.fallback;
  record.attempts = facts.attempts;
  if (end == AnswerEnd::error) record.error = error_word(last_piece);
  record.end = end;
  record.ended = options_.clock.now();
  record.duration = record.ended - since_;
  if (record_.trace) end_trace(*record_.trace, record, since_);
  options_.sink(record);
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
