#pragma once

/// \file
/// A server with one WebSocket route, for tests.

#include <vx11/http_routes.hpp>
#include <vx11/websocket.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "net_served.hpp"
#include "websocket_client.hpp"

namespace websocket_server {

using namespace net_served;
using namespace websocket_client;
using vx11::HttpRequest;
using vx11::Task;
using vx11::WebSocket;
using vx11::WebSocketOptions;
using Socket = std::shared_ptr<WebSocket>;

inline Task<void> echo(Socket socket) {
  for (;;) {
    Task<std::optional<vx11::WebSocketMessage>> receiving = socket->receive();
    const auto message = co_await std::move(receiving);
    if (!message) co_return;
    message->is_text ? socket->send(message->data) : socket->send_binary(message->data);
  }
}

/// A server with one WebSocket route.
struct SocketServer : Served {
  WebSocketOptions options = {};
  vx11::WebSocketSession session = echo;
  std::shared_ptr<vx11::HttpHandler> handler;
  std::promise<Socket> opened;

  RawHttpClient connect() {
    if (!running) {
      vx11::HttpRoutes routes;
      routes.get("/ws", [this](const HttpRequest& request) {
        return vx11::accept_websocket(request, options, session);
      });
      handler = routes.mount("/", api()).build().value();
      start(*handler);
    }
    return RawHttpClient(server->port());
  }
  /// A client whose handshake has succeeded.
  RawHttpClient open(const std::string& more = {}) {
    RawHttpClient client = connect();
    client.send(handshake("/ws", more));
    const std::string head = client.read_interim();
    REQUIRE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    return client;
  }
  /// The session that keeps its socket for the test, and receives nothing by itself.
  void keep_socket() {
    session = [this](Socket socket) -> Task<void> { return kept(*this, std::move(socket)); };
  }
  Socket socket() { return opened.get_future().get(); }

  static Task<void> kept(SocketServer& server, Socket socket) {
    server.opened.set_value(socket);
    while (!socket->ended().stop_requested()) {
      Task<std::optional<vx11::WebSocketMessage>> receiving = socket->receive();
      const auto message = co_await std::move(receiving);
      if (!message) co_return;
    }
  }
};

}  // namespace websocket_server
