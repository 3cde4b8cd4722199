#include "operator/streamed_chat.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// How a stream that ended with this error is counted.
StreamEnd end_of(Errc code) noexcept {
  if (code == Errc::cancelled) return StreamEnd::cut_by_client;
  return code == Errc::http_status ? StreamEnd::error : StreamEnd::cut_by_upstream;
}

/// For the rest of the upstream's response after its last event; usually it is there already.
constexpr Duration kRelease = std::chrono::seconds(1);

}  // namespace

StreamedChat::StreamedChat(std::shared_ptr<const Context> context, ChatTurn turn,
                           const Deadline& asked, TimePoint since)
    : context_(std::move(context)),
      turn_(std::move(turn)),
      on_departure_(asked.stop_token(), Departure{this}),
      asked_until_(asked.at()),
      since_(since),
      last_out_(since) {}

void StreamedChat::start() {
  produce(shared_from_this());
  if (context_->options.timer != nullptr && !out.is_finished()) beat(shared_from_this());
}

/// A copy, because what is stopped may destroy this object.
void StreamedChat::stop() {
  std::stop_source stopping = stop_;
  stopping.request_stop();
}

void StreamedChat::leave() {
  if (out.is_finished()) return;
  const std::shared_ptr<StreamedChat> self = shared_from_this();
  stop();
  out.dismiss();
}

Detached StreamedChat::produce(std::shared_ptr<StreamedChat> self) {
  try {
    bool more = false;
    {  // what it needed is freed before the stream is waited for
      Task<bool> opening = self->open();
      more = co_await std::move(opening);
    }
    while (more) {
      Task<Result<bool>> reading = self->stream_->read(self->writer_, self->deadline_for_piece());
      const Result<bool>& read = co_await reading;
      if (read && *read) {
        const bool in_time = self->in_time();
        Handover::Given given(self->out, self->writer_.take_out());
        co_await given;
        more = !self->stop_.stop_requested();
        if (!more) self->count_departure();
        if (!more || !in_time || self->in_time()) continue;
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
Task<bool> StreamedChat::open() {
  Task<Result<std::string>> recalling = turn_.recall();
  turn_.recalled(co_await std::move(recalling));
  Deadline deadline(asked_until_, stop_.get_token());
  auto asking =
      context_->options.router->async_stream(std::cref(turn_.chat()), std::move(deadline));
  auto& opened = co_await asking;
  if (!opened) {
    refuse(opened.error());
    co_return false;
  }
  stream_.emplace(std::move(*opened));
  origin_ = origin_of(stream_->source(), stream_->reason(), context_->options);
  turn_.drop_summary();
  first_piece_ = now() - since_;
  decide(Head::events);
  co_return true;
}

Deadline StreamedChat::deadline_for_piece() {
  const ChatStreamLimits& limits = context_->options.stream;
  const TimePoint at = now();
  last_out_ = at;
  return Deadline::after(since_, limits.total, stop_.get_token()).capped(at, limits.silence);
}

bool StreamedChat::in_time() const {
  return now() < saturated_add(since_, context_->options.stream.total);
}

/// The end that follows the last read. After one that says that more may follow the time has run out:
/// the client was slow, not the upstream.
Task<void> StreamedChat::ending_after(const Result<bool>& read) {
  if (!read) return break_off(read.error().code);
  return *read ? break_off(Errc::timeout) : end();
}

Task<void> StreamedChat::end() {
  json::Writer done;
  done.open('{').key("session_id").string(turn_.chat().session_id);
  Task<Result<void>> keeping = turn_.keep(writer_.take_text(), origin_);
  turn_.kept(co_await std::move(keeping));
  write_metadata(done, origin_, stream_->attempts(), stream_->upstream_json(), turn_.history());
  writer_.last("done", std::move(done.close('}')).take());
  count(StreamEnd::done, stream_->attempts());
  finish();
  Deadline deadline = Deadline::after(now(), kRelease, stop_.get_token());
  Task<void> releasing = stream_->release(std::move(deadline));
  co_await std::move(releasing);
}

/// The text so far is stored and marked as incomplete. A client that left has cancelled the chat:
/// then nothing is stored.
Task<void> StreamedChat::break_off(Errc code) {
  json::Writer json;
  begin_offline(json, stream_->source(), offline_reason(code), "The answer broke off");
  json.key("session_id").string(turn_.chat().session_id).key("complete").boolean(false);
  write_attempts(json, stream_->attempts());
  if (code != Errc::cancelled && writer_.has_text()) {
    Task<Result<void>> keeping = turn_.keep(writer_.take_text(), origin_, Completeness::broken_off);
    turn_.kept(co_await std::move(keeping));
  }
  writer_.last("error", std::move(json.close('}')).take());
  count(end_of(code), stream_->attempts());
  finish();
}

/// No target answered: an answer of its own, or an event if the head has left.
void StreamedChat::refuse(const ChatFailure& failure) {
  context_->attempted(failure.attempts);
  HttpResponse answer = offline(turn_.chat().session_id, failure, context_->options.primary);
  if (!decide(Head::whole)) {
    writer_.last("error", answer.body);
    count(failure.code == Errc::cancelled ? StreamEnd::cut_by_client : StreamEnd::error, {});
  } else {
    whole = std::move(answer);
  }
  finish();
}

void StreamedChat::fail() noexcept {
  if (out.is_finished()) return;
  try {
    HttpResponse answer = error_answer(500, "internal");
    if (!decide(Head::whole)) {
      writer_.last("error", answer.body);
      count(StreamEnd::error, {});
    } else {
      whole = std::move(answer);
    }
  } catch (...) {  // out of memory: the stream ends without its last event
  }
  finish();
}

void StreamedChat::count(StreamEnd end, std::span<const Attempt> attempts) noexcept {
  context_->attempted(attempts);
  context_->metrics.streamed(end, first_piece_, now() - since_);
}

void StreamedChat::count_departure() {
  std::vector<Attempt> attempts = stream_->attempts();
  // Not always the last one: a further target may have been asked beside a slow one.
  const auto own = std::find_if(attempts.rbegin(), attempts.rend(), [&](const Attempt& attempt) {
    return attempt.target == stream_->source();
  });
  if (own != attempts.rend()) own->outcome = Outcome::cancelled;
  count(StreamEnd::cut_by_client, attempts);
  finish();
}

void StreamedChat::finish() {
  out.finish(writer_.take_out());
  beat_stop_.request_stop();
}

Detached StreamedChat::beat(std::shared_ptr<StreamedChat> self) {
  Timer& timer = *self->context_->options.timer;
  try {
    while (!self->out.is_finished()) {
      const Duration wait = self->until_beat();
      if (wait <= Duration::zero()) {
        self->write_beat();
        continue;
      }
      Task<bool> sleeping = timer.sleep(wait, self->beat_stop_.get_token());
      const bool slept = co_await std::move(sleeping);
      if (!slept) co_return;  // the stream is finished, or the timer has ended
    }
  } catch (...) {  // a stream without signs of life, but a stream
  }
}

Duration StreamedChat::until_beat() const {
  const ChatStreamLimits& limits = context_->options.stream;
  return (head_ != Head::undecided ? limits.heartbeat : limits.head_after) -
         (now() - last_out_.load());
}

void StreamedChat::write_beat() {
  last_out_ = now();
  if (decide(Head::events)) out.interject(kSseComment);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
