#include "net/server/connection.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse internal_error() {
  return refusal(500, "the request could not be answered");
}

/// Appends a piece of a body, or with an empty one its end.
void append_piece(std::string& out, std::string_view piece, bool chunked) {
  chunked ? append_chunk(out, piece) : void(out += piece);
}

/// Whether a response of that status may have a body or a Content-Length (RFC 9110 §6.4.1).
bool may_have_body(int status) noexcept {
  return status != 204 && status != 304;
}

}  // namespace

Connection::Connection(std::shared_ptr<Channel> channel, ServerState& server, LoopState& loop,
                       std::string address)
    : ListedConnection(loop.connections),
      channel_(std::move(channel)),
      server_(server),
      loop_(loop),
      address_(std::move(address)) {}

Connection::~Connection() {
  server_.connections.leave(address_);
}

void Connection::start() {
  serve(shared_from_this());
}

void Connection::drain() noexcept {
  if (!busy_) abort();
}

Detached Connection::serve(std::shared_ptr<Connection> self) {
  Channel& channel = *self->channel_;
  Then then = Then::next;
  while (then == Then::next) {
    channel.limit(TimerWheel::in(self->server_.limits.idle_timeout));
    const bool more = co_await channel.wait_readable();
    if (!more) break;
    self->busy_ = true;
    std::unique_ptr<RequestScratch> scratch = self->loop_.lend();
    then = co_await self->serve_one(*scratch);
    self->loop_.give_back(std::move(scratch));
    self->busy_ = false;
  }
  if (then == Then::linger) co_await self->linger();
  channel.watch(nullptr, nullptr);  // no more callbacks
  channel.abort(CloseReason::aborted);
}

/// One coroutine for the common case: head and body have arrived, and the response fits the socket.
Task<Connection::Then> Connection::serve_one(RequestScratch& scratch) {
  RequestReader& reader = scratch.reader;
  channel_->limit(TimerWheel::in(server_.limits.head_timeout));
  bool complete = take_head(reader) == RequestReader::Next::done;
  if (!complete && reader.status() == 0) complete = co_await receive_head(reader);
  if (!complete) co_return co_await give_up(scratch);
  auto admission = admit(reader.request());
  if (!admission && reader.has_body()) co_return co_await refuse(scratch, admission.error());
  if (!admission) co_return co_await write(scratch, admission.error());
  complete = !reader.has_body() || (reader.limit_body(admission->max_body_bytes()) &&
                                    take_body(reader) == RequestReader::Next::done);
  if (!complete && reader.status() == 0) complete = co_await receive_body(reader);
  if (!complete) co_return co_await give_up(scratch);

  Deadline until_gone = watch_client();
  Task<StreamedResponse> opening = open(reader.request(), *admission, std::move(until_gone));
  StreamedResponse* answer = nullptr;  // a pointer: moving it costs more than what follows
  try {
    answer = &co_await opening;
  } catch (...) {
  }
  ResumeOn own_loop(channel_->loop());
  co_await own_loop;
  if (answer == nullptr) co_return co_await write_instead(scratch, internal_error());
  if (answer->body) co_return co_await stream(scratch, std::move(*answer));
  channel_->watch(nullptr, nullptr);
  if (write_at_once(scratch, answer->head)) co_return after(scratch);
  co_return co_await write_rest(scratch);
}

tl::expected<HttpAdmission, HttpResponse> Connection::admit(
    const HttpRequest& head) const noexcept {
  try {
    return server_.handler.admit(head);
  } catch (...) {
    return tl::unexpected(internal_error());
  }
}

Task<StreamedResponse> Connection::open(const HttpRequest& request, const HttpAdmission& admission,
                                        Deadline until_gone) noexcept {
  try {
    return admission.handler().open(request, admission, std::move(until_gone));
  } catch (...) {
    return StreamedResponse(internal_error(), nullptr);
  }
}

/// Handles a request that will not be complete: it is invalid, or the client has closed.
Task<Connection::Then> Connection::give_up(RequestScratch& scratch) {
  const RequestReader& reader = scratch.reader;
  if (reader.status() == 0) co_return Then::close;
  const HttpResponse response = refusal(reader.status(), reader.why());
  co_return co_await refuse(scratch, response);
}

RequestReader::Next Connection::take_head(RequestReader& reader) {
  std::size_t used = 0;
  const RequestReader::Next next = reader.read_head(channel_->unread(), used);
  channel_->consume(used);
  return next;
}

RequestReader::Next Connection::take_body(RequestReader& reader) {
  std::size_t used = 0;
  const RequestReader::Next next = reader.read_body(channel_->unread(), used);
  channel_->consume(used);
  return next;
}

Task<bool> Connection::receive_head(RequestReader& reader) {
  for (auto next = RequestReader::Next::more; next == RequestReader::Next::more;) {
    const std::size_t seen = channel_->unread().size();
    const bool more = co_await channel_->wait_readable(seen);
    if (!more) {
      if (channel_->close_reason() == CloseReason::overdue) reader.time_out();
      co_return false;
    }
    next = take_head(reader);
  }
  co_return reader.status() == 0;
}

Task<bool> Connection::receive_body(RequestReader& reader) {
  channel_->limit(TimerWheel::in(server_.limits.body_timeout));
  if (reader.expects_continue() && channel_->unread().empty()) {
    const bool sent = co_await channel_->send(kContinue);
    if (!sent) co_return false;
  }
  for (auto next = RequestReader::Next::more; next == RequestReader::Next::more;) {
    channel_->expect_much(true);
    const std::size_t seen = channel_->unread().size();
    const bool more = co_await channel_->wait_readable(seen);
    channel_->expect_much(false);
    if (!more) {
      if (channel_->close_reason() == CloseReason::overdue) reader.time_out();
      co_return false;
    }
    next = take_body(reader);
  }
  co_return reader.status() == 0;
}

Deadline Connection::watch_client() {
  if (!gone_.stop_possible()) gone_ = std::stop_source();
  channel_->no_limit();
  channel_->watch(&Connection::client_gone, this);
  return Deadline(TimePoint::max(), gone_.get_token());
}

/// Forwards pieces as they arrive. A client disconnect fires the stop token, which ends the wait
/// for the next piece; destroying the stream then releases the upstream connection.
Task<Connection::Then> Connection::stream(RequestScratch& scratch, StreamedResponse answer) {
  if (scratch.reader.request().method == "HEAD" || !may_have_body(answer.head.status)) {
    co_return co_await write_instead(scratch, std::move(answer.head));
  }
  const bool chunked = !scratch.reader.is_1_0();
  std::string& out = loop_.stream_text;  // not across a suspension: other streams use it, too
  bool begun = false;
  for (bool more = true; more; begun = true) {
    Deadline until_gone(TimePoint::max(), gone_.get_token());
    Result<std::string> piece;
    try {
      piece = co_await answer.body->next(std::move(until_gone));
    } catch (...) {
      piece = fail(Errc::invalid_reply, "the body stream threw");
    }
    ResumeOn own_loop(channel_->loop());
    co_await own_loop;
    if (!piece && begun) co_return Then::close;
    if (!piece) co_return co_await write_instead(scratch, internal_error());
    out.clear();
    if (!begun) {
      append_head(out, answer.head, chunked ? Framing::chunked : Framing::until_close,
                  chunked ? persistence(scratch) : Persistence::close);
    }
    more = !piece->empty();
    append_piece(out, *piece, chunked);
    if (more && answer.body->ended()) {
      more = false;
      append_piece(out, {}, chunked);
    }
    const std::size_t at_once = channel_->send_now(out);
    if (at_once != out.size()) {
      scratch.out.assign(out, at_once);
      const bool sent = co_await send(scratch.out);
      if (!sent) co_return Then::close;
      channel_->no_limit();
    }
  }
  channel_->watch(nullptr, nullptr);
  co_return chunked&& persistence(scratch) == Persistence::keep ? Then::next : Then::linger;
}

/// Responds to a request whose stream did not begin.
Task<Connection::Then> Connection::write_instead(RequestScratch& scratch, HttpResponse response) {
  channel_->watch(nullptr, nullptr);
  scratch.out.clear();
  co_return co_await write(scratch, response);
}

Persistence Connection::persistence(const RequestScratch& scratch) const noexcept {
  const bool keep =
      scratch.reader.keep_alive() && !server_.draining.load(std::memory_order_relaxed);
  if (!keep) return Persistence::close;
  return scratch.reader.is_1_0() ? Persistence::keep_and_say : Persistence::keep;
}

Connection::Then Connection::after(const RequestScratch& scratch) noexcept {
  return scratch.persistence == Persistence::close ? Then::linger : Then::next;
}

/// \return whether the whole response was sent
bool Connection::write_at_once(RequestScratch& scratch, const HttpResponse& response) {
  const bool head_only = scratch.reader.request().method == "HEAD";
  const bool says_length = head_only && response.body.empty();
  scratch.persistence = persistence(scratch);
  append_head(scratch.out, response, says_length ? Framing::no_body : Framing::length,
              scratch.persistence);
  if (!head_only && may_have_body(response.status)) scratch.out += response.body;
  scratch.sent = channel_->send_now(scratch.out);
  return scratch.sent == scratch.out.size();
}

Task<Connection::Then> Connection::write_rest(RequestScratch& scratch) {
  const bool sent = co_await send(std::string_view(scratch.out).substr(scratch.sent));
  co_return sent ? after(scratch) : Then::close;
}

Task<Connection::Then> Connection::write(RequestScratch& scratch, const HttpResponse& response) {
  if (write_at_once(scratch, response)) co_return after(scratch);
  co_return co_await write_rest(scratch);
}

/// Responds to a request that is not read to its end; the rest must not be parsed as a next
/// request.
Task<Connection::Then> Connection::refuse(RequestScratch& scratch, const HttpResponse& response) {
  channel_->forgive();
  append_head(scratch.out, response, Framing::length, Persistence::close);
  if (scratch.reader.request().method != "HEAD") scratch.out += response.body;
  const bool sent = co_await send(scratch.out);
  co_return sent ? Then::linger : Then::close;
}

Task<bool> Connection::send(std::string_view bytes) {
  channel_->limit(TimerWheel::in(server_.limits.send_timeout));
  co_return co_await channel_->send(bytes);
}

/// Closing with unread bytes makes the kernel send a reset, which can destroy a response in
/// transit. So the input of a client that is still sending is read and discarded for up to 2 s.
Task<void> Connection::linger() {
  constexpr std::size_t kMost = 256 * 1024;
  channel_->shutdown_send();
  channel_->limit(TimerWheel::in(std::chrono::seconds(2)));
  std::size_t heard = 0;
  while (heard < kMost) {
    heard += channel_->unread().size();
    channel_->consume(channel_->unread().size());
    const bool more = co_await channel_->wait_readable();
    if (!more) co_return;
  }
}

void Connection::client_gone(void* self) {
  // A copy: a resumed waiter may destroy the session and its stop source.
  std::stop_source gone = static_cast<Connection*>(self)->gone_;
  gone.request_stop();
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
