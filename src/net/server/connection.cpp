#include "net/server/connection.hpp"

#include <algorithm>
#include <utility>

#include "net/server/refusals.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// For the first request of a client that has just connected to a server that is stopping.
constexpr Duration kFirstRequest = std::chrono::milliseconds(500);

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(std::shared_ptr<Channel> channel, ServerState& server, LoopState& loop,
                       std::shared_ptr<const HttpPeer> peer, ClientKnown known, Lane lane)
    : ListedConnection(lane == Lane::regular ? loop.idle : loop.reserved),
      channel_(std::move(channel)),
      server_(server),
      loop_(loop),
      peer_(std::move(peer)),
      lane_(lane),
      known_(known) {}

Connection::~Connection() {
  if (counted_) server_.connections.leave(counted_address(), lane_);
}

bool Connection::evict() noexcept {
  const bool may_have_request = lane_ == Lane::regular && !awaits_proxy_header();
  if (may_have_request && channel_->wake_if_readable()) return false;
  if (std::exchange(counted_, false)) server_.connections.leave(counted_address(), lane_);
  move_to(loop_.busy);
  abort();
  return true;
}

void Connection::start() {
  serve(shared_from_this());
}

/// A client that has just connected, or whose request is in the socket already, still gets its
/// answer.
void Connection::drain() noexcept {
  if (upgrade_ != nullptr) return upgrade_->drain();
  if (busy_ || (!awaits_proxy_header() && channel_->wake_if_readable())) return;
  is_draining_ = true;
  if (fresh_) return channel_->limit(TimerWheel::in(kFirstRequest));
  abort();
}

/// A stream may end, and with it this connection, within the call.
void Connection::cut_short() noexcept {
  const std::shared_ptr<Connection> self = shared_from_this();
  if (body_ == nullptr || upgrade_ != nullptr || !body_->cut_short()) abort();
}

Detached Connection::serve(std::shared_ptr<Connection> self) {
  Channel& channel = *self->channel_;
  Then then = Then::next;
  if (self->must_prepare()) {
    try {
      Task<bool> preparing = self->prepare();
      const bool succeeded = co_await std::move(preparing);
      if (!succeeded) then = Then::close;
    } catch (...) {  // no memory for it
      then = Then::close;
    }
  }
  while (then == Then::next) {
    self->wait_for_request();
    const bool more = co_await channel.wait_readable();
    if (!more && !self->was_silent_probe()) break;
    self->begin_request();
    std::unique_ptr<RequestScratch> scratch;
    try {
      scratch = self->loop_.lend();
      then = co_await self->serve_one(*scratch);
      if (then == Then::stream) then = co_await self->stream(scratch);
      if (then == Then::upgrade) then = co_await self->serve_upgrade(scratch);
    } catch (...) {
      then = self->end_without_memory();
    }
    self->upgrade_ = nullptr;
    self->body_.reset();
    self->owner_.reset();
    self->give_back(scratch);
    self->busy_ = then != Then::next;
  }
  try {
    if (then == Then::linger) co_await self->linger();
  } catch (...) {  // no memory to wait with
  }
  channel.watch(nullptr, nullptr);  // no more callbacks
  channel.abort(CloseReason::aborted);
}

void Connection::give_back(std::unique_ptr<RequestScratch>& scratch) {
  if (scratch) loop_.give_back(std::move(scratch));
}

void Connection::wait_for_request() noexcept {
  const Duration idle = fresh_ ? server_.limits.first_byte_timeout : server_.limits.idle_timeout;
  const Duration usual = lane_ == Lane::regular ? idle : kReservedTimeout;
  const Duration limit = is_draining_ ? std::min(usual, kFirstRequest) : usual;
  const TimePoint until = TimerWheel::in(limit);
  channel_->limit(until);
  idle_since_ = until - limit;
  if (!fresh_) move_to(loop_.idle);
}

void Connection::begin_request() noexcept {
  busy_ = true;
  fresh_ = false;
  reading_ = true;
  if (lane_ == Lane::regular) move_to(loop_.busy);
}

/// A client for which there is no room gets that answer also if it says nothing.
bool Connection::was_silent_probe() const noexcept {
  return lane_ == Lane::reserved && channel_->close_reason() == CloseReason::overdue;
}

Duration Connection::head_timeout() const noexcept {
  return lane_ == Lane::regular ? server_.limits.head_timeout : kReservedTimeout;
}

/// Sends a fixed text: nothing may be allocated.
Connection::Then Connection::end_without_memory() noexcept {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nCache-Control: no-store\r\n"
      "Content-Length: 0\r\nConnection: close\r\n\r\n";
  if (!reading_) return Then::close;  // part of an answer may have been sent
  channel_->watch(nullptr, nullptr);
  return channel_->send_now(kAnswer) == kAnswer.size() ? Then::linger : Then::close;
}

/// Whether the complete head asks for what its lane does not serve.
bool Connection::may_not_ask(const HttpRequest& head) noexcept {
  if (lane_ == Lane::regular) return false;
  move_to(loop_.busy);
  return !server_.is_reserved(head);
}

Task<Connection::Then> Connection::refuse_for_room(RequestScratch& scratch) {
  server_.report(ServerEvent::turned_away);
  const HttpResponse full = no_room(server_.handler, scratch.reader.request());
  co_return co_await refuse(scratch, full);
}

/// One coroutine for the common case: head and body have arrived, and the response fits the socket.
Task<Connection::Then> Connection::serve_one(RequestScratch& scratch) {
  RequestReader& reader = scratch.reader;
  channel_->limit(TimerWheel::in(head_timeout()));
  bool complete = take_head(reader) == RequestReader::Next::done;
  if (!complete && reader.status() == 0) complete = co_await receive_head(reader);
  if (!complete) co_return co_await give_up(scratch);
  const bool is_proxied = known_ == ClientKnown::by_client_header;
  reader.request().peer = is_proxied ? client_of(reader.request()) : peer_;
  if (may_not_ask(reader.request())) co_return co_await refuse_for_room(scratch);
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
  if (answer == nullptr) co_return co_await write_failure(scratch);
  if (answer->body) co_return co_await begin_stream(scratch, *answer, *admission);
  channel_->watch(nullptr, nullptr);
  if (write_at_once(scratch, answer->head)) co_return after(scratch);
  answer->head = HttpResponse();  // `scratch` has it, too
  co_return co_await write_rest(scratch);
}

tl::expected<HttpAdmission, HttpResponse> Connection::admit(const HttpRequest& head) const {
  try {
    return server_.handler.admit(head);
  } catch (...) {
    return tl::unexpected(internal_error(head));
  }
}

Task<StreamedResponse> Connection::open(const HttpRequest& request, const HttpAdmission& admission,
                                        Deadline until_gone) {
  try {
    return admission.handler().open(request, admission, std::move(until_gone));
  } catch (...) {
    return StreamedResponse(internal_error(request), nullptr);
  }
}

/// Handles a request that will not be complete: it is invalid, or the client has closed.
Task<Connection::Then> Connection::give_up(RequestScratch& scratch) {
  RequestReader& reader = scratch.reader;
  if (reader.status() == 0) co_return Then::close;
  if (reader.request().peer == nullptr) reader.request().peer = peer_;  // the head is incomplete
  if (lane_ == Lane::reserved) co_return co_await refuse_for_room(scratch);
  const HttpResponse response =
      server_refusal(server_.handler, reader.request(), reader.status(), reader.why());
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
  reading_ = false;
  channel_->no_limit();
  complete_at_ = TimerWheel::now();
  channel_->watch(&Connection::client_gone, this);
  return Deadline(TimePoint::max(), gone_.get_token());
}

Task<Connection::Then> Connection::write_instead(RequestScratch& scratch, HttpResponse response) {
  channel_->watch(nullptr, nullptr);
  scratch.out.clear();
  co_return co_await write(scratch, response);
}

bool Connection::may_keep(bool keep_alive) const noexcept {
  return keep_alive && lane_ == Lane::regular && !server_.draining.load(std::memory_order_relaxed);
}

Persistence Connection::persistence(const RequestScratch& scratch) const noexcept {
  if (!may_keep(scratch.reader.keep_alive())) return Persistence::close;
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
  reading_ = false;
  channel_->forgive();
  append_head(scratch.out, response, Framing::length, Persistence::close);
  if (scratch.reader.request().method != "HEAD") scratch.out += response.body;
  const bool sent = co_await send(scratch.out);
  co_return sent ? Then::linger : Then::close;
}

Task<bool> Connection::send(std::string_view bytes) {
  channel_->limit(TimerWheel::in(server_.limits.send_timeout));
  bytes.remove_prefix(channel_->send_now(bytes));
  if (bytes.empty() || !channel_->can_send()) co_return bytes.empty();
  UnsentAnswers::Waiting waiting(server_.unsent, weak_from_this(), channel_->loop(), bytes.size());
  for (std::size_t i = 0; i < waiting.closed(); ++i) {
    server_.report(ServerEvent::slow_reader_closed);
  }
  while (channel_->can_send()) {  // a client that has closed its side may still read
    auto writable = channel_->wait_event();
    co_await writable;
    const std::size_t sent = channel_->send_now(bytes);
    bytes.remove_prefix(sent);
    if (bytes.empty()) co_return true;
    if (sent != 0) waiting.progress();
  }
  co_return false;
}

/// Closing with unread bytes makes the kernel send a reset, which can destroy a response in
/// transit. So the input of a client that is still sending is read and discarded for up to 2 s.
/// Many clients look for a response only when they have sent their whole body, however large.
Task<void> Connection::linger() {
  constexpr std::size_t kMost = 16 * 1024 * 1024;
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
  static_cast<Connection*>(self)->note_client_gone();
}

/// The end of the client's requests and the end of the client look the same on the wire. One that
/// comes with the request is taken for the former.
void Connection::note_client_gone() {
  const CloseReason why = channel_->close_reason();
  const bool only_half =
      !channel_->broken() && (why == CloseReason::none || why == CloseReason::closed);
  if (only_half && TimerWheel::now() - complete_at_ < server_.limits.half_close_within) {
    return channel_->watch_break(&Connection::client_gone, this);
  }
  // A copy: a resumed waiter may destroy the session and its stop source.
  std::stop_source gone = gone_;
  gone.request_stop();
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
