#include "net/client/upstream_call.hpp"

#include <vx11/http/detail/message_head.hpp>
#include <vx11/http_method.hpp>
#include <vx11/version.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "http/transport_details.hpp"
#include "net/client/tls_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::string_view kUserAgent = "libvx11/" VX11_VERSION_STRING;

/// Where the requests of a thread are put together, one after the other: none of them is needed
/// once the socket has accepted it.
std::string& request_text() {
  constexpr std::size_t kKept = 64 * 1024;  // larger memory is freed
  thread_local std::string text;
  if (text.capacity() > kKept) std::string().swap(text);
  text.clear();
  return text;
}

}  // namespace

UpstreamCall::UpstreamCall(Loop& loop, OriginPool& pool, const NetTransportOptions& options,
                           Deadline deadline)
    : loop_(loop), pool_(pool), options_(options), deadline_(std::move(deadline)) {}

UpstreamCall::~UpstreamCall() {
  on_stop_.reset();
  if (connection_) connection_->abort(CloseReason::aborted);
}

void UpstreamCall::Stop::operator()() const noexcept {
  if (Loop::current() == &connection_->loop()) return connection_->abort(CloseReason::aborted);
  connection_->stop_call(call_);
}

void UpstreamCall::end_on_loop(std::unique_ptr<UpstreamCall> call) noexcept {
  UpstreamCall& ending = *call;
  ending.end_job_.call = std::move(call);
  ending.loop_.post(ending.end_job_);
}

UpstreamCall::Step UpstreamCall::begin(const HttpRequest& request, Until until) {
  request_ = &request;
  until_ = until;
  note(may_be_sent(request));
  return error_ ? Step::ended : attempt();
}

/// Over a reused connection it waits only once: for the response.
UpstreamCall::Step UpstreamCall::attempt() {
  begin_again();
  return take_kept() && send_at_once() ? next() : Step::connect;
}

Task<void> UpstreamCall::connect() {
  if (!reused_) {
    Result<void> connected = co_await connect_anew();
    note(std::move(connected));
  }
  if (error_ || (!reused_ && send_at_once())) co_return;
  Result<void> sent = co_await send_rest();
  note(std::move(sent));
}

UpstreamCall::Step UpstreamCall::next(bool came) {
  if (!came) take_end();
  if (!settled(until_)) return Step::readable;
  if (!error_ || !may_try_again()) return Step::ended;
  error_.reset();
  return attempt();
}

Result<void> UpstreamCall::may_be_sent(const HttpRequest& request) const {
  const std::string_view mistake = http_detail::mistake_in(request);
  if (!mistake.empty()) return fail(Errc::invalid_argument, std::string(mistake));
  if (deadline_.cancelled()) return fail(Errc::cancelled, "the caller went away");
  if (TimerWheel::has_passed(deadline_.at())) return fail(Errc::timeout, "no time left");
  return {};
}

/// The peer may close a reused connection, or give up on it with 408, while the request is in
/// transit (RFC 9112 §9.3.1, RFC 9110 §15.5.9). Then it has read no request on it, so the request
/// is sent again, once, on a new connection, also if it is a POST. A server that dies while it
/// works on the request looks the same; what it has worked on for longer than a closing is in
/// transit, and may not be done twice, is not sent again.
bool UpstreamCall::may_try_again() const noexcept {
  if (!reused_) return false;
  const bool peer_closed = connection_ && (connection_->close_reason() == CloseReason::closed ||
                                           connection_->close_reason() == CloseReason::reset);
  const bool swallowed = peer_closed && !heard_any() && !TimerWheel::has_passed(resend_until_);
  const bool again = timed_out_there_ || swallowed;
  if (again) pool_.count(&TransportCounters::resent);
  return again;
}

void UpstreamCall::begin_again() noexcept {
  heard_any_ = false;
  head_done_ = false;
  timed_out_there_ = false;
}

/// Until when the request may be sent again if its kept connection is closed without an answer.
TimePoint UpstreamCall::resend_until(const HttpRequest& request) const noexcept {
  if (is_idempotent(request.method)) return TimePoint::max();
  if (options_.resend_within <= Duration::zero()) return TimePoint::min();
  return TimerWheel::in(options_.resend_within);
}

/// \return whether all of it was sent
bool UpstreamCall::send_at_once() {
  const HttpRequest& request = *request_;
  ResponseLimits limits;
  limits.head_bytes = options_.max_head_bytes;
  limits.body_bytes = options_.max_body_bytes;
  reader_.emplace(limits, request.method == "HEAD" ? ResponseReader::Body::none
                                                   : ResponseReader::Body::expected);
  connection_->limit(std::min(deadline_.at(), TimerWheel::in(options_.first_byte_timeout)));
  resend_until_ = resend_until(request);
  std::string& out = request_text();
  http_detail::append_request_head(out, request, pool_.url().authority(), kUserAgent);
  out += request.body;
  const std::size_t at_once = connection_->send_now(out);
  if (at_once == out.size()) return true;
  connection_->out.assign(out, at_once);
  return false;
}

Task<Result<void>> UpstreamCall::send_rest() {
  const bool sent = co_await connection_->send(connection_->out);
  std::string().swap(connection_->out);
  // An upstream may respond and close before it has read everything; then there is a response to
  // read.
  if (!sent && connection_->close_reason() != CloseReason::closed) co_return fail(why_broken());
  co_return Result<void>();
}

/// The first attempt may reuse a connection; a second one never does.
bool UpstreamCall::take_kept() {
  const bool again = connection_ != nullptr;
  if (again) connection_->abort(CloseReason::aborted);
  UpstreamConnectionPtr kept = again ? nullptr : pool_.take();
  reused_ = kept != nullptr;
  if (reused_) adopt(std::move(kept));
  return reused_;
}

Task<Result<void>> UpstreamCall::connect_anew() {
  const PoolCount waits(pool_.counters(), &TransportCounters::connecting);
  Deadline connect_by = deadline_.capped(TimerWheel::now(), options_.connect_timeout);
  Result<Socket> socket =
      co_await net_detail::connect(loop_, pool_.resolver(), pool_.url(), connect_by);
  if (!socket) co_return fail(std::move(socket.error()));
  if (!pool_.url().secure()) {
    adopt(std::make_shared<UpstreamConnection>(loop_, std::move(*socket), pool_));
    co_return Result<void>();
  }
  auto context = pool_.tls_context();
  if (!context) co_return fail(std::move(context.error()));
  auto secured =
      std::make_shared<TlsConnection>(loop_, std::move(*socket), pool_, *std::move(context));
  adopt(secured);
  secured->limit(connect_by.at());
  co_return co_await secured->handshake();
}

void UpstreamCall::adopt(UpstreamConnectionPtr connection) {
  on_stop_.reset();
  connection_ = std::move(connection);
  ++connection_->calls;
  if (deadline_.stop_token().stop_possible()) {
    on_stop_.emplace(deadline_.stop_token(), Stop(connection_));
  }
}

Task<Result<std::string>> UpstreamCall::next_piece(TimePoint by) {
  connection_->limit(by);
  while (!settled(Until::piece)) {
    const std::size_t seen = connection_->unread().size();
    const bool came = co_await connection_->wait_readable(seen);
    if (!came) take_end();
  }
  if (error_) co_return fail(std::move(*error_));
  co_return take_body();
}

bool UpstreamCall::reached(Until until) noexcept {
  if (until == Until::head) return head_done_;
  return body_done_ || (until == Until::piece && has_piece());
}

/// Parses the bytes received.
/// \return whether that, or a failure, completes the call; if not, more bytes are needed
bool UpstreamCall::settled(Until until) {
  while (!error_ && !reached(until)) {
    std::size_t used = 0;
    const ResponseReader::Next next = take_in(used);
    if (next == ResponseReader::Next::failed) fail_with(reader_->error());
    if (timed_out_there_) {
      fail_with(Error(Errc::unreachable, "the kept connection had timed out"));
    }
    if (next != ResponseReader::Next::more || used != 0) continue;
    connection_->expect_much(head_done_);
    return false;
  }
  // The time until the caller asks for more does not count against the upstream.
  if (!error_ && connection_) connection_->no_limit();
  return true;
}

ResponseReader::Next UpstreamCall::take_in(std::size_t& used) {
  const ResponseReader::Next next = reader_->read(connection_->unread(), used);
  connection_->consume(used);
  heard_any_ = heard_any_ || used != 0;
  const bool has_head = next == ResponseReader::Next::head || next == ResponseReader::Next::done;
  timed_out_there_ = reused_ && has_head && reader_->response().status == 408;
  if (timed_out_there_) return next;
  head_done_ = head_done_ || has_head;
  if (next == ResponseReader::Next::head) connection_->limit(deadline_.at());
  if (next == ResponseReader::Next::done) finish();
  return next;
}

/// Handles the end of the stream: either it ends the body, or the connection failed.
void UpstreamCall::take_end() {
  if (connection_->close_reason() != CloseReason::closed) return fail_with(why_broken());
  if (!heard_any()) return fail_with(why_broken());
  if (reader_->end_of_stream() == ResponseReader::Next::failed) return fail_with(reader_->error());
  head_done_ = true;
  finish();
}

/// The response is complete; the connection is kept if it is reusable.
void UpstreamCall::finish() {
  body_done_ = true;
  on_stop_.reset();
  UpstreamConnectionPtr connection = std::move(connection_);
  connection->expect_much(false);
  ++connection->calls;  // invalidates a stop request in transit
  if (connection->reusable() && reader_->keep_alive()) return pool_.keep(std::move(connection));
  connection->abort(CloseReason::aborted);
}

Error UpstreamCall::why_broken() const {
  switch (connection_->close_reason()) {
    case CloseReason::overdue:
      return Error(Errc::timeout, "no answer in time");
    case CloseReason::aborted:
      return Error(Errc::cancelled, "the caller went away");
    case CloseReason::exhausted:
      return Error(Errc::exhausted, "no memory left for the connection");
    default:
      if (heard_any()) return Error(Errc::invalid_reply, "answer cut short");
      return Error(Errc::unreachable, std::string(kClosedBeforeAnswer));
  }
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
