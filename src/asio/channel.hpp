#pragma once

/// \file
/// `Channel`: one TCP connection as both the server and the transport use it. Internal.

#include <vx11/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "loop.hpp"
#include "read_buffer.hpp"

namespace vx11::inline v0::asio_detail {

using Socket = boost::asio::ip::tcp::socket;

/// Why a channel is of no more use.
enum class Broken : std::uint8_t {
  no,
  closed,   ///< The peer has closed its side.
  reset,    ///< The connection failed.
  overdue,  ///< The time it was given has passed.
  aborted,  ///< This side gave it up.
};

/// A connected socket with one receive always under way while somebody cares: the receive that
/// waits for the next message is also what notices that the peer has gone, at no cost in system
/// calls.
///
/// Sending tries the socket first and waits only when it is full. One timer serves all limits.
/// Belongs to its loop's thread; `abort` too. Kept alive by its own pending operations.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Loop& loop, Socket socket);
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Loop& loop() const noexcept { return loop_; }
  Socket& socket() noexcept { return socket_; }
  std::string_view unread() const noexcept { return buffer_.unread(); }
  void consume(std::size_t bytes) noexcept { buffer_.consume(bytes); }
  void expect_much(bool much) noexcept { buffer_.expect_much(much); }
  Broken broken() const noexcept { return broken_; }

  /// `co_await channel.more(seen)`: suspends until more than `seen` bytes are unread or it is
  /// broken. \return whether there are more.
  auto more(std::size_t seen = 0) noexcept { return More{*this, seen}; }

  /// Keeps receiving while nobody waits for bytes, to notice the peer's going; `on_broken(whom)` is
  /// then called once. Null stops the noticing, not the receive.
  void watch(void (*on_broken)(void*), void* whom);

  /// Sends all of `bytes`, which the caller keeps. \return whether it worked.
  virtual Task<bool> send(std::string_view bytes);
  /// Sends what the socket takes at once. \return how much; the rest is for `send`.
  virtual std::size_t send_now(std::string_view bytes) noexcept;

  /// Breaks the channel with `overdue` at `at`, unless moved or `no_limit` before. The socket stays
  /// open.
  void limit(TimePoint at) noexcept { timer_.arm(at); }
  void no_limit() noexcept { timer_.disarm(); }
  /// Makes an overdue channel usable again, for a last word.
  void forgive() noexcept {
    if (broken_ == Broken::overdue) broken_ = Broken::no;
  }

  /// Closes the socket; whoever waits is woken by the loop with `why`.
  void abort(Broken why) noexcept;
  /// Ends the sending side, so that the peer reads to the end and then sees it.
  void shutdown_send() noexcept;

 protected:
  /// A receive into the buffer's free part; ends in `received`. TLS has its own.
  virtual void start_receive();
  void received(const boost::system::error_code& error, std::size_t bytes);

  /// Remembers the first reason for which it is of no more use. A peer that has closed its side may
  /// still read; that ends with whatever comes next.
  void note_broken(Broken why) noexcept {
    if (broken_ == Broken::no || broken_ == Broken::closed) broken_ = why;
  }

  ReadBuffer buffer_;
  Socket socket_;

 private:
  struct More {
    Channel& channel;
    std::size_t seen;
    bool await_ready() const noexcept { return ready(); }
    bool await_suspend(std::coroutine_handle<> waiting) {
      channel.seen_ = seen;
      channel.reader_ = waiting;
      channel.keep_receiving();
      return true;
    }
    bool await_resume() const noexcept { return channel.unread().size() > seen; }
    bool ready() const noexcept {
      return channel.unread().size() > seen || channel.broken_ != Broken::no;
    }
  };
  struct Writable;

  void keep_receiving();
  void wake_reader();
  static void overdue(void* self) noexcept;

  Loop& loop_;
  Timer timer_;
  std::coroutine_handle<> reader_ = nullptr;
  std::size_t seen_ = 0;
  void (*on_broken_)(void*) = nullptr;
  void* on_broken_whom_ = nullptr;
  Broken broken_ = Broken::no;
  bool receiving_ = false;
};

}  // namespace vx11::inline v0::asio_detail
