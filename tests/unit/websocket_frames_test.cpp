// What clients send over WebSockets: messages, fragments, and frames against the protocol.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "websocket_server.hpp"

using namespace websocket_server;

namespace {

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
