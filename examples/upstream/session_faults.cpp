#include <algorithm>
#include <utility>

#include "refusals.hpp"
#include "session.hpp"

namespace upstream {

namespace {

constexpr std::size_t kPourSize = 64UL * 1024;

}  // namespace

bool Session::struck() {
  if (!site_.faults.any()) return false;
  const bool streams = site_.service.streams(request_, site_.settings);
  auto fault = site_.faults.take(request_, streams);
  if (fault) fault_ = std::move(*fault);
  return fault.has_value();
}

Coro<bool> Session::show_fault() {
  if (fault_.kind != FaultKind::trickle) {
    const bool stayed = co_await pause(fault_.wait);
    if (!stayed) co_return client_left();
  }
  if (canned_reply(fault_.kind, request_, fault_.retry_after, reply_))
    co_return co_await deliver_body();
  const bool streams = site_.service.streams(request_, site_.settings);
  if (refuse_chat(fault_, request_, streams, reply_)) co_return co_await deliver();
  switch (fault_.kind) {
    case FaultKind::hang:
      co_return co_await hang();
    case FaultKind::reset:
      reset();
      co_return false;
    case FaultKind::early_close:
      co_return false;
    case FaultKind::huge: {
      append_head(reply_.body, reply_, request_);
      reply_.body += "transfer-encoding: chunked\r\n\r\n";
      append_chunk(reply_.body, R"({"response":")");
      std::string endless;
      append_chunk(endless, std::string(kPourSize, 'x'));
      co_return co_await pour(std::move(reply_.body), std::move(endless));
    }
    case FaultKind::huge_header:
      append_head(reply_.body, reply_, request_);
      co_return co_await pour(std::move(reply_.body),
                              "x-filler: " + std::string(1000, 'x') + "\r\n");
    default:
      co_return co_await show_on_real_answer();
  }
}

Coro<bool> Session::show_on_real_answer() {
  site_.answer(request_, reply_);
  switch (fault_.kind) {
    case FaultKind::trickle:
      co_return co_await trickle();
    case FaultKind::truncated:
      co_return co_await truncate();
    case FaultKind::wrong_length:
    case FaultKind::conflicting_length:
      co_return co_await misstate_length();
    case FaultKind::stream_break:
    case FaultKind::stream_stall:
    case FaultKind::stream_cut:
    case FaultKind::stream_error:
    case FaultKind::stream_endless:
      co_return co_await spoil_stream();
    default:  // slow: only the delay above
      co_return co_await deliver();
  }
}

/// Sends nothing until the client disconnects.
Coro<bool> Session::hang() {
  bool open = true;
  while (open) {
    inbox_.consume(inbox_.size());
    open = co_await read_more();
  }
  co_return client_left();
}

Coro<bool> Session::trickle() {
  std::string whole;
  append_head(whole, reply_, request_);
  append_length(whole, reply_.body.size());
  whole += "\r\n";
  whole += reply_.body;
  for (const char byte : whole) {
    const bool stayed = co_await pause(fault_.wait);
    if (!stayed) co_return client_left();
    outbox_.assign(1, byte);
    const bool sent = co_await send_outbox();
    if (!sent) co_return client_left();
  }
  co_return request_.keep_alive;
}

/// Declares the length of the whole body, sends half of it and closes.
Coro<bool> Session::truncate() {
  outbox_.clear();
  append_head(outbox_, reply_, request_);
  append_length(outbox_, reply_.body.size());
  outbox_ += "\r\n";
  outbox_.append(reply_.body, 0, reply_.body.size() / 2);
  co_await send_outbox();
  co_return false;
}

/// Declares half the body's length and sends all of it. With `conflicting_length` a second line
/// declares the whole length. The connection stays open, with the surplus before the next response.
Coro<bool> Session::misstate_length() {
  outbox_.clear();
  append_head(outbox_, reply_, request_);
  append_length(outbox_, reply_.body.size() / 2);
  if (fault_.kind == FaultKind::conflicting_length) append_length(outbox_, reply_.body.size());
  outbox_ += "\r\n";
  outbox_ += reply_.body;
  const bool sent = co_await send_outbox();
  if (!sent) co_return client_left();
  co_return request_.keep_alive;
}

Coro<bool> Session::pour(std::string start, std::string endless) {
  outbox_ = std::move(start);
  bool open = co_await send_outbox();
  while (open) {
    outbox_ = endless;
    open = co_await send_outbox();
  }
  co_return client_left();
}

Coro<bool> Session::spoil_stream() {
  if (reply_.events.empty()) co_return co_await deliver();  // errors are not streamed
  const auto count = std::min(reply_.events.size(), static_cast<std::size_t>(fault_.after));
  const bool stayed = co_await pause(reply_.delay);
  if (!stayed) co_return client_left();
  const bool told = co_await deliver_events(count);
  if (!told) co_return false;
  if (fault_.kind == FaultKind::stream_stall) co_return co_await hang();
  if (fault_.kind == FaultKind::stream_endless) co_return co_await repeat_event();
  if (fault_.kind == FaultKind::stream_cut) co_return co_await end_early({});
  if (fault_.kind == FaultKind::stream_error) co_return co_await end_early(reply_.error_event);
  const bool remained = co_await pause(reply_.gap);
  if (!remained) co_return client_left();
  reset();
  co_return false;
}

/// Ends the response cleanly, but before its last events.
Coro<bool> Session::end_early(std::string last) {
  outbox_.clear();
  if (!last.empty()) append_chunk(outbox_, last);
  outbox_ += "0\r\n\r\n";
  const bool sent = co_await send_outbox();
  if (!sent) co_return client_left();
  co_return request_.keep_alive;
}

/// Sends an event in the middle of the answer over and over.
Coro<bool> Session::repeat_event() {
  std::string event;
  append_chunk(event, reply_.events[reply_.events.size() / 2]);
  bool open = true;
  while (open) {
    outbox_ = event;
    open = co_await send_outbox();
    if (open) open = co_await pause(std::max(reply_.gap, std::chrono::milliseconds(1)));
  }
  co_return client_left();
}

/// Closes the connection with a RST.
void Session::reset() {
  error_code ignored;
  socket_.set_option(Socket::linger(true, 0), ignored);
  entry_.release();
  socket_.close(ignored);
}

}  // namespace upstream
