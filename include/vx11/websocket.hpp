#pragma once

/// \file
/// WebSockets (RFC 6455) on the event-driven server.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// One message, complete.
struct WebSocketMessage {
  bool is_text = true;  ///< Else binary. Text is valid UTF-8.
  std::string data = {};
};

/// Why a WebSocket was closed: a status code of RFC 6455 §7.4, such as 1000, and a text. 1005: the
/// client gave no code; 1006: the connection was lost.
struct WebSocketClose {
  std::uint16_t code = 1006;
  std::string reason = {};
};

/// The limits of one WebSocket.
struct WebSocketOptions {
  /// Those that the session speaks. The first one that the client offers, in the client's order, is
  /// chosen. Empty: none is asked for; else a client that offers none of them is refused.
  std::vector<std::string> subprotocols{};
  /// Of one message from the client; above it is closed with 1009. Up to nine of them are held.
  std::size_t max_message_bytes = std::size_t{1024} * 1024;
  /// Of what waits to be sent: `send` fails above. Enough for a second of events, and a thousand
  /// slow clients take a quarter of a gigabyte at most.
  std::size_t max_unsent_bytes = std::size_t{256} * 1024;
  /// Between two looks whether the client is there, at least 10 ms. One that has sent nothing since
  /// the look before, not even the answer to a ping, has left. Below the silence limits of usual
  /// proxies.
  Duration ping_interval = std::chrono::seconds(20);
  /// How long the client's part of a close is waited for.
  Duration close_timeout = std::chrono::seconds(5);
};

/// One open WebSocket. `send`, `close` and the observers are **thread-safe**; `receive` is for one
/// coroutine at a time. After the end `send` has no effect. Shared: what answers a message may
/// outlive the session.
class VX11_API WebSocket {
 public:
  WebSocket() = default;
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  virtual ~WebSocket() = default;

  /// The next message. Resumes on the connection's event loop. Eight messages wait here; then the
  /// client is not read from until they are received, its close neither: a session has to receive,
  /// even if it expects nothing.
  /// \return none when the WebSocket has ended: see `closed`
  virtual Task<std::optional<WebSocketMessage>> receive() = 0;
  /// Sends or queues a text, which must be valid UTF-8.
  /// \return false if the WebSocket has ended, or if more than `max_unsent_bytes` would wait: the
  ///         client reads too slowly, and the text is dropped
  virtual bool send(std::string_view text) = 0;
  /// The same for binary data.
  virtual bool send_binary(std::string_view data) = 0;
  /// Sends what is queued, and then the close; `receive` then returns none. Of several only the
  /// first one counts.
  /// \param code 1000 to 1003, 1007 to 1014 or 3000 to 4999; 1005: without one. Any other is 1011
  /// \param reason at most 123 bytes of UTF-8; longer ones are cut off
  virtual void close(std::uint16_t code, std::string_view reason = {}) = 0;
  /// Fires when the WebSocket has ended: cancel then what was asked for it.
  virtual std::stop_token ended() const noexcept = 0;
  /// How it was closed; none before its end.
  virtual std::optional<WebSocketClose> closed() const = 0;
  /// The chosen subprotocol; empty: none.
  virtual std::string_view subprotocol() const noexcept = 0;
  /// What waits to be sent.
  virtual std::size_t unsent_bytes() const noexcept = 0;
};

/// Speaks with one client. Called on the connection's event loop, which must not be blocked. When
/// its task has completed, the WebSocket is closed with 1000, after an exception with 1011. When
/// the server stops, the client gets 1001.
using WebSocketSession = std::function<Task<void>(std::shared_ptr<WebSocket>)>;

/// Answers a request for a WebSocket, for a handler that has admitted it: a client that may not
/// connect must be refused before. Browsers send no credentials of another kind and ignore CORS:
/// check `Origin`.
///
/// Only `serve` and `HttpServer` can switch protocols; another server answers 500.
/// \return 101; 400 without a valid key or one of the subprotocols, 405 for another method than
///         GET, 426 for a request that is no upgrade or of another version than 13
VX11_API StreamedResponse accept_websocket(const HttpRequest& request, WebSocketOptions options,
                                           WebSocketSession session);

}  // namespace v0
}  // namespace vx11
