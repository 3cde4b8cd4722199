#pragma once

/// \file
/// `Channel`: one TCP connection, for the server and the transport. Internal.

#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/loop/loop.hpp"
#include "net/socket/read_buffer.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Why a channel is closed.
enum class CloseReason : std::uint8_t {
  none,
  closed,     ///< The peer has closed its side.
  reset,      ///< The connection failed.
  overdue,    ///< Its time limit has passed.
  aborted,    ///< Closed by this side.
  exhausted,  ///< The system is out of memory or epoll entries for it.
};

/// A connected, edge-triggered socket: reads only after a readiness event and while a coroutine
/// waits or watches.
///
/// Sending tries the socket first and waits only when it is full. One timer serves all limits. All
/// members, also `abort`, must be called on the loop's thread.
///
/// A wake-up has a budget: after some reads, or 200 us of them, a wait for bytes suspends although
/// there are some, and other connections and timers get their turn. So a peer that sends without
/// end, or that pipelines requests, does not hold the loop.
class VX11_API Channel : public std::enable_shared_from_this<Channel>, private Poller::Watcher {
 public:
  using Priority = Poller::Priority;
  Channel(Loop& loop, Socket connected, Priority priority = Priority::new_work);
  virtual ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  Loop& loop() const noexcept { return loop_; }
  std::string_view unread() const noexcept { return buffer_.unread(); }
  void consume(std::size_t bytes) noexcept { buffer_.consume(bytes); }
  void expect_much(bool much) noexcept { buffer_.expect_much(much); }
  CloseReason close_reason() const noexcept { return close_reason_; }

  /// `co_await channel.wait_readable(seen)`: suspends until more than `seen` bytes are unread or
  /// the channel is closed.
  /// \return whether there are more
  auto wait_readable(std::size_t seen = 0) noexcept { return WaitReadable{*this, seen}; }

  /// Whether there are bytes that a waiting reader has not seen; it is then resumed by the loop.
  bool wake_if_readable() noexcept;

  /// Receives what has arrived since the last event, for a user that waits with `wait_event`.
  /// \return whether bytes are unread
  bool receive_now() noexcept { return pull(0) && !unread().empty(); }

  /// Has the loop resume what waits, as an event would.
  void wake_later() noexcept;

  /// Detects that the peer closes while nothing reads; `on_close(whom)` is then called once,
  /// perhaps before this returns. Null stops watching.
  void watch(void (*on_close)(void*), void* whom);
  /// The same after the peer has closed its sending side: reports that the connection is broken.
  void watch_break(void (*on_close)(void*), void* whom);
  /// Whether the connection is unusable in both directions. A peer that has only shut down its
  /// sending side can still read; one that has closed the socket looks the same until it is sent
  /// to.
  bool broken() const noexcept { return broken_; }

  /// Sends all of `bytes`, which the caller keeps alive.
  /// \return whether it succeeded
  Task<bool> send(std::string_view bytes);
  /// Sends what the socket accepts without waiting.
  /// \return how much; the rest is for `send`
  std::size_t send_now(std::string_view bytes) noexcept;

  /// Whether `send_now` may accept bytes, now or after an event.
  bool can_send() const noexcept {
    return close_reason_ == CloseReason::none || close_reason_ == CloseReason::closed;
  }
  /// `co_await channel.wait_event()`: suspends until an event occurs or the channel cannot send.
  auto wait_event() noexcept { return WaitEvent{*this}; }

  /// Closes the channel with `overdue` at `at`, unless moved or cancelled by `no_limit`. The socket
  /// stays open.
  void limit(TimePoint at) noexcept { timer_.arm(at); }
  void no_limit() noexcept { timer_.disarm(); }
  /// Makes an overdue channel usable again, to send a last response.
  void forgive() noexcept {
    if (close_reason_ == CloseReason::overdue) close_reason_ = CloseReason::none;
  }

  /// Whether `handshake` must succeed before bytes are read or sent: under TLS.
  virtual bool needs_handshake() const noexcept { return false; }
  virtual Task<Result<void>> handshake();
  /// As `HttpPeer::certificate_name`, after the handshake.
  virtual std::string certificate_name() const { return {}; }

  /// Copies what is in the socket, below TLS, without taking it; for what precedes the channel's
  /// own bytes, before anything is read from it. Wait with `wait_event` for more.
  /// \return how much; 0 if there is nothing yet or the channel is closed
  std::size_t peek(char* into, std::size_t size) noexcept;
  /// Takes `bytes` that `peek` has copied.
  /// \return whether they were there
  bool skip(std::size_t bytes) noexcept;

  /// Closes the socket; a waiter is resumed by the loop and sees `why`.
  void abort(CloseReason why) noexcept;
  /// Shuts down the sending side; the peer reads the remaining bytes and then the end.
  void shutdown_send() noexcept;

 protected:
  /// The result of one socket operation.
  struct IoResult {
    enum class Then : std::uint8_t {
      perhaps_more,
      would_block,  ///< No more for now; wait for an edge.
      ended,        ///< Reading: the peer has closed its side.
      failed,
      exhausted,  ///< The system is out of memory.
    };
    IoResult(Then then, std::size_t bytes = 0) noexcept : bytes(bytes), then(then) {}
    std::size_t bytes;
    Then then;
  };
  /// Overridden for TLS.
  virtual IoResult try_read(char* into, std::size_t size) noexcept;
  virtual IoResult try_write(std::string_view bytes) noexcept;
  /// Ends this side's session, of an open socket: what the peer has received is complete.
  virtual void close_notify() noexcept {}

  int socket() const noexcept { return socket_.get(); }

  /// Stores the first close reason. After `closed` the peer may still read, so a later reason
  /// replaces it.
  void note_closed(CloseReason why) noexcept {
    if (can_send()) close_reason_ = why;
  }

 private:
  struct WaitReadable {
    Channel& channel;
    std::size_t seen;
    bool await_ready() const noexcept { return channel.pull(seen) && channel.within_budget(); }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept {
      channel.seen_ = static_cast<std::uint32_t>(seen);
      channel.reader_ = waiting;
      if (channel.yielding_) channel.continue_later();
    }
    bool await_resume() const noexcept {
      return channel.unread().size() > seen && channel.close_reason_ != CloseReason::aborted;
    }
  };
  struct WaitEvent {
    Channel& channel;
    bool await_ready() const noexcept { return !channel.can_send(); }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept {
      channel.event_waiter_ = waiting;
    }
    void await_resume() const noexcept {}
  };

  static IoResult failure_of(int error) noexcept;
  void ready(std::uint32_t events) override;
  void soon_ready() const noexcept override;
  bool pull(std::size_t seen) noexcept;
  /// Counts a read in this wake-up; the first one, the usual case, does not look at the clock.
  bool within_budget() noexcept { return reads_++ == 0 || check_budget(); }
  bool check_budget() noexcept;
  void continue_later() noexcept;
  void continue_reading();
  void receive() noexcept;
  void receive_watched();
  void wake();
  static void overdue(void* self) noexcept;

  Loop& loop_;
  Socket socket_;
  std::uint32_t seen_ = 0;  ///< What the reader has seen.
  WheelTimer timer_;
  std::coroutine_handle<> reader_ = nullptr;
  std::coroutine_handle<> event_waiter_ = nullptr;
  void (*on_close_)(void*) = nullptr;
  void* on_close_whom_ = nullptr;
  CloseReason close_reason_ = CloseReason::none;
  bool readable_ = false;  ///< Data may be available.
  bool hung_up_ = false;   ///< The peer's end follows the available data.
  bool broken_ = false;
  bool only_break_ = false;  ///< What is watched for: not the peer's end.
  bool yielding_ = false;    ///< The budget is spent; the reader continues in a later turn.
  std::uint8_t reads_ = 0;   ///< Waits in this wake-up that found bytes.
  TimePoint budget_end_ = {};
  SharedJob<Channel, &Channel::continue_reading> continue_job_;
  SharedJob<Channel, &Channel::wake> wake_job_;
  ReadBuffer buffer_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
