#include "net/socket/channel.hpp"

#include <vx11/socket/detail/tcp.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::is_shortage;
using socket_detail::would_block;

Channel::Channel(Loop& loop, Socket connected, Priority priority)
    : Watcher(priority),
      loop_(loop),
      socket_(std::move(connected)),
      timer_(loop.timers, &Channel::overdue, this) {
  if (!loop_.poller.add(socket_, *this)) note_closed(CloseReason::exhausted);
}

Channel::~Channel() {
  if (socket_) loop_.poller.remove(socket_, *this);
}

/// An event without input follows bytes that were read before it was fetched; those that come later
/// make another one. Under TLS the session may hold bytes that were read during the handshake.
void Channel::ready(std::uint32_t events) {
  constexpr std::uint32_t kInput = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  readable_ = readable_ || (events & kInput) != 0 || needs_handshake();
  broken_ = broken_ || (events & (EPOLLHUP | EPOLLERR)) != 0;
  hung_up_ = hung_up_ || broken_ || (events & EPOLLRDHUP) != 0;
  if (yielding_) return;
  reads_ = 0;
  // The resumed coroutine may destroy this channel: each branch ends with the resume.
  if (event_waiter_) {
    std::exchange(event_waiter_, nullptr).resume();
  } else if (reader_) {
    if (pull(seen_)) std::exchange(reader_, nullptr).resume();
  } else if (on_close_ != nullptr) {
    receive_watched();
  }
}

/// Prefetches the frame of the coroutine to be resumed.
void Channel::soon_ready() const noexcept {
  if (reader_) prefetch<8>(reader_.address());
}

/// Reads until more than `seen` bytes are unread or the socket is empty.
/// \return whether the wait is over
bool Channel::pull(std::size_t seen) noexcept {
  while (unread().size() <= seen && close_reason_ == CloseReason::none && readable_) receive();
  if (unread().size() > seen || close_reason_ != CloseReason::none) return true;
  buffer_.rest();
  return false;
}

void Channel::receive() noexcept {
  if (!buffer_.make_room()) return note_closed(CloseReason::exhausted);
  const IoResult tried = try_read(buffer_.free_begin(), buffer_.free_size());
  buffer_.commit(tried.bytes);
  switch (tried.then) {
    case IoResult::Then::perhaps_more:
      return;
    case IoResult::Then::would_block:
      readable_ = hung_up_ && tried.bytes != 0;
      return;
    case IoResult::Then::ended:
      return note_closed(CloseReason::closed);
    case IoResult::Then::failed:
      return note_closed(CloseReason::reset);
    case IoResult::Then::exhausted:
      return note_closed(CloseReason::exhausted);
  }
}

/// The event may still be in the poller's queue, so the socket is asked.
bool Channel::wake_if_readable() noexcept {
  readable_ = true;
  if (!pull(0) || unread().empty()) return false;
  wake_later();
  return true;
}

/// \return whether the reader may go on in this wake-up
bool Channel::check_budget() noexcept {
  constexpr std::uint8_t kReads = 16;
  constexpr Duration kTime = std::chrono::microseconds(200);
  const TimePoint now = TimerWheel::now();
  if (reads_ == 2) budget_end_ = now + kTime;
  yielding_ = reads_ > kReads || now >= budget_end_;
  return !yielding_;
}

void Channel::continue_later() noexcept {
  continue_job_.keep(shared_from_this());
  loop_.post_later(continue_job_);
}

void Channel::continue_reading() {
  yielding_ = false;
  reads_ = 0;
  if (reader_) std::exchange(reader_, nullptr).resume();
}

/// Nothing reads at the moment: receives at most once; the rest stays in the socket.
void Channel::receive_watched() {
  if (readable_ && unread().empty() && close_reason_ == CloseReason::none) receive();
  buffer_.rest();
  if (close_reason_ == CloseReason::none && !hung_up_) return;
  if (only_break_ && !broken_ &&
      (close_reason_ == CloseReason::none || close_reason_ == CloseReason::closed))
    return;
  if (auto* const tell = std::exchange(on_close_, nullptr)) tell(on_close_whom_);
}

void Channel::watch(void (*on_close)(void*), void* whom) {
  on_close_ = on_close;
  on_close_whom_ = whom;
  only_break_ = false;
  buffer_.rest();
  if (on_close != nullptr && readable_ && close_reason_ == CloseReason::none) receive_watched();
}

void Channel::watch_break(void (*on_close)(void*), void* whom) {
  on_close_ = on_close;
  on_close_whom_ = whom;
  only_break_ = true;
}

Channel::IoResult Channel::failure_of(int error) noexcept {
  if (would_block(error)) return IoResult::Then::would_block;
  return is_shortage(error) ? IoResult::Then::exhausted : IoResult::Then::failed;
}

Channel::IoResult Channel::try_read(char* into, std::size_t size) noexcept {
  const ssize_t got = ::recv(socket(), into, size, 0);
  if (got == 0) return IoResult::Then::ended;
  if (got < 0) return failure_of(errno);
  const auto bytes = static_cast<std::size_t>(got);
  // A short read has emptied the socket; later data causes another edge.
  return {bytes < size ? IoResult::Then::would_block : IoResult::Then::perhaps_more, bytes};
}

Channel::IoResult Channel::try_write(std::string_view bytes) noexcept {
  const ssize_t sent = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) return failure_of(errno);
  return {IoResult::Then::perhaps_more, static_cast<std::size_t>(sent)};
}

std::size_t Channel::peek(char* into, std::size_t size) noexcept {
  if (close_reason_ != CloseReason::none) return 0;
  const ssize_t got = ::recv(socket(), into, size, MSG_PEEK);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) note_closed(CloseReason::closed);
  if (got < 0 && !would_block(errno)) note_closed(CloseReason::reset);
  return 0;
}

bool Channel::skip(std::size_t bytes) noexcept {
  std::array<char, 256> unused;
  while (bytes != 0) {
    const ssize_t got = ::recv(socket(), unused.data(), std::min(bytes, unused.size()), 0);
    if (got <= 0) return false;
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

std::size_t Channel::send_now(std::string_view bytes) noexcept {
  if (!can_send()) return 0;
  const IoResult tried = try_write(bytes);
  if (tried.then == IoResult::Then::failed) note_closed(CloseReason::reset);
  if (tried.then == IoResult::Then::exhausted) note_closed(CloseReason::exhausted);
  return tried.bytes;
}

Task<bool> Channel::send(std::string_view bytes) {
  const auto self = shared_from_this();
  while (can_send()) {  // a peer that has closed its side may still read
    bytes.remove_prefix(send_now(bytes));
    if (bytes.empty()) co_return true;
    WaitEvent changed = wait_event();
    co_await changed;
  }
  co_return false;
}

Task<Result<void>> Channel::handshake() {
  co_return Result<void>();
}

void Channel::overdue(void* self) noexcept {
  auto& channel = *static_cast<Channel*>(self);
  const bool ending = channel.loop_.ending();
  channel.note_closed(ending ? CloseReason::aborted : CloseReason::overdue);
  channel.wake_later();
}

void Channel::abort(CloseReason why) noexcept {
  note_closed(why);
  timer_.disarm();
  if (!socket_) return;
  loop_.poller.remove(socket_, *this);
  socket_.close();
  wake_later();
}

void Channel::shutdown_send() noexcept {
  if (!socket_) return;
  close_notify();
  ::shutdown(socket(), SHUT_WR);
}

/// Waiters are resumed by the loop, never from within `abort` or the timer.
void Channel::wake_later() noexcept {
  if (wake_job_.is_queued() || (!reader_ && !event_waiter_ && on_close_ == nullptr)) return;
  wake_job_.keep(shared_from_this());
  loop_.post(wake_job_);
}

void Channel::wake() {
  if (yielding_) return;  // `continue_later` resumes the reader
  reads_ = 0;
  if (event_waiter_) return std::exchange(event_waiter_, nullptr).resume();
  if (!reader_) return receive_watched();
  if (pull(seen_)) std::exchange(reader_, nullptr).resume();
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
