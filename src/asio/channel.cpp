#include "channel.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace vx11::inline v0::asio_detail {

namespace {

using boost::system::error_code;

}  // namespace

void ReadBuffer::move_to_front() noexcept {
  std::memmove(data(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

void ReadBuffer::grow() {
  const std::size_t capacity = std::max(kLarge, large_ ? 2 * large_capacity_ : 0);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(larger.get(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  large_ = std::move(larger);
  large_capacity_ = capacity;
}

Channel::Channel(Loop& loop, Socket socket)
    : socket_(std::move(socket)), loop_(loop), timer_(loop.timers, &Channel::overdue, this) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

void Channel::watch(void (*on_broken)(void*), void* whom) {
  on_broken_ = on_broken;
  on_broken_whom_ = whom;
  if (on_broken != nullptr) keep_receiving();
}

void Channel::keep_receiving() {
  if (receiving_ || broken_ != Broken::no) return;
  buffer_.make_room();
  receiving_ = true;
  start_receive();
}

void Channel::start_receive() {
  socket_.async_read_some(boost::asio::buffer(buffer_.free_begin(), buffer_.free_size()),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->received(error, bytes);
                          });
}

void Channel::received(const error_code& error, std::size_t bytes) {
  receiving_ = false;
  buffer_.commit(bytes);
  if (error) note_broken(error == boost::asio::error::eof ? Broken::closed : Broken::reset);
  if (reader_) {
    wake_reader();
  } else if (broken_ != Broken::no) {
    // Called once, and last: it may let go of this channel.
    if (auto* const tell = std::exchange(on_broken_, nullptr)) tell(on_broken_whom_);
  }
}

void Channel::wake_reader() {
  if (unread().size() > seen_ || broken_ != Broken::no) {
    std::exchange(reader_, nullptr).resume();
  } else {
    keep_receiving();
  }
}

void Channel::overdue(void* self) noexcept {
  auto& channel = *static_cast<Channel*>(self);
  channel.note_broken(Broken::overdue);
  error_code ignored;
  channel.socket_.cancel(ignored);
}

void Channel::abort(Broken why) noexcept {
  note_broken(why);
  timer_.disarm();
  error_code ignored;
  socket_.close(ignored);  // ends the receive and the wait for writing, which wake whoever waits
}

void Channel::shutdown_send() noexcept {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

std::size_t Channel::send_now(std::string_view bytes) noexcept {
  error_code error;
  const std::size_t sent =
      socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != boost::asio::error::would_block) note_broken(Broken::reset);
  return sent;
}

/// Suspends until the socket can be written to, or the channel is aborted.
struct Channel::Writable {
  Channel& channel;
  bool await_ready() const noexcept {
    return channel.broken_ != Broken::no && channel.broken_ != Broken::closed;
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    channel.socket_.async_wait(
        Socket::wait_write, [self = channel.shared_from_this(), waiting](const error_code& error) {
          if (error) self->note_broken(Broken::reset);
          waiting.resume();
        });
  }
  void await_resume() const noexcept {}
};

Task<bool> Channel::send(std::string_view bytes) {
  const auto self = shared_from_this();
  while (broken_ == Broken::no || broken_ == Broken::closed) {  // the peer may still read
    bytes.remove_prefix(send_now(bytes));
    if (bytes.empty()) co_return true;
    Writable writable{*this};
    co_await writable;
  }
  co_return false;
}

}  // namespace vx11::inline v0::asio_detail
