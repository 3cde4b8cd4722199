#include "front/chat_relay.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "http/sse.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// How a stream that ended with this error is counted.
StreamEnd end_of(Errc code) noexcept {
  if (code == Errc::cancelled) return StreamEnd::cut_by_client;
  const bool is_reported = code == Errc::http_status || code == kShuttingDown;
  return is_reported ? StreamEnd::error : StreamEnd::cut_by_upstream;
}

/// For the rest of the upstream's response after its last event; usually it is there already.
constexpr Duration kRelease = std::chrono::seconds(1);

}  // namespace

ChatRelay::ChatRelay(RelayOptions options, std::unique_ptr<ChatForm> form, const Deadline& asked,
                     TimePoint since)
    : options_(std::move(options)),
      form_(std::move(form)),
      on_departure_(asked.stop_token(), Departure{this}),
      asked_until_(asked.at()),
      since_(since),
      last_out_(since) {}

void ChatRelay::start() {
  begin(shared_from_this());
  if (options_.timer == nullptr || out.is_finished()) return;
  heartbeat_.begin(*options_.timer, shared_from_this());
}

/// A copy, because what is stopped may destroy this object.
void ChatRelay::stop() {
  std::stop_source stopping = stop_;
  stopping.request_stop();
}

void ChatRelay::leave() {
  if (out.is_finished()) return;
  const std::shared_ptr<ChatRelay> self = shared_from_this();
  stop();
  out.dismiss();
}

void ChatRelay::cut_short() {
  if (out.is_finished()) return;
  const std::shared_ptr<ChatRelay> self = shared_from_this();
  cut_short_.store(true, std::memory_order_relaxed);
  stop();
}

/// A coroutine of its own: what it needed is freed before the stream is waited for.
Detached ChatRelay::begin(std::shared_ptr<ChatRelay> self) {
  bool has_begun = false;
  try {
    Task<bool> opening = self->open();
    has_begun = co_await std::move(opening);
  } catch (...) {  // a part of the user's threw
    self->fail();
  }
  if (has_begun) {
    produce(std::move(self));
  } else {
    self->stream_.reset();
  }
}

Detached ChatRelay::produce(std::shared_ptr<ChatRelay> self) {
  try {
    for (bool more = true; more;) {
      Task<Result<bool>> reading =
          self->stream_->read(self->form_->sink(), self->deadline_for_piece());
      const Result<bool>& read = co_await reading;
      if (read && *read) {
        const bool in_time = self->in_time();
        Handover::Given given(self->out, self->form_->take_out());
        if (!given.has_text()) continue;  // nothing but parts without text arrived
        self->decide(Head::events);
        co_await given;
        self->note_piece();
        const bool is_stopped = self->stop_.stop_requested();
        more = !is_stopped || self->is_cut_short();
        if (!more) self->count_departure();
        if (!more || (!is_stopped && (!in_time || self->in_time()))) continue;
      }
      more = false;
      Task<void> ending = self->ending_after(read);
      co_await std::move(ending);
    }
  } catch (...) {  // a part of the user's threw
    self->fail();
  }
  self->stream_.reset();
}

/// \return whether a stream has begun
Task<bool> ChatRelay::open() {
  {  // what it needed is freed before an answer is waited for
    Task<void> preparing = form_->prepare();
    co_await std::move(preparing);
  }
  Deadline deadline(asked_until_, stop_.get_token());
  auto asking = form_->router().async_stream(std::cref(form_->chat()), std::move(deadline));
  auto& opened = co_await asking;
  if (!opened) {
    refuse(opened.error());
    co_return false;
  }
  stream_.emplace(std::move(*opened));
  form_->begin(*stream_);
  first_piece_ = now() - since_;
  co_return true;
}

void ChatRelay::note_piece() noexcept {
  const TimePoint at = now();
  last_out_ = at;
  if (options_.metrics != nullptr && last_piece_ != TimePoint()) {
    options_.metrics->piece_arrived(at - last_piece_);
  }
  last_piece_ = at;
}

Deadline ChatRelay::deadline_for_piece() {
  const ChatStreamLimits& limits = options_.limits;
  const TimePoint at = now();
  return Deadline::after(since_, limits.total, stop_.get_token()).capped(at, limits.silence);
}

bool ChatRelay::in_time() const {
  return now() < saturated_add(since_, options_.limits.total);
}

/// The end that follows the last read. After one that says that more may follow the time has run
/// out: the client was slow, not the upstream.
Task<void> ChatRelay::ending_after(const Result<bool>& read) {
  const bool is_stopped = read ? *read : read.error().code == Errc::cancelled;
  if (is_stopped && is_cut_short()) return break_off(Error(kShuttingDown));
  if (!read) return break_off(read.error());
  return *read ? break_off(Error(Errc::timeout)) : end();
}

Task<void> ChatRelay::end() {
  Task<void> ending = form_->end(*stream_);
  co_await std::move(ending);
  count(StreamEnd::done, stream_->attempts());
  finish();
  Deadline deadline = Deadline::after(now(), kRelease, stop_.get_token());
  Task<void> releasing = stream_->release(std::move(deadline));
  co_await std::move(releasing);
}

Task<void> ChatRelay::break_off(Error error) {
  const Errc code = error.code;
  Task<void> ending = form_->break_off(*stream_, std::move(error));
  co_await std::move(ending);
  count(end_of(code), stream_->attempts());
  finish();
}

/// No target answered: an answer of its own, or an event if the head has left.
void ChatRelay::refuse(const ChatFailure& failure) {
  const bool is_cut = failure.code == Errc::cancelled && is_cut_short();
  HttpResponse answer = is_cut ? form_->shutting_down() : form_->refuse(failure, now() - since_);
  if (!decide(Head::whole)) {
    form_->write_late(answer);
    const bool has_left = failure.code == Errc::cancelled && !is_cut;
    count(has_left ? StreamEnd::cut_by_client : StreamEnd::error, {});
  } else {
    whole = std::make_unique<HttpResponse>(std::move(answer));
  }
  finish();
}

void ChatRelay::fail() noexcept {
  if (out.is_finished()) return;
  try {
    HttpResponse answer = form_->defect();
    if (!decide(Head::whole)) {
      form_->write_late(answer);
      count(StreamEnd::error, {});
    } else {
      whole = std::make_unique<HttpResponse>(std::move(answer));
    }
  } catch (...) {  // out of memory: the stream ends without its last event
  }
  finish();
}

void ChatRelay::count(StreamEnd end, std::span<const Attempt> attempts) noexcept {
  failed_.store(end != StreamEnd::done, std::memory_order_relaxed);
  const bool has_piece = first_piece_ != Duration::min();
  form_->count({.end = end,
                .attempts = attempts,
                .stream = stream_ ? &*stream_ : nullptr,
                .first_piece = has_piece ? std::optional(first_piece_) : std::nullopt,
                .total = now() - since_});
}

void ChatRelay::count_departure() {
  std::vector<Attempt> attempts = stream_->attempts();
  // Not always the last one: a further target may have been asked beside a slow one.
  const auto own = std::find_if(attempts.rbegin(), attempts.rend(), [&](const Attempt& attempt) {
    return attempt.target == stream_->source();
  });
  if (own != attempts.rend()) own->outcome = Outcome::cancelled;
  count(StreamEnd::cut_by_client, attempts);
  finish();
}

void ChatRelay::finish() {
  out.finish(form_->take_out());
  heartbeat_.end();
}

std::optional<Duration> ChatRelay::beat() {
  while (!out.is_finished()) {
    const Duration wait = until_beat();
    if (wait > Duration::zero()) return wait;
    write_beat();
  }
  return std::nullopt;
}

Duration ChatRelay::until_beat() const {
  const ChatStreamLimits& limits = options_.limits;
  return (head_ != Head::undecided ? limits.heartbeat : limits.head_after) -
         (now() - last_out_.load());
}

void ChatRelay::write_beat() {
  last_out_ = now();
  if (decide(Head::events)) out.interject(kSseComment);
}

namespace {

/// The events of a chat as the body of a response.
class ChatEvents final : public BodyStream {
 public:
  explicit ChatEvents(std::shared_ptr<ChatRelay> chat) : chat_(std::move(chat)) {}
  ~ChatEvents() override { chat_->leave(); }

  /// The request's stop token counts, not `deadline`: the API was given it when the chat began.
  Task<Result<std::string>> next(Deadline /*deadline*/) override {
    if (chat_->out.demand()) return Result<std::string>(chat_->out.take());
    return wait();
  }
  bool ended() const noexcept override { return chat_->out.is_over(); }
  bool failed() const noexcept override { return chat_->has_failed(); }
  bool cut_short() noexcept override {
    chat_->cut_short();
    return true;
  }

 private:
  Task<Result<std::string>> wait() {
    Handover::Wanted wanted(chat_->out);
    co_await wanted;
    co_return chat_->out.take();
  }

  std::shared_ptr<ChatRelay> chat_;
};

HttpResponse event_stream_head() {
  // Python's requests decodes text without a charset as Latin-1.
  HttpResponse head(200, "text/event-stream; charset=utf-8", {});
  head.headers.add("Cache-Control", "no-store, no-transform");  // a compressor would hold pieces
  head.headers.add("X-Accel-Buffering", "no");  // nginx forwards pieces without buffering
  return head;
}

}  // namespace

Task<StreamedResponse> answer_with(std::shared_ptr<ChatRelay> relay) {
  const std::shared_ptr<ChatRelay> chat = std::move(relay);
  chat->start();
  Handover::Wanted begun(chat->out);
  co_await begun;
  if (chat->whole) co_return StreamedResponse(std::move(*chat->whole), nullptr);
  co_return StreamedResponse(event_stream_head(), std::make_unique<ChatEvents>(chat));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
