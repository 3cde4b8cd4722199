// WebSockets of the event-driven server: handshake, messages, hostile frames, slow clients, ends.
#include <vx11/http_routes.hpp>
#include <vx11/net/timer.hpp>
#include <vx11/websocket.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventually.hpp"
#include "net_served.hpp"
#include "websocket_client.hpp"

using namespace net_served;
using vx11::HttpRequest;
using vx11::Task;
using vx11::WebSocket;
using vx11::WebSocketClose;
using vx11::WebSocketOptions;
using websocket_client::close_frame;
using websocket_client::Form;
using websocket_client::frame;
using websocket_client::Frame;
using websocket_client::handshake;
using websocket_client::Opcode;
using websocket_client::read_frame;
using Socket = std::shared_ptr<WebSocket>;

namespace {

Task<void> echo(Socket socket) {
  for (;;) {
    Task<std::optional<vx11::WebSocketMessage>> receiving = socket->receive();
    const auto message = co_await std::move(receiving);
    if (!message) co_return;
    message->is_text ? socket->send(message->data) : socket->send_binary(message->data);
  }
}

Task<void> receive_later(Socket socket, std::atomic<bool>& may_receive,
                         std::shared_ptr<vx11::Timer> timer) {
  while (!may_receive) {
    Task<bool> sleeping = timer->sleep(1ms, {});
    co_await std::move(sleeping);
  }
  Task<void> echoing = echo(std::move(socket));
  co_await std::move(echoing);
}

Task<void> receive_one(Socket socket) {
  Task<std::optional<vx11::WebSocketMessage>> receiving = socket->receive();
  co_await std::move(receiving);
}

Task<void> close_with(Socket socket, std::uint16_t code) {
  socket->close(code);
  co_return;
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

/// The code with which the server closes after these bytes, and the end of the connection.
int code_after(SocketServer& server, const std::string& bytes) {
  RawHttpClient client = server.open();
  client.send(bytes);
  Frame last = read_frame(client);
  while (last.opcode != Opcode::closing && last.opcode != -1) last = read_frame(client);
  const int code = last.opcode == -1 ? 0 : last.code();
  CHECK(client.is_ended());
  return code;
}

}  // namespace

TEST_CASE_FIXTURE(SocketServer, "a handshake is answered as the RFC's example is") {
  RawHttpClient client = connect();
  client.send(handshake("/ws"));
  const std::string head = client.read_interim();
  CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(RawHttpClient::has(head, "\r\nupgrade: websocket\r\n"));
  CHECK(RawHttpClient::has(head, "\r\nconnection: upgrade\r\n"));
  CHECK(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
  CHECK_FALSE(RawHttpClient::has(head, "content-length"));
  CHECK_FALSE(RawHttpClient::has(head, "transfer-encoding"));
}

TEST_CASE_FIXTURE(SocketServer, "what is no handshake is refused") {
  const auto status = [&](const std::string& request) { return ask(request).status; };
  const std::string good = handshake("/ws");
  const auto without = [&](const std::string& line) {
    std::string request = good;
    return request.erase(request.find(line), line.size());
  };
  connect();
  CHECK(status(getting("/ws")) == 426);
  CHECK(status(without("Upgrade: websocket\r\n")) == 426);
  CHECK(status(without("Connection: keep-alive, Upgrade\r\n")) == 426);
  CHECK(status(without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")) == 400);
  std::string other = good;
  CHECK(status(other.replace(other.find("dGhl"), 4, "####")) == 400);
  other = good;
  const Answer old = ask(other.replace(other.find("Version: 13"), 11, "Version: 8"));
  CHECK(old.status == 426);
  CHECK(RawHttpClient::has(old.head, "sec-websocket-version: 13"));
  other = good;
  CHECK(status(other.replace(other.find("HTTP/1.1"), 8, "HTTP/1.0")) == 426);
}

TEST_CASE_FIXTURE(SocketServer, "the first subprotocol that the client prefers is chosen") {
  options.subprotocols = {"vx11.v1", "vx11.v2"};
  RawHttpClient client = connect();
  client.send(handshake("/ws",
                        "Sec-WebSocket-Protocol: other, vx11.v2\r\n"
                        "Sec-WebSocket-Protocol: vx11.v1\r\n"));
  CHECK(client.read_interim().find("\r\nSec-WebSocket-Protocol: vx11.v2\r\n") != std::string::npos);
  const Answer refused = ask(handshake("/ws", "Sec-WebSocket-Protocol: other\r\n"));
  CHECK(refused.status == 400);
  CHECK(refused.body.find("vx11.v1, vx11.v2") != std::string::npos);
}

TEST_CASE_FIXTURE(SocketServer, "messages of every length come back, text and binary") {
  RawHttpClient client = open();
  for (const std::size_t size : {0, 1, 125, 126, 127, 65'535, 65'536, 200'000}) {
    const std::string data(size, 'x');
    for (const std::uint8_t opcode : {Opcode::text, Opcode::binary}) {
      client.send(frame(opcode, data));
      const Frame back = read_frame(client);
      CHECK(back.opcode == opcode);
      CHECK(back.is_last);
      CHECK_FALSE(back.is_masked);
      CHECK(back.data == data);
    }
  }
}

TEST_CASE_FIXTURE(SocketServer, "a message in fragments is one message, with pings between them") {
  RawHttpClient client = open();
  const std::string text = "gr\xC3\xBC\xC3\x9F dich";
  for (std::size_t i = 0; i < text.size(); ++i) {  // also within characters, byte by byte
    const bool is_last = i + 1 == text.size();
    const std::string piece = frame(i == 0 ? Opcode::text : Opcode::continuation, text.substr(i, 1),
                                    Form{.is_last = is_last});
    for (const char byte : piece) client.send(std::string_view(&byte, 1));
    if (is_last) break;
    client.send(frame(Opcode::ping, "p"));
    const Frame answer = read_frame(client);
    CHECK(answer.opcode == Opcode::pong);
    CHECK(answer.data == "p");
  }
  CHECK(read_frame(client).data == text);
}

TEST_CASE_FIXTURE(SocketServer, "what follows the handshake in one segment is read") {
  RawHttpClient client = connect();
  client.send(handshake("/ws") + frame(Opcode::text, "early"));
  client.read_interim();
  CHECK(read_frame(client).data == "early");
}

TEST_CASE_FIXTURE(SocketServer, "frames against the protocol close the connection with 1002") {
  using F = Form;
  const std::string start = frame(Opcode::text, "a", F{.is_last = false});
  CHECK(code_after(*this, frame(Opcode::text, "a", F{.is_masked = false})) == 1002);
  for (const std::uint8_t bits : {1, 2, 4, 7}) {
    CHECK(code_after(*this, frame(Opcode::text, "a", F{.reserved_bits = bits})) == 1002);
  }
  for (const std::uint8_t opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    CHECK(code_after(*this, frame(opcode, "a")) == 1002);
  }
  CHECK(code_after(*this, frame(Opcode::continuation, "a")) == 1002);
  CHECK(code_after(*this, start + frame(Opcode::text, "b")) == 1002);
  for (const std::uint8_t opcode : {Opcode::ping, Opcode::pong, Opcode::closing}) {
    CHECK(code_after(*this, frame(opcode, "a", F{.is_last = false})) == 1002);
    CHECK(code_after(*this, frame(opcode, std::string(126, 'x'))) == 1002);
  }
  CHECK(code_after(*this, frame(Opcode::closing, "\x03")) == 1002);
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    CHECK(code_after(*this, close_frame(code)) == 1002);
  }
}

TEST_CASE_FIXTURE(SocketServer, "text that is not UTF-8 closes the connection with 1007") {
  for (const char* text : {"\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\x80z"}) {
    CHECK(code_after(*this, frame(Opcode::text, text)) == 1007);
  }
  CHECK(code_after(*this, close_frame(1000, "\xC3")) == 1007);
  RawHttpClient client = open();
  client.send(frame(Opcode::binary, "\xC3"));
  CHECK(read_frame(client).data == "\xC3");
}

TEST_CASE_FIXTURE(SocketServer, "a message above the limit is refused by what it announces") {
  options.max_message_bytes = 1000;
  const auto announced = [](std::uint64_t size) {
    return frame(Opcode::text, "a", Form{.announced = size});
  };
  CHECK(code_after(*this, announced(1001)) == 1009);
  CHECK(code_after(*this, announced(std::uint64_t{1} << 30U)) == 1009);
  CHECK(code_after(*this, announced((std::uint64_t{1} << 63U) - 1)) == 1009);
  CHECK(code_after(*this, frame(Opcode::text, std::string(600, 'x'), Form{.is_last = false}) +
                              frame(Opcode::continuation, std::string(401, 'x'))) == 1009);
  RawHttpClient client = open();
  client.send(frame(Opcode::text, std::string(1000, 'x')));
  CHECK(read_frame(client).data.size() == 1000);
}

TEST_CASE_FIXTURE(SocketServer, "a close of the client is answered with its code") {
  for (const int code : {1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999}) {
    CHECK(code_after(*this, close_frame(code, "bye")) == code);
  }
  CHECK(code_after(*this, frame(Opcode::closing, "")) == 1005);
  CHECK(code_after(*this, close_frame(1000) + frame(Opcode::text, "late")) == 1000);
}

TEST_CASE_FIXTURE(SocketServer, "the session sees how the client closed") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  CHECK_FALSE(kept->closed());
  client.send(close_frame(4001, "done"));
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 4001);
  CHECK(kept->closed()->reason == "done");
  CHECK(kept->ended().stop_requested());
  CHECK_FALSE(kept->send("late"));
}

TEST_CASE_FIXTURE(SocketServer, "a lost connection ends the session with 1006") {
  keep_socket();
  auto client = std::make_unique<RawHttpClient>(open());
  const Socket kept = socket();
  SUBCASE("reset") {
    client->reset_on_close();
    client.reset();
  }
  SUBCASE("without a close") {
    client.reset();
  }
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 1006);
}

TEST_CASE_FIXTURE(SocketServer, "the end of the session closes with 1000, an exception with 1011") {
  session = [](Socket socket) -> Task<void> {
    socket->send("last");
    co_return;
  };
  {
    RawHttpClient client = open();
    CHECK(read_frame(client).data == "last");
    CHECK(read_frame(client).code() == 1000);
    client.send(close_frame(1000));
    CHECK(client.is_ended());
  }
  session = [](Socket) -> Task<void> { throw std::runtime_error("defect"); };
  RawHttpClient client = open();
  CHECK(read_frame(client).code() == 1011);
}

TEST_CASE_FIXTURE(SocketServer, "a client that does not answer a close is cut off") {
  options.close_timeout = 50ms;
  session = [](Socket) -> Task<void> { co_return; };
  RawHttpClient client = open();
  CHECK(read_frame(client).code() == 1000);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(SocketServer, "other threads may send and close while the client sends") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  constexpr int kEach = 500;
  std::vector<std::thread> senders;
  for (int t = 0; t < 4; ++t) {
    senders.emplace_back([kept] {
      for (int i = 0; i < kEach; ++i) kept->send("piece");
    });
  }
  std::thread talking([&client] {
    for (int i = 0; i < 4 * kEach; ++i) client.send(frame(Opcode::text, "x"));
  });
  for (int i = 0; i < 4 * kEach; ++i) CHECK(read_frame(client).data == "piece");
  for (std::thread& sender : senders) sender.join();
  talking.join();
  std::thread([kept] { kept->close(4000, "enough"); }).join();
  const Frame last = read_frame(client);
  CHECK(last.code() == 4000);
  CHECK(last.data.substr(2) == "enough");
}

TEST_CASE_FIXTURE(SocketServer, "a session that ends with messages unread still closes properly") {
  session = [](Socket socket) -> Task<void> { return receive_one(std::move(socket)); };
  RawHttpClient client = open();
  for (int i = 0; i < 100; ++i) client.send(frame(Opcode::text, "x"));
  CHECK(read_frame(client).code() == 1000);
  client.send(close_frame(1000));
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(SocketServer, "codes that may not be sent are replaced") {
  for (const std::uint16_t code : {0, 999, 1004, 1006, 1015, 2999, 5000}) {
    session = [code](Socket socket) -> Task<void> { return close_with(std::move(socket), code); };
    RawHttpClient client = open();
    CHECK(read_frame(client).code() == 1011);
  }
}

TEST_CASE_FIXTURE(SocketServer, "what waits for a slow client is bounded, and all of it arrives") {
  options.max_unsent_bytes = 100'000;
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  const std::string piece(1000, 'x');
  int queued = 0;
  while (kept->send(piece)) ++queued;  // what the sockets hold, and what may wait
  CHECK(kept->unsent_bytes() <= options.max_unsent_bytes);
  kept->close(1008, "lagging");
  for (int i = 0; i < queued; ++i) CHECK(read_frame(client).data == piece);
  CHECK(read_frame(client).code() == 1008);
}

TEST_CASE_FIXTURE(SocketServer,
                  "a session that does not receive stops its client, nothing is lost") {
  std::atomic<bool> may_receive = false;
  session = [&](Socket socket) -> Task<void> {
    return receive_later(std::move(socket), may_receive, vx11::make_net_timer());
  };
  RawHttpClient client = open();
  constexpr int kMessages = 1500;
  const std::string message(20'000, 'x');  // together more than the sockets hold
  std::atomic<int> sent = 0;
  std::thread talking([&] {
    while (sent < kMessages && client.send(frame(Opcode::text, message))) ++sent;
  });
  for (int before = -1; sent != before;) {
    before = sent;
    std::this_thread::sleep_for(100ms);
  }
  CHECK(sent < kMessages);
  may_receive = true;
  int arrived = 0;
  while (arrived < kMessages && read_frame(client).data == message) ++arrived;
  CHECK(arrived == kMessages);
  talking.join();
}

TEST_CASE_FIXTURE(SocketServer, "a silent client that answers pings is kept") {
  options.ping_interval = 1s;
  keep_socket();
  RawHttpClient client = open();
  for (int i = 0; i < 3; ++i) {
    const Frame asked = read_frame(client);
    CHECK(asked.opcode == Opcode::ping);
    client.send(frame(Opcode::pong, asked.data));
  }
  CHECK_FALSE(socket()->closed());
}

TEST_CASE_FIXTURE(SocketServer, "a client that does not answer pings is cut off") {
  options.ping_interval = 20ms;
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  while (read_frame(client).opcode == Opcode::ping) {
  }
  CHECK(client.is_ended());
  CHECK(eventually([&] { return kept->closed().has_value(); }));
  CHECK(kept->closed()->code == 1006);
}

TEST_CASE_FIXTURE(SocketServer, "a server that stops closes with 1001 and waits for the client") {
  keep_socket();
  RawHttpClient client = open();
  const Socket kept = socket();
  server->stop(10s);
  CHECK(read_frame(client).code() == 1001);
  client.send(close_frame(1001));
  CHECK(client.is_ended());
  CHECK(running->get() == 0);
}

TEST_CASE_FIXTURE(SocketServer, "slow handshakes and many sockets do not disturb each other") {
  std::vector<std::unique_ptr<RawHttpClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawHttpClient>(open()));
    slow.back()->send(frame(Opcode::text, "half", Form{.announced = 100}));
  }
  RawHttpClient client = open();
  for (int i = 0; i < 100; ++i) {
    client.send(frame(Opcode::text, "quick"));
    CHECK(read_frame(client).data == "quick");
  }
}
