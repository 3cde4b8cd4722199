#include "websocket/server_socket.hpp"

#include <utility>

#include <wslay/wslay.h>

#include "threads/detached.hpp"

namespace vx11 {
inline namespace v0 {
namespace websocket {

using net_detail::CloseReason;
using net_detail::LaterTurn;
using net_detail::Loop;
using net_detail::TimerWheel;

namespace {

constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kGoingAway = 1001;
constexpr std::uint16_t kInternalError = 1011;

}  // namespace

/// `co_await` resumes on the loop; at once, on the calling thread, if the WebSocket has ended.
class ServerSocket::OnLoop final : public ResumingJob {
 public:
  explicit OnLoop(ServerSocket& socket) noexcept : socket_(socket) {}
  bool await_ready() const noexcept { return Loop::current() == &socket_.loop_; }
  bool await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    const std::lock_guard lock(socket_.mutex_);
    if (socket_.closed_) return false;
    socket_.loop_.post(*this);
    return true;
  }

 private:
  ServerSocket& socket_;
};

/// `co_await` suspends until a message is there or the WebSocket has ended.
struct ServerSocket::WaitMessage {
  ServerSocket& socket;
  bool await_ready() const noexcept { return !socket.inbox_.empty() || socket.has_ended_; }
  void await_suspend(std::coroutine_handle<> waiting) const noexcept { socket.receiver_ = waiting; }
  void await_resume() const noexcept {}
};

ServerSocket::ServerSocket(WebSocketOptions options, std::string subprotocol,
                           std::shared_ptr<net_detail::Channel> channel)
    : options_(std::move(options)),
      subprotocol_(std::move(subprotocol)),
      channel_(std::move(channel)),
      loop_(channel_->loop()),
      reader_(options_.max_message_bytes),
      look_timer_(std::in_place, loop_.timers, &ServerSocket::look, this) {}

Task<void> ServerSocket::run(WebSocketSession session) {
  const auto self = shared_from_this();
  look_timer_->arm(TimerWheel::in(options_.ping_interval));
  try {
    run_detached(self, speak(self, std::move(session)));
    while (!is_over()) {
      const bool may_have_more = read_some();
      flush();
      if (is_over()) break;
      if (may_have_more) {
        LaterTurn yielding(loop_);
        co_await yielding;
      } else {
        auto event = channel_->wait_event();
        co_await event;
      }
    }
  } catch (...) {  // no memory for a message
    channel_->abort(CloseReason::exhausted);
  }
  end();
}

Task<void> ServerSocket::speak(std::shared_ptr<ServerSocket> self, WebSocketSession session) {
  std::uint16_t code = kNormal;
  try {
    Task<void> speaking = session(self);
    co_await std::move(speaking);
  } catch (...) {
    code = kInternalError;
  }
  self->close_or_abort(code, {});
}

/// For those that cannot fail.
void ServerSocket::close_or_abort(std::uint16_t code, std::string_view reason) noexcept {
  try {
    close(code, reason);
  } catch (...) {  // no memory for a frame
    const std::lock_guard lock(mutex_);
    must_abort_ = true;
    if (!closed_) flush_soon();
  }
}

bool ServerSocket::is_over() const noexcept {
  if (!channel_->can_send()) return true;
  const bool is_half_closed = channel_->close_reason() == CloseReason::closed;
  const bool is_left = is_half_closed && channel_->unread().empty() && !last_;
  return (is_deaf_ || is_left) && unsent_bytes() == 0;
}

void ServerSocket::end() noexcept {
  has_ended_ = true;
  look_timer_.reset();
  {
    const std::lock_guard lock(mutex_);
    const bool is_clean = closing_ && is_deaf_;
    closed_ = is_clean ? std::move(*closing_) : WebSocketClose();
    unsent_.clear();
    unsent_bytes_ = 0;
  }
  notify_receiver();
  ended_.request_stop();
  channel_ = nullptr;
}

// ---- receiving

/// \return whether there may be more, for which the others have to wait no longer
bool ServerSocket::read_some() {
  constexpr int kMostReads = 16;
  if (last_ && !has_unseen()) handle(*std::exchange(last_, std::nullopt));
  for (int i = 0; i < kMostReads && !last_; ++i) {
    if (is_deaf_ || (!has_room() && !close_is_limited_)) return false;
    std::string_view input = channel_->unread();
    const std::size_t before = input.size();
    Received received = reader_.next(input);
    channel_->consume(before - input.size());
    if (received.kind != Received::Kind::none) {
      handle(std::move(received));
    } else if (!channel_->receive_now()) {
      return false;
    }
    is_heard_ = true;
  }
  return !last_;
}

void ServerSocket::handle(Received received) {
  switch (received.kind) {
    case Received::Kind::message:
      if (!has_room()) return;  // the session has closed, and receives no more
      inbox_.push_back({.is_text = received.is_text, .data = std::move(received.data)});
      notify_receiver();
      return;
    case Received::Kind::ping:
      queue(WSLAY_PONG, received.data);
      return;
    case Received::Kind::close:
    case Received::Kind::failed:
      if (has_unseen() && !close_is_limited_) return put_off(std::move(received));
      is_deaf_ = true;
      close(received.code, received.data);
      return;
    case Received::Kind::none:
    case Received::Kind::pong:
      return;
  }
}

/// The session may still answer the messages before the end; after `close_timeout` it is cut off.
void ServerSocket::put_off(Received last) {
  last_ = std::move(last);
  channel_->limit(TimerWheel::in(options_.close_timeout));
}

Task<std::optional<WebSocketMessage>> ServerSocket::receive() {
  OnLoop home(*this);
  co_await home;
  std::optional<WebSocketMessage> message;
  if (Loop::current() != &loop_) co_return message;  // it has ended
  WaitMessage waiting{*this};
  co_await waiting;
  if (inbox_.empty()) co_return message;
  const bool was_full = !has_room();
  message = std::move(inbox_.front());
  inbox_.pop_front();
  if (was_full) is_heard_ = true;  // it may have sent what was not read
  if (!has_ended_ && (was_full || last_)) channel_->wake_later();
  co_return message;
}

/// The receiver is resumed by the loop: what it does must not run within what reads.
void ServerSocket::notify_receiver() noexcept {
  if (receiver_ == nullptr || deliver_job_.is_queued()) return;
  deliver_job_.keep(shared_from_this());
  loop_.post(deliver_job_);
}

void ServerSocket::deliver() {
  if (receiver_ != nullptr) std::exchange(receiver_, nullptr).resume();
}

// ---- sending

bool ServerSocket::send(std::string_view text) {
  return queue(WSLAY_TEXT_FRAME, text);
}

bool ServerSocket::send_binary(std::string_view data) {
  return queue(WSLAY_BINARY_FRAME, data);
}

bool ServerSocket::queue(std::uint8_t opcode, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  if (closing_ || closed_) return false;
  if (payload.size() + unsent_.size() > options_.max_unsent_bytes) return false;
  append_frame(unsent_, opcode, payload);
  flush_soon();
  return true;
}

void ServerSocket::close(std::uint16_t code, std::string_view reason) {
  if (code != kNoCode && !may_be_sent(code)) code = kInternalError;
  const std::lock_guard lock(mutex_);
  if (closing_ || closed_) return;
  const std::string payload = close_payload(code, reason);
  WebSocketClose why{.code = code, .reason = std::string(reason)};
  append_frame(unsent_, WSLAY_CONNECTION_CLOSE, payload);
  closing_ = std::move(why);
  flush_soon();
}

void ServerSocket::flush_soon() {
  unsent_bytes_ = unsent_.size();
  if (Loop::current() == &loop_) return flush_now();
  if (std::exchange(flush_is_posted_, true)) return;
  flush_job_.keep(shared_from_this());
  loop_.post(flush_job_);
}

void ServerSocket::flush_posted() {
  const std::lock_guard lock(mutex_);
  flush_is_posted_ = false;  // by the job alone: it must not be queued twice
  if (!closed_) flush_now();
}

void ServerSocket::flush() {
  const std::lock_guard lock(mutex_);
  flush_now();
}

/// A client that was slow once does not hold the memory of that for ever.
void ServerSocket::drop_sent(std::size_t sent) {
  constexpr std::size_t kUsual = 1024;
  if (sent == unsent_.size() && unsent_.capacity() > kUsual) {
    std::string().swap(unsent_);
  } else {
    unsent_.erase(0, sent);
  }
  sent_ += sent;
  unsent_bytes_ = unsent_.size();
}

/// What the socket does not accept is left to `run`, which then gets an event.
void ServerSocket::flush_now() {
  if (!unsent_.empty()) {
    const std::size_t sent = channel_->send_now(unsent_);
    drop_sent(sent);
    if (!channel_->can_send()) channel_->wake_later();
  }
  if (must_abort_) return channel_->abort(CloseReason::aborted);
  if (!closing_ || std::exchange(close_is_limited_, true)) return;
  channel_->limit(TimerWheel::in(options_.close_timeout));
}

// ---- the end

void ServerSocket::drain() noexcept {
  close_or_abort(kGoingAway, "the server is stopping");
}

std::optional<WebSocketClose> ServerSocket::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void ServerSocket::look(void* self) noexcept {
  auto& socket = *static_cast<ServerSocket*>(self);
  try {
    socket.look_after_client();
  } catch (...) {  // no memory for a ping
    socket.channel_->abort(CloseReason::exhausted);
  }
}

/// A client that has to read first, or whose messages wait for the session, need not send.
void ServerSocket::look_after_client() {
  const bool is_stuck = was_unsent_ && unsent_bytes() != 0 && sent_ == sent_at_look_;
  const bool must_send = !was_unsent_ && has_room();
  if (is_stuck || (must_send && !is_heard_)) return channel_->abort(CloseReason::overdue);
  is_heard_ = false;
  was_unsent_ = unsent_bytes() != 0;
  sent_at_look_ = sent_;
  if (!was_unsent_) queue(WSLAY_PING, {});
  look_timer_->arm(TimerWheel::in(options_.ping_interval));
}

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
