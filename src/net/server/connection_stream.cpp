#include <utility>

#include "net/server/connection.hpp"
#include "net/server/refusals.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// Appends a piece of a body, or with an empty one its end.
void append_piece(std::string& out, std::string_view piece, bool chunked) {
  chunked ? append_chunk(out, piece) : void(out += piece);
}

}  // namespace

/// Prepares the head, which leaves together with the first piece. The rest is for `stream`, so that
/// a stream does not hold what answering its request needed.
Task<Connection::Then> Connection::begin_stream(RequestScratch& scratch, StreamedResponse& answer,
                                                const HttpAdmission& admission) {
  if (answer.head.status == 101) co_return co_await begin_upgrade(scratch, answer, admission);
  if (scratch.reader.request().method == "HEAD" || !may_have_body(answer.head.status)) {
    co_return co_await write_instead(scratch, std::move(answer.head));
  }
  chunked_ = !scratch.reader.is_1_0();
  keep_alive_ = scratch.reader.keep_alive();
  append_head(scratch.out, answer.head, chunked_ ? Framing::chunked : Framing::until_close,
              chunked_ ? persistence(scratch) : Persistence::close);
  owner_ = admission.owner();
  body_ = std::move(answer.body);
  co_return Then::stream;
}

/// Answers 101. Only a request of HTTP/1.1 can be followed by another protocol.
Task<Connection::Then> Connection::begin_upgrade(RequestScratch& scratch, StreamedResponse& answer,
                                                 const HttpAdmission& admission) {
  const bool is_possible =
      answer.body->upgrade() != nullptr && scratch.reader.request().method == "GET";
  if (!is_possible) co_return co_await write_failure(scratch);
  if (scratch.reader.is_1_0()) {  // there the field means nothing (RFC 9110 §7.8)
    HttpResponse older = refusal(426, "switching protocols needs HTTP/1.1");
    older.headers.add("Upgrade", answer.head.headers.get("Upgrade"));
    co_return co_await write_instead(scratch, std::move(older));
  }
  channel_->watch(nullptr, nullptr);
  append_head(scratch.out, answer.head, Framing::upgrade, Persistence::keep);
  owner_ = admission.owner();
  body_ = std::move(answer.body);
  const bool sent = co_await send(scratch.out);
  channel_->no_limit();
  co_return sent ? Then::upgrade : Then::close;
}

/// \param scratch of the request; given back first
Task<Connection::Then> Connection::serve_upgrade(std::unique_ptr<RequestScratch>& scratch) {
  give_back(scratch);
  upgrade_ = body_->upgrade();
  if (server_.draining.load(std::memory_order_relaxed)) upgrade_->drain();
  Task<void> serving = upgrade_->serve(channel_);
  co_await std::move(serving);
  upgrade_ = nullptr;
  co_return Then::linger;
}

/// Forwards pieces as they arrive. A client disconnect fires the stop token, which ends the wait
/// for the next piece; destroying the stream then releases the upstream connection.
/// \param scratch of the request; given back with the first piece
Task<Connection::Then> Connection::stream(std::unique_ptr<RequestScratch>& scratch) {
  for (bool more = true; more;) {
    Task<Result<std::string>> reading = next_piece();
    Result<std::string>* piece = nullptr;
    try {
      piece = &co_await reading;
    } catch (...) {  // handled as a failure
    }
    ResumeOn own_loop(channel_->loop());
    co_await own_loop;
    if (piece == nullptr || !*piece) {
      if (!scratch) co_return Then::close;
      co_return co_await write_failure(*scratch);
    }
    if (!pass_on_at_once(**piece, scratch, more)) {
      const bool sent = co_await send(**piece);
      if (!sent) co_return Then::close;
      channel_->no_limit();
    }
  }
  channel_->watch(nullptr, nullptr);
  co_return chunked_&& may_keep(keep_alive_) ? Then::next : Then::linger;
}

/// Sends the piece, framed, as far as the socket takes it. Not within `stream`, whose frame would
/// have room for this while it waits.
/// \param piece becomes what is left to send
/// \param more  whether more may follow
/// \return whether nothing is left
bool Connection::pass_on_at_once(std::string& piece, std::unique_ptr<RequestScratch>& scratch,
                                 bool& more) {
  std::string& out = loop_.stream_text;  // of all streams of this loop
  out.clear();
  if (scratch) out += scratch->out;
  give_back(scratch);
  more = append_next(out, piece);
  const std::size_t at_once = channel_->send_now(out);
  if (at_once == out.size()) return true;
  piece.assign(out, at_once);
  return false;
}

Task<Result<std::string>> Connection::next_piece() noexcept {
  try {
    return body_->next(Deadline(TimePoint::max(), gone_.get_token()));
  } catch (...) {
    return Result<std::string>(fail(Errc::invalid_reply));
  }
}

/// Appends `piece`, and the end of the body if it is the last.
/// \return whether more may follow
bool Connection::append_next(std::string& out, std::string_view piece) {
  append_piece(out, piece, chunked_);
  if (piece.empty()) return false;
  if (!body_->ended()) return true;
  append_piece(out, {}, chunked_);
  return false;
}

/// Responds to a request whose stream did not begin. Not within `stream`, whose frame would have
/// room for the response while it waits.
Task<Connection::Then> Connection::write_failure(RequestScratch& scratch) {
  return write_instead(scratch, internal_error(scratch.reader.request()));
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
