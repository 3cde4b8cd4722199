#include <vx11/websocket.hpp>

#include <algorithm>
#include <utility>

#include "net/server/upgrade.hpp"
#include "websocket/handshake.hpp"
#include "websocket/server_socket.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// What follows the answer 101.
class Upgrade final : public BodyStream, public ConnectionUpgrade {
 public:
  Upgrade(WebSocketOptions options, std::string subprotocol, WebSocketSession session)
      : options_(std::move(options)),
        subprotocol_(std::move(subprotocol)),
        session_(std::move(session)) {}

  Task<Result<std::string>> next(Deadline /*deadline*/) override {
    return Result<std::string>(fail(Errc::invalid_argument, "a WebSocket has no body"));
  }
  bool failed() const noexcept override { return socket_ == nullptr || is_lost_; }
  ConnectionUpgrade* upgrade() noexcept override { return this; }

  Task<void> serve(std::shared_ptr<net_detail::Channel> channel) override {
    socket_ = std::make_shared<websocket::ServerSocket>(
        std::move(options_), std::move(subprotocol_), std::move(channel));
    if (must_drain_) socket_->drain();
    Task<void> running = socket_->run(std::move(session_));
    co_await std::move(running);
    is_lost_ = socket_->closed()->code == WebSocketClose().code;
  }
  void drain() noexcept override {
    must_drain_ = true;
    if (socket_ != nullptr) socket_->drain();
  }

 private:
  WebSocketOptions options_;
  std::string subprotocol_;
  WebSocketSession session_;
  std::shared_ptr<websocket::ServerSocket> socket_ = nullptr;
  bool must_drain_ = false;
  bool is_lost_ = false;
};

}  // namespace

StreamedResponse accept_websocket(const HttpRequest& request, WebSocketOptions options,
                                  WebSocketSession session) {
  options.ping_interval = std::max<Duration>(options.ping_interval, std::chrono::milliseconds(10));
  HttpResponse answer = websocket::answer_to(request, options.subprotocols);
  if (answer.status != 101) return StreamedResponse(std::move(answer), nullptr);
  std::string subprotocol(answer.headers.get("Sec-WebSocket-Protocol"));
  return StreamedResponse(
      std::move(answer),
      std::make_unique<Upgrade>(std::move(options), std::move(subprotocol), std::move(session)));
}

}  // namespace v0
}  // namespace vx11
