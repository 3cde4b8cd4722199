#include <vx11/chat_stream.hpp>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "json/text.hpp"
#include "router/attempt_spans.hpp"
#include "router/chat_attempt_state.hpp"
#include "router/chat_stream_impl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Limits for what is kept before an answer begins: far above a role and a request id.
constexpr std::size_t kMostEnvelopes = 64;
constexpr std::size_t kMostKept = 256 * 1024;

}  // namespace

ChatStream::Impl::Impl(ChatReply whole) : reply(std::move(whole)) {
  std::string data = R"({"delta":)";
  json::append_string(data, reply.text);
  data += '}';
  kept_.emplace_back(std::move(data), reply.text);
}

ChatStream::Impl::Impl(std::shared_ptr<const RouterOptions> with, OpenedStream stream)
    : options_(std::move(with)),
      call_(std::move(stream.opened.result)),
      body_(std::move(stream.opened.body)),
      reader_(std::move(stream.reader)),
      parser_(stream.framing),
      empty_(stream.empty),
      start_(stream.start),
      ends_(stream.ends) {
  reply.source = std::move(stream.source);
}

ChatEventKind ChatStream::Impl::meaning(const SseEvent& event) noexcept {
  try {
    text_.clear();
    return reader_->read({.name = event.name, .data = event.data, .id = event.id}, text_);
  } catch (...) {
    return ChatEventKind::error;
  }
}

ChatStream::Impl::Step ChatStream::Impl::deliver(std::string_view data) noexcept {
  const std::string_view translated = reader_->translated();
  begun_ = true;
  if (ends_ != TimePoint::max()) delivered_ = options_->clock.now();
  data_ = translated.empty() ? data : translated;
  return Step::piece;
}

bool ChatStream::Impl::explains_emptiness() const noexcept {
  if (empty_ == EmptyAnswers::refused) return false;
  try {
    return reader_->ending().finish_reason != "stop";
  } catch (...) {
    return false;
  }
}

bool ChatStream::Impl::keep_back(std::string_view data) {
  if (kept_.size() == kMostEnvelopes || data.size() > kMostKept - kept_bytes_) return false;
  kept_bytes_ += static_cast<std::uint32_t>(data.size());
  kept_.emplace_back(std::string(data), std::string());
  return true;
}

std::optional<ChatPiece> ChatStream::Impl::take_kept() {
  if (next_kept_ < kept_.size()) return std::move(kept_[next_kept_++]);
  std::vector<ChatPiece>().swap(kept_);  // a stream that waits holds none
  next_kept_ = 0;
  return std::nullopt;
}

ChatStream::Impl::Step ChatStream::Impl::next_event() {
  if (!call_) return Step::ended;
  while (const std::optional<SseEvent> event = parser_.next()) {
    switch (meaning(*event)) {
      case ChatEventKind::piece:
        if (text_.empty()) break;
        return deliver(event->data);
      case ChatEventKind::part:
        text_.clear();
        return deliver(event->data);
      case ChatEventKind::envelope:
        text_.clear();
        if (begun_ || explains_emptiness()) return deliver(event->data);
        if (!keep_back(event->data)) return fail_with(Errc::too_large, Verdict::failure);
        break;
      case ChatEventKind::ignored:
        break;
      case ChatEventKind::end:
        return end();
      case ChatEventKind::error:
        // The last line of a stream that was cut is damaged; the upstream reported nothing.
        return fail_with(at_end_ ? Errc::invalid_reply : Errc::http_status, Verdict::failure);
    }
  }
  if (parser_.overflowed()) return fail_with(Errc::too_large, Verdict::failure);
  return at_end_ ? closed() : Step::starved;
}

ChatStream::Impl::Step ChatStream::Impl::arrived(Result<std::string> bytes,
                                                 const Deadline& deadline) {
  if (!bytes) {
    const Errc code = deadline.cancelled() ? Errc::cancelled : bytes.error().code;
    return fail_with(code, verdict_on(code));
  }
  if (bytes->empty()) {
    at_end_ = true;
    return parser_.end() ? Step::starved : closed();
  }
  parser_.feed(*std::move(bytes));
  return Step::starved;
}

/// Cut cleanly, without the dialect's end.
ChatStream::Impl::Step ChatStream::Impl::closed() {
  bool complete = false;
  try {
    complete = reader_->complete_at_close();
  } catch (...) {  // counts as cut
  }
  return complete ? end() : fail_with(Errc::invalid_reply, Verdict::failure);
}

Task<ChatStream::Impl::Step> ChatStream::Impl::next_piece(Deadline deadline) {
  Step step = next_event();
  while (step == Step::starved) {
    Task<Result<std::string>> reading = body_->next(deadline);
    Result<std::string> bytes = co_await std::move(reading);
    step = arrived(std::move(bytes), deadline);
    if (step == Step::starved) step = next_event();
    // Events without text arrive, but not the piece that the deadline is for.
    if (step == Step::starved && overdue(deadline)) {
      step = fail_with(Errc::timeout, Verdict::failure);
    }
  }
  co_return step;
}

/// The model ended an answer in which it said nothing.
void ChatStream::Impl::note_empty() noexcept {
  if (empty_ == EmptyAnswers::refused) return;
  try {
    reply.ending = reader_->ending();
    reply.upstream_json = reader_->upstream_json();
    ended_empty_ = reader_->complete_at_close();  // else the end has no finish_reason before it
  } catch (...) {                                 // no answer, then
  }
}

std::optional<ChatAnswer> ChatStream::Impl::take_empty() {
  if (!ended_empty_) return std::nullopt;
  ChatAnswer answer(std::string(), std::move(reply.upstream_json));
  answer.ending = std::move(reply.ending);
  answer.completion_json = R"({"choices":[{"index":0,"message":{"role":"assistant","content":""},)"
                           R"("finish_reason":"stop"}]})";
  answer.is_empty = true;
  return answer;
}

/// An end without any piece is no answer, but not a failure either: the upstream works, and
/// which chats it answers without text depends on the client.
ChatStream::Impl::Step ChatStream::Impl::end() {
  if (!begun_) {
    call_->load.record(Verdict::failure, elapsed());
    note_empty();
    return fail_with(Errc::invalid_reply, Verdict::neutral);
  }
  try {
    reply.upstream_json = reader_->upstream_json();
    reply.ending = reader_->ending();
  } catch (...) {  // the answer is complete without it
  }
  conclude(Verdict::success, Outcome::answered);
  return Step::ended;
}

Error ChatStream::Impl::error() const {
  if (failed_ == Errc::http_status)
    return Error(failed_, "the upstream reported an error", reply.source);
  if (failed_ == Errc::timeout && exceeds_total()) {
    return total_timeout_error(reply.source, ends_ - start_);
  }
  return safe_error(reply.source, failed_);
}

bool ChatStream::Impl::end_late() {
  constexpr Duration kPrompt = std::chrono::milliseconds(100);
  if (!call_ || !exceeds_total()) return false;
  const bool is_late = options_->clock.now() - delivered_ >= kPrompt;
  fail_with(Errc::timeout, is_late ? Verdict::neutral : Verdict::failure);
  return true;
}

ChatStream::Impl::Step ChatStream::Impl::fail_with(Errc code, Verdict verdict) {
  failed_ = code;
  conclude(verdict, outcome_of(code));
  body_.reset();
  return Step::failed;
}

void ChatStream::Impl::conclude(Verdict verdict, Outcome outcome) noexcept {
  if (!begun_) call_->elapsed = elapsed();
  const bool has_broken = outcome != Outcome::answered && outcome != Outcome::cancelled;
  if (begun_ && has_broken) {
    options_->events(Event{.kind = EventKind::router_stream_broken,
                           .name = reply.source,
                           .detail = to_string(outcome),
                           .duration = elapsed()});
  }
  call_->conclude(verdict);
  breaker_change_ = call_->breaker_change;
  call_.reset();
  if (reply.attempts.empty()) return;
  Attempt& own = own_attempt();
  own.outcome = outcome;
  own.elapsed = elapsed();
  own.breaker_change = breaker_change_;
  if (trace_) end_trace();
}

ChatStream::Impl::~Impl() {
  if (!trace_ || !call_ || reply.attempts.empty()) return;
  Attempt& own = own_attempt();
  own.outcome = Outcome::cancelled;
  own.elapsed = elapsed();
  end_trace();
}

void ChatStream::Impl::trace_with(const ChatRequest& chat) {
  trace_ = chat.trace;
  if (trace_->is_sampled()) client_model_.own() = client_model_of(chat);
}

void ChatStream::Impl::end_trace() noexcept {
  const Outcome outcome = own_attempt().outcome;
  const bool failed = outcome != Outcome::answered && outcome != Outcome::cancelled;
  if (trace_->keeps(failed)) {
    const ChatEnding* const ending = outcome == Outcome::answered ? &reply.ending : nullptr;
    const TracedAnswer answer{.client_model = client_model_.view(),
                              .ending = ending,
                              .is_stream = true,
                              .has_failed = failed};
    add_attempt_spans(*trace_, *options_, reply.attempts, answer);
  }
  trace_.reset();
}

Attempt& ChatStream::Impl::own_attempt() noexcept {
  std::vector<Attempt>& all = reply.attempts;
  const auto own = std::find_if(all.rbegin(), all.rend(), [&](const Attempt& attempt) {
    return attempt.target == reply.source;
  });
  return own == all.rend() ? all.back() : *own;
}

void ChatStream::Impl::drop() noexcept {
  conclude(Verdict::success, Outcome::answered);
  body_.reset();
}

Task<Result<void>> ChatStream::Impl::begin(Deadline deadline) {
  Errc thrown = Errc::unreachable;
  try {
    const Step step = co_await next_piece(std::move(deadline));
    if (step != Step::piece) co_return fail(error());
    kept_.emplace_back(std::string(data_), text_);
    co_return Result<void>();
  } catch (const std::bad_alloc&) {
    thrown = Errc::exhausted;
  } catch (...) {  // reported as unreachable
  }
  if (call_) fail_with(thrown, verdict_on(thrown));
  co_return fail(error());
}

Task<Result<std::optional<ChatPiece>>> ChatStream::Impl::next(Deadline deadline) {
  std::optional<ChatPiece> piece = take_kept();
  if (piece) co_return std::move(piece);
  if (end_late()) co_return fail(error());
  deadline = limited(std::move(deadline));
  const Step step = co_await next_piece(std::move(deadline));
  if (step == Step::failed) co_return fail(error());
  if (step == Step::piece) piece.emplace(std::string(data_), text_);
  co_return std::move(piece);
}

bool ChatStream::Impl::deliver_kept(ChatPieceSink& sink) {
  bool delivered = false;
  while (const std::optional<ChatPiece> kept = take_kept()) {
    sink.take(kept->data, kept->text);
    delivered = true;
  }
  return delivered;
}

Task<Result<bool>> ChatStream::Impl::read(ChatPieceSink& sink, Deadline deadline) {
  bool delivered = deliver_kept(sink);
  if (!delivered && end_late()) co_return fail(error());
  deadline = limited(std::move(deadline));
  if (!delivered && call_ && overdue(deadline)) {  // also of a stream that never pauses
    fail_with(Errc::timeout, Verdict::failure);
    co_return fail(error());
  }
  for (;;) {  // as `next_piece`, in the same coroutine: one for each wait is enough
    Step step = next_event();
    for (; step == Step::piece; step = next_event()) {
      sink.take(data_, text_);
      delivered = true;
    }
    if (step == Step::starved && delivered) co_return true;
    if (step == Step::starved && overdue(deadline)) {
      step = fail_with(Errc::timeout, Verdict::failure);
    }
    if (step == Step::starved) {
      Task<Result<std::string>> reading = body_->next(deadline);
      Result<std::string>& bytes = co_await reading;
      step = arrived(std::move(bytes), deadline);
    }
    if (step == Step::failed) co_return fail(error());
    if (step == Step::ended) co_return false;
  }
}

Task<void> ChatStream::Impl::release(Deadline deadline) {
  while (body_ != nullptr) {
    Task<Result<std::string>> reading = body_->next(deadline);
    const Result<std::string> bytes = co_await std::move(reading);
    if (!bytes || bytes->empty() || overdue(deadline)) body_.reset();
  }
}

ChatStream::ChatStream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ChatStream::ChatStream(ChatStream&&) noexcept = default;
ChatStream& ChatStream::operator=(ChatStream&&) noexcept = default;
ChatStream::~ChatStream() = default;

const std::string& ChatStream::source() const noexcept {
  return impl_->reply.source;
}
const std::string& ChatStream::reason() const noexcept {
  return impl_->reply.reason;
}
const std::vector<Attempt>& ChatStream::attempts() const noexcept {
  return impl_->reply.attempts;
}
const std::string& ChatStream::upstream_json() const noexcept {
  return impl_->reply.upstream_json;
}
const ChatEnding& ChatStream::ending() const noexcept {
  return impl_->reply.ending;
}
const std::string& ChatStream::completion_json() const noexcept {
  return impl_->reply.completion_json;
}
const std::vector<std::string>& ChatStream::ignored() const noexcept {
  return impl_->reply.ignored;
}

Task<Result<std::optional<ChatPiece>>> ChatStream::next(Deadline deadline) {
  return impl_->next(std::move(deadline));
}
Task<Result<bool>> ChatStream::read(ChatPieceSink& sink, Deadline deadline) {
  return impl_->read(sink, std::move(deadline));
}
Task<void> ChatStream::release(Deadline deadline) {
  return impl_->release(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
