#pragma once

/// \file
/// A WebSocket of the server. Internal.

#include <vx11/websocket.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/loop/loop.hpp"
#include "net/socket/channel.hpp"
#include "websocket/frame_reader.hpp"

namespace vx11 {
inline namespace v0 {
namespace websocket {

/// One coroutine, `run`, reads the channel and waits for its events; whatever is sent is queued,
/// tried at once on the loop, and left to `run` if the socket is full.
///
/// What is not marked as guarded belongs to the connection's loop, which other threads do not touch
/// once it has ended: they look at `closed_` first. Channel and timer, which are linked into the
/// loop, are released there by the end: any thread may drop the last reference, at any time later.
class ServerSocket final : public WebSocket, public std::enable_shared_from_this<ServerSocket> {
 public:
  ServerSocket(WebSocketOptions options, std::string subprotocol,
               std::shared_ptr<net_detail::Channel> channel);

  /// Speaks with the client until the end.
  Task<void> run(WebSocketSession session);
  /// Closes with 1001.
  void drain() noexcept;

  Task<std::optional<WebSocketMessage>> receive() override;
  bool send(std::string_view text) override;
  bool send_binary(std::string_view data) override;
  void close(std::uint16_t code, std::string_view reason) override;
  std::stop_token ended() const noexcept override { return ended_.get_token(); }
  std::optional<WebSocketClose> closed() const override;
  std::string_view subprotocol() const noexcept override { return subprotocol_; }
  std::size_t unsent_bytes() const noexcept override {
    return unsent_bytes_.load(std::memory_order_relaxed);
  }

 private:
  class OnLoop;
  struct WaitMessage;

  static Task<void> speak(std::shared_ptr<ServerSocket> self, WebSocketSession session);
  bool queue(std::uint8_t opcode, std::string_view payload);
  void flush_soon();
  void flush_posted();
  void flush();
  void flush_now();
  void drop_sent(std::size_t sent);
  bool read_some();
  bool has_room() const noexcept { return inbox_.size() < kMostWaiting; }
  void handle(Received received);
  void put_off(Received last);
  bool has_unseen() const noexcept { return !inbox_.empty() || deliver_job_.is_queued(); }
  bool is_over() const noexcept;
  void end() noexcept;
  void notify_receiver() noexcept;
  void deliver();
  static void look(void* self) noexcept;
  void look_after_client();
  void close_or_abort(std::uint16_t code, std::string_view reason) noexcept;

  /// A few, so that a session that is busy for a moment does not stop the client.
  static constexpr std::size_t kMostWaiting = 8;

  const WebSocketOptions options_;
  const std::string subprotocol_;
  std::shared_ptr<net_detail::Channel> channel_;  ///< Null after the end.
  net_detail::Loop& loop_;
  FrameReader reader_;
  std::deque<WebSocketMessage> inbox_ = {};
  /// What ends the WebSocket, while messages before it wait for the session.
  std::optional<Received> last_ = std::nullopt;
  std::coroutine_handle<> receiver_ = nullptr;
  std::optional<net_detail::WheelTimer> look_timer_;  ///< None after the end.
  net_detail::SharedJob<ServerSocket, &ServerSocket::deliver> deliver_job_;
  bool is_heard_ = true;     ///< Something has come since the last look.
  bool was_unsent_ = false;  ///< Something waited to be sent at the last look.
  std::uint64_t sent_ = 0;   ///< Bytes.
  std::uint64_t sent_at_look_ = 0;
  bool close_is_limited_ = false;
  bool is_deaf_ = false;  ///< The client's close, or what ends it, has come.
  bool has_ended_ = false;
  std::stop_source ended_ = {};

  mutable std::mutex mutex_;
  std::string unsent_ = {};  ///< Guarded by `mutex_`, as those that follow.
  /// Whose close came first, or will be when it has ended. Nothing more is sent then.
  std::optional<WebSocketClose> closing_ = std::nullopt;
  std::optional<WebSocketClose> closed_ = std::nullopt;
  bool flush_is_posted_ = false;
  bool must_abort_ = false;
  net_detail::SharedJob<ServerSocket, &ServerSocket::flush_posted> flush_job_;
  std::atomic<std::size_t> unsent_bytes_ = 0;  ///< Changed under it, too.
};

}  // namespace websocket
}  // namespace v0
}  // namespace vx11
