#include "requests/logged_stream.hpp"

#include <utility>

#include "requests/record_facts.hpp"
#include "requests/request_span.hpp"

namespace vx11 {
inline namespace v0 {
namespace requests {

OwnedRecord::OwnedRecord(const RequestRecord& record, const HttpRequest& request,
                         const HttpAdmission& from, std::shared_ptr<RequestTrace> traced)
    : received_(record.received),
      route_(record.route),
      trace_(std::move(traced)),
      principal_(from.match().principal),
      peer_(request.peer),
      bytes_in_(record.bytes_in),
      bytes_out_(record.bytes_out),
      status_(record.status),
      is_sampled_(record.is_sampled) {
  const std::string_view trace_id = trace_ ? std::string_view() : record.trace_id;
  texts_.reserve(record.request_id.size() + record.method.size() + record.target.size() +
                 trace_id.size());
  for (const auto text : {record.request_id, record.method, record.target, trace_id}) add(text);
}

void OwnedRecord::add(std::string_view text) {
  texts_ += text;
  sizes_[texts_added_++] = static_cast<std::uint32_t>(text.size());
}

RequestRecord OwnedRecord::view() const noexcept {
  RequestRecord record;
  std::string_view texts = texts_;
  std::size_t at = 0;
  for (std::string_view RequestRecord::*const text :
       {&RequestRecord::request_id, &RequestRecord::method, &RequestRecord::target,
        &RequestRecord::trace_id}) {
    record.*text = texts.substr(0, sizes_[at]);
    texts.remove_prefix(sizes_[at++]);
  }
  if (trace_ != nullptr) {
    record.trace_id = trace_->text().trace_id();
    record.span_id = trace_->text().span_id();
  }
  record.received = received_;
  record.route = route_;
  if (principal_) record.principal = *principal_;
  if (peer_) record.peer = peer_->address;
  record.status = status_;
  record.bytes_in = bytes_in_;
  record.bytes_out = bytes_out_;
  record.is_admitted = true;
  record.is_sampled = is_sampled_;
  return record;
}

/// Only a stream that has to wait needs a coroutine.
Task<Result<std::string>> LoggedStream::next(Deadline deadline) {
  std::stop_token stop = deadline.stop_token();
  Task<Result<std::string>> reading = body_->next(std::move(deadline));
  auto waiting = reading.operator co_await();
  if (!waiting.await_ready()) return noted(std::move(reading), std::move(stop));
  note(waiting.await_resume(), stop.stop_requested());
  return reading;
}

Task<Result<std::string>> LoggedStream::noted(Task<Result<std::string>> reading,
                                              std::stop_token stop) {
  Result<std::string>& piece = co_await reading;
  note(piece, stop.stop_requested());
  co_return std::move(piece);
}

void LoggedStream::note(const Result<std::string>& piece, bool is_cancelled) {
  const AnswerEnd failed = is_cancelled ? AnswerEnd::client_left : AnswerEnd::error;
  if (!piece) return report(failed, {});
  record_.add_bytes(piece->size());
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
  if (RequestTrace* const trace = record_.trace()) end_trace(*trace, record, since_);
  options_.sink(record);
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
