#pragma once

/// \file
/// The way from one event loop to one Redis server: its connection, and what is done without one.
/// Internal.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "redis/connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Keeps one connection to a server. Calls wait for the first one, and for the one that replaces a
/// connection that has been in use; while the server is down they fail at once, and one attempt
/// after another is made to connect, with growing, jittered pauses. An attempt that nothing has
/// used for a minute is the last one. On its loop's thread only.
class Link final : private ConnectionUser, private CallQueue {
 public:
  /// \param trouble called when the connection is lost or cannot be made; may be null
  Link(net_detail::Loop& loop, std::shared_ptr<Shared> shared, Url url, Greeting greeting,
       std::function<void(ErrorKind)> trouble);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Sends the bytes of `call` once there is a connection, or fails it at once.
  void submit(Call& call);
  /// Before its first use: replies may be messages of a subscription, which `pushed` is called
  /// with.
  void expect_pushes(std::function<void(const Reply&)> pushed) { pushed_ = std::move(pushed); }
  const Url& server() const noexcept { return url_; }
  /// Whether no call waits.
  bool is_idle() const noexcept {
    return waiting_->empty() && (!connection_ || connection_->is_idle());
  }
  /// Ends it; the calls fail with `why`. To be called once, before it is destroyed.
  void close(ErrorKind why);

 private:
  enum class State : std::uint8_t {
    resting,     ///< Not used yet, or not for long.
    connecting,  ///< Calls wait for it.
    up,
    down,      ///< Until the next attempt.
    retrying,  ///< As `connecting`, but no call waits.
  };

  void connect(State state);
  void connected(Connection& connection) override;
  void disconnected(Connection& connection, ErrorKind why) override;
  void pushed(const Reply& message) override {
    if (pushed_) pushed_(message);
  }
  void forget(Call& call) noexcept override;
  void fail_waiting(ErrorKind why);
  static bool has_lasted(const Connection& lost) noexcept;
  static bool deserves_another(ErrorKind why) noexcept;
  Duration next_pause() noexcept;
  static void retry(void* self);

  net_detail::Loop& loop_;
  const std::shared_ptr<Shared> shared_;
  const Url url_;
  const Greeting greeting_;
  const std::function<void(ErrorKind)> trouble_;
  std::function<void(const Reply&)> pushed_ = nullptr;
  State state_ = State::resting;
  ErrorKind why_down_ = ErrorKind::unreachable;
  std::uint32_t failures_ = 0;  ///< In a row, without a connection that has lasted.
  TimePoint last_use_ = {};
  std::shared_ptr<Connection> connection_ = nullptr;
  const std::shared_ptr<std::deque<Call*>> waiting_ = std::make_shared<std::deque<Call*>>();
  net_detail::WheelTimer retry_timer_;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
