#pragma once

/// \file
/// One command on its way, and who waits for its replies. Internal.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "net/loop/loop.hpp"
#include "redis/error.hpp"
#include "redis/reply.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

class Call;

/// Where a call waits: for a connection, or on one for its replies.
class CallQueue {
 public:
  /// The call has ended otherwise. Its replies, if it was sent, are dropped when they come.
  virtual void forget(Call& call) noexcept = 0;

 protected:
  ~CallQueue() = default;
};

/// Bytes that are sent together, and their replies: `co_await call` suspends until the replies are
/// there, the connection fails, or the deadline has passed or its stop token fires. Part of the
/// waiting coroutine's frame. On the loop's thread only.
class Call {
 public:
  /// \param bytes commands, which the caller keeps alive
  /// \param replies how many they cause
  /// \param writes whether replicas have to confirm them, if the options say so
  Call(net_detail::Loop& loop, std::string_view bytes, std::size_t replies, bool writes,
       const Deadline& deadline);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();

  std::string_view bytes() const noexcept { return bytes_; }
  std::size_t expected() const noexcept { return expected_; }
  bool writes() const noexcept { return writes_; }
  bool is_done() const noexcept { return done_; }
  /// After the wait: the replies, or why there are none.
  std::vector<Reply>& replies() noexcept { return replies_; }
  const std::optional<RedisError>& error() const noexcept { return error_; }

  bool await_ready() const noexcept { return done_; }
  void await_suspend(std::coroutine_handle<> waiting);
  void await_resume() const noexcept {}

  /// For the queue in which it waits, which `succeed` and `fail` leave; they resume the caller, who
  /// may destroy the call.
  /// \param place for the queue's own use
  void wait_in(CallQueue& queue, std::uint64_t place = 0) noexcept {
    queue_ = &queue;
    place_ = place;
  }
  std::uint64_t place() const noexcept { return place_; }
  /// To be called once its bytes have been given to a connection.
  void note_sent() noexcept { sent_ = true; }
  void add(Reply reply) { replies_.push_back(std::move(reply)); }
  void succeed();
  void fail(ErrorKind kind);

 private:
  class StopJob;

  static void overdue(void* self);
  void stopped();
  void leave_queue() noexcept;
  void end(std::optional<RedisError> error);

  net_detail::Loop& loop_;
  const std::string_view bytes_;
  const std::size_t expected_;
  const bool writes_;
  bool sent_ = false;
  bool done_ = false;
  CallQueue* queue_ = nullptr;
  std::uint64_t place_ = 0;
  std::coroutine_handle<> waiting_ = nullptr;
  std::vector<Reply> replies_ = {};
  std::optional<RedisError> error_ = std::nullopt;
  net_detail::WheelTimer limit_;
  std::stop_token stop_;
  std::shared_ptr<StopJob> stop_job_ = nullptr;  ///< Null: nothing can stop it.
};

/// `co_await Pause(loop, until)`: suspends until then, or until the loop ends.
class Pause {
 public:
  Pause(net_detail::Loop& loop, TimePoint until)
      : loop_(loop), until_(until), timer_(loop.timers, &Pause::over, this) {}
  bool await_ready() const noexcept { return loop_.ending(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    timer_.arm(until_);
  }
  void await_resume() const noexcept {}

 private:
  static void over(void* self) {
    auto& pause = *static_cast<Pause*>(self);
    pause.timer_.disarm();
    pause.waiting_.resume();
  }

  net_detail::Loop& loop_;
  TimePoint until_;
  std::coroutine_handle<> waiting_ = nullptr;
  net_detail::WheelTimer timer_;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
