// The opening handshake of WebSockets.
#include <string>

#include "websocket_server.hpp"

using namespace websocket_server;

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
  CHECK(status(handshake("/ws", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")) == 400);
  CHECK(status(handshake("/ws", "Sec-WebSocket-Version: 13\r\n")) == 426);
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

TEST_CASE_FIXTURE(SocketServer, "extensions that a client offers are not taken up") {
  RawHttpClient client =
      open("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-other\r\n");
  client.send(frame(Opcode::text, "plain"));
  CHECK(read_frame(client).data == "plain");
  RawHttpClient other = connect();
  other.send(handshake("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  CHECK_FALSE(RawHttpClient::has(other.read_interim(), "sec-websocket-extensions"));
}

TEST_CASE_FIXTURE(SocketServer, "what follows the handshake in one segment is read") {
  RawHttpClient client = connect();
  client.send(handshake("/ws") + frame(Opcode::text, "early"));
  client.read_interim();
  CHECK(read_frame(client).data == "early");
}
