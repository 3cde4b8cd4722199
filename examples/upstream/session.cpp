#include "session.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/write.hpp>

namespace upstream {

namespace {

constexpr std::size_t kReadSize = 4096;
constexpr std::chrono::milliseconds kReleasePoll{2};

}  // namespace

Session::Session(Socket socket, Site& site)
    : socket_(std::move(socket)),
      site_(site),
      entry_(site.sockets, socket_.native_handle()),
      timer_(socket_.get_executor()) {
  error_code ignored;  // the peer may have disconnected; the first read reports it
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  request_.peer = socket_.remote_endpoint(ignored).address().to_string();
  site_.journal.connected();
}

Session::~Session() {
  site_.journal.disconnected();
}

Coro<void> Session::run(std::shared_ptr<Session> self) {
  bool go_on = co_await self->read_request();
  while (go_on) {
    go_on = co_await self->respond();
    if (go_on) go_on = co_await self->read_request();
  }
  self->close();
}

Coro<bool> Session::read_request() {
  using Progress = RequestParser::Progress;
  request_.clear();
  RequestParser parser(request_);
  for (;;) {
    const auto progress = parser.feed(inbox_);
    if (progress == Progress::done) co_return true;
    if (progress == Progress::head_done && request_.expects_continue) {
      outbox_ = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool sent = co_await send_outbox();
      if (!sent) co_return false;
    }
    if (progress == Progress::failed) {
      request_.keep_alive = false;
      reply_.clear();
      reply_.set(400, R"({"detail":"Bad Request"})");
      co_return co_await deliver_body();
    }
    if (progress == Progress::need_more) {
      const bool read = co_await read_more();
      if (!read) co_return false;
    }
  }
}

Coro<bool> Session::read_more() {
  error_code ec;
  const auto space = inbox_.prepare(std::max(kReadSize, inbox_.capacity() - inbox_.size()));
  inbox_.commit(co_await socket_.async_read_some(space, into(ec)));
  co_return !ec;
}

Coro<bool> Session::respond() {
  reply_.clear();
  if (request_.path == "/__count") {
    reply_.body = site_.ledger.counts();
    co_return co_await deliver_body();
  }
  site_.journal.note(request_);
  if (struck()) co_return co_await show_fault();
  site_.answer(request_, reply_);
  co_return co_await deliver();
}

Coro<bool> Session::deliver() {
  const bool stayed = co_await pause(reply_.delay);
  if (!stayed) co_return client_left();
  if (reply_.calls_switch) co_await call_switch();
  if (reply_.events.empty()) co_return co_await deliver_body();
  const bool told = co_await deliver_events(reply_.events.size());
  if (!told) co_return false;
  outbox_ = "0\r\n\r\n";
  const bool ended = co_await send_outbox();
  if (!ended) co_return client_left();
  co_return request_.keep_alive;
}

/// Requests the health of switch and waits for its answer, up to two seconds.
Coro<void> Session::call_switch() {
  if (!site_.switch_endpoint) co_return;
  error_code ec;
  const auto other = std::make_shared<Socket>(socket_.get_executor());
  timer_.expires_after(std::chrono::seconds(2));
  timer_.async_wait([other](error_code stopped) {
    error_code ignored;
    if (!stopped) other->close(ignored);
  });
  co_await other->async_connect(*site_.switch_endpoint, into(ec));
  constexpr std::string_view kAsk =
      "GET /health HTTP/1.1\r\nhost: switch\r\nconnection: close\r\n\r\n";
  if (!ec) co_await asio::async_write(*other, asio::buffer(kAsk), into(ec));
  std::array<char, 1024> answer;
  while (!ec) co_await other->async_read_some(asio::buffer(answer), into(ec));
  timer_.cancel();
}

Coro<bool> Session::deliver_body() {
  outbox_.clear();
  append_head(outbox_, reply_, request_);
  append_length(outbox_, reply_.body.size());
  outbox_ += "\r\n";
  outbox_ += reply_.body;
  const bool sent = co_await send_outbox();
  if (!sent) co_return client_left();
  co_return request_.keep_alive;
}

bool Session::is_released(std::size_t event) const noexcept {
  return std::cmp_greater(site_.settings.stream_released.load(), event);
}

/// Waits until the control port has released the event with this index; the head is sent meanwhile.
/// \return false if the client disconnected meanwhile
Coro<bool> Session::released(std::size_t event) {
  bool open = true;
  while (open && !is_released(event)) {
    if (!outbox_.empty()) open = co_await send_outbox();
    outbox_.clear();
    if (open) open = co_await pause(kReleasePoll);
  }
  co_return open;
}

/// Sends the head of an event stream and its first `count` events, but not its end.
Coro<bool> Session::deliver_events(std::size_t count) {
  outbox_.clear();
  append_head(outbox_, reply_, request_);
  outbox_ += "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && reply_.gap.count() != 0) {
      const bool stayed = co_await pause(reply_.gap);
      if (!stayed) co_return client_left();
    }
    if (!is_released(i)) {
      const bool allowed = co_await released(i);
      if (!allowed) co_return client_left();
    }
    append_chunk(outbox_, reply_.events[i]);
    if (send_now() == Sent::all) continue;
    const bool sent = co_await send_outbox();
    if (!sent) co_return client_left();
    outbox_.clear();
  }
  co_return true;
}

/// Writes what the socket accepts immediately, and keeps the rest. No coroutine: each event of a
/// stream is a write of its own, and a benchmark's upstream must cost less than what is measured.
Session::Sent Session::send_now() {
  error_code ec;
  const std::size_t sent = socket_.write_some(asio::buffer(outbox_), ec);
  outbox_.erase(0, sent);
  if (ec && ec != asio::error::would_block) return Sent::failed;
  return outbox_.empty() ? Sent::all : Sent::part;
}

/// The same, and waits until the rest is sent.
Coro<bool> Session::send_outbox() {
  const Sent sent = send_now();
  if (sent != Sent::part) co_return sent == Sent::all;
  error_code ec;
  co_await asio::async_write(socket_, asio::buffer(outbox_), into(ec));
  co_return !ec;
}

/// Waits for `time`.
/// \return false if the client disconnected meanwhile
Coro<bool> Session::pause(std::chrono::milliseconds time) {
  if (time.count() == 0) co_return true;
  error_code ec;
  timer_.expires_after(time);
  watch_peer();
  co_await timer_.async_wait(into(ec));
  socket_.cancel(ec);
  co_return !peer_left_;
}

void Session::watch_peer() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code ec) {
    if (ec || !self->peer_is_gone()) return;
    self->peer_left_ = true;
    self->timer_.cancel();
  });
}

bool Session::peer_is_gone() {
  if (!socket_.is_open()) return false;
  char byte = 0;
  error_code ec;
  socket_.receive(asio::buffer(&byte, 1), Socket::message_peek, ec);
  return ec && ec != asio::error::would_block;
}

bool Session::client_left() {
  site_.journal.abandoned();
  return false;
}

void Session::close() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  entry_.release();
  socket_.close(ignored);
}

}  // namespace upstream
