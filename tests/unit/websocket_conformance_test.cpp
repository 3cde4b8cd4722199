// Clients of RFC 6455, good and bad, by a table: the subjects of the Autobahn test suite's groups 1
// to 7, 9 and 10. Each case is sent in one piece and, if it is short, byte by byte, and has the
// same outcome. Groups 12 and 13 are about compression, which is not offered.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "websocket_server.hpp"

using namespace websocket_server;

namespace {

/// What a client sends, and what it gets: the frames before the close, in any order of text and
/// pongs to each other only where they answer different things.
struct Case {
  std::string name = {};
  std::string sent = {};
  std::vector<std::string> messages = {};  ///< Echoed.
  std::vector<std::string> pongs = {};
  int code = 1000;  ///< Of the server's close. A case without a close of its own gets 1000 sent.
};

std::string text(std::string_view data) {
  return frame(Opcode::text, data);
}
/// A fragment that is not the last one.
std::string part(std::uint8_t opcode, std::string_view data) {
  return frame(opcode, data, Form{.is_last = false});
}
std::string more(std::string_view data) {
  return part(Opcode::continuation, data);
}
std::string last(std::string_view data) {
  return frame(Opcode::continuation, data);
}
std::string ping(std::string_view data = {}) {
  return frame(Opcode::ping, data);
}
std::string reserved(std::uint8_t opcode, std::uint8_t bits, std::string_view data = "Hello") {
  return frame(opcode, data, Form{.reserved_bits = bits});
}
std::string closing() {
  return close_frame(1000);
}

/// Sends the case, and compares all that comes back until the connection ends.
void check(SocketServer& server, const Case& wanted, bool byte_by_byte) {
  CAPTURE(wanted.name);
  CAPTURE(byte_by_byte);
  RawHttpClient client = server.open();
  const std::string bytes = wanted.code == 1000 ? wanted.sent + closing() : wanted.sent;
  if (!byte_by_byte) client.send(bytes);
  for (std::size_t i = 0; byte_by_byte && i < bytes.size(); ++i) {
    if (!client.send(std::string_view(bytes).substr(i, 1))) break;  // it was closed before
  }
  std::vector<std::string> messages;
  std::vector<std::string> pongs;
  Frame got = read_frame(client);
  for (; got.opcode != Opcode::closing && got.opcode != -1; got = read_frame(client)) {
    (got.opcode == Opcode::pong ? pongs : messages).push_back(got.data);
  }
  CHECK(got.opcode == Opcode::closing);
  CHECK(got.code() == wanted.code);
  CHECK(messages == wanted.messages);
  CHECK(pongs == wanted.pongs);
  CHECK(client.is_ended());
}

void check_all(SocketServer& server, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    check(server, each, false);
    if (each.sent.size() < 500) check(server, each, true);
  }
}

/// In one frame, in two, and with a fragment for each byte.
std::vector<std::string> ways_to_send(const std::string& data) {
  std::vector<std::string> ways = {text(data)};
  const std::size_t half = data.size() / 2;
  ways.push_back(part(Opcode::text, data.substr(0, half)) + last(data.substr(half)));
  std::string bytewise = part(Opcode::text, "");
  for (const char byte : data) bytewise += more(std::string_view(&byte, 1));
  ways.push_back(bytewise + last(""));
  return ways;
}

}  // namespace

TEST_CASE_FIXTURE(SocketServer, "conformance: messages of every size") {
  std::vector<Case> cases;
  for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65'535, 65'536, 131'072}) {
    const std::string data(size, '*');
    cases.push_back({.name = std::to_string(size), .sent = text(data), .messages = {data}});
    cases.push_back({.sent = frame(Opcode::binary, data), .messages = {data}});
  }
  check_all(*this, cases);
}

TEST_CASE_FIXTURE(SocketServer, "conformance: pings and pongs") {
  const std::string binary("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
  const std::string longest(125, '\xfe');
  std::string ten;
  std::vector<std::string> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back("payload-" + std::to_string(i));
    ten += ping(answers.back());
  }
  check_all(
      *this,
      {{.name = "empty", .sent = ping(), .pongs = {""}},
       {.name = "text", .sent = ping("Hello"), .pongs = {"Hello"}},
       {.name = "binary", .sent = ping(binary), .pongs = {binary}},
       {.name = "longest", .sent = ping(longest), .pongs = {longest}},
       {.name = "too long", .sent = ping(longest + "x"), .code = 1002},
       {.name = "a pong that was not asked for", .sent = frame(Opcode::pong, "")},
       {.name = "the same with data", .sent = frame(Opcode::pong, "unsolicited")},
       {.name = "pong and ping", .sent = frame(Opcode::pong, "a") + ping("b"), .pongs = {"b"}},
       {.name = "ten", .sent = ten, .pongs = answers}});
}

TEST_CASE_FIXTURE(SocketServer, "conformance: reserved bits and opcodes") {
  std::vector<Case> cases = {
      {.name = "at once", .sent = reserved(Opcode::text, 1), .code = 1002},
      {.name = "after a message",
       .sent = text("Hello") + reserved(Opcode::text, 2) + ping(),
       .messages = {"Hello"},
       .code = 1002},
      {.name = "binary", .sent = reserved(Opcode::binary, 5), .code = 1002},
      {.name = "ping", .sent = reserved(Opcode::ping, 6), .code = 1002},
      {.name = "close", .sent = reserved(Opcode::closing, 7, {}), .code = 1002},
      {.name = "continuation",
       .sent = part(Opcode::text, "a") + reserved(Opcode::continuation, 4),
       .code = 1002}};
  for (const std::uint8_t opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    for (const char* payload : {"", "payload"}) {
      cases.push_back({.name = std::to_string(opcode),
                       .sent = text("first") + frame(opcode, payload) + ping(),
                       .messages = {"first"},
                       .code = 1002});
    }
  }
  check_all(*this, cases);
}

TEST_CASE_FIXTURE(SocketServer, "conformance: fragments") {
  const std::string start = part(Opcode::text, "fragment1");
  const std::vector<std::string> joined = {"fragment1fragment2"};
  check_all(
      *this,
      {{.name = "a ping in fragments", .sent = part(Opcode::ping, "a") + last("b"), .code = 1002},
       {.name = "a pong in fragments", .sent = part(Opcode::pong, "a") + last("b"), .code = 1002},
       {.name = "two", .sent = start + last("fragment2"), .messages = joined},
       {.name = "a ping between",
        .sent = start + ping("p") + last("fragment2"),
        .messages = joined,
        .pongs = {"p"}},
       {.name = "nothing to continue", .sent = last("x") + text("Hello"), .code = 1002},
       {.name = "the same, not the last", .sent = more("x") + text("Hello"), .code = 1002},
       {.name = "after a whole message",
        .sent = start + last("fragment2") + more("x") + text("Hello"),
        .messages = joined,
        .code = 1002},
       {.name = "text within a message", .sent = start + text("fragment2"), .code = 1002},
       {.name = "binary within a message", .sent = start + part(Opcode::binary, "b"), .code = 1002},
       {.name = "five with pings",
        .sent = start + more("2") + ping("p1") + more("3") + more("4") + ping("p2") + last("5"),
        .messages = {"fragment12345"},
        .pongs = {"p1", "p2"}},
       {.name = "empty ones",
        .sent = part(Opcode::text, "") + more("") + last(""),
        .messages = {""}},
       {.name = "an empty start and end",
        .sent = part(Opcode::text, "") + more("middle") + last(""),
        .messages = {"middle"}}});
}

TEST_CASE_FIXTURE(SocketServer, "conformance: UTF-8") {
  std::vector<Case> cases;
  for (const char* valid :
       {"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", "\x7f", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbf\xbe", "\xf0\x9f\xbf\xbe",
        "\xf4\x8f\xbf\xbe"}) {
    for (const std::string& way : ways_to_send(valid)) {
      cases.push_back({.name = valid, .sent = way, .messages = {valid}});
    }
  }
  for (const char* invalid : {"\x80",
                              "\xbf",
                              "\x80\xbf",
                              "a\xc3",
                              "\xc3 ",
                              "\xe0 ",
                              "\xf0 ",
                              "\xe0\x80",
                              "\xf0\x80\x80",
                              "\xc0\x80",
                              "\xc1\xbf",
                              "\xe0\x9f\xbf",
                              "\xf0\x8f\xbf\xbf",
                              "\xed\xa0\x80",
                              "\xed\xbf\xbf",
                              "\xed\xa0\x80\xed\xb0\x80",
                              "\xf4\x90\x80\x80",
                              "\xf5\x80\x80\x80",
                              "\xf8\x88\x80\x80\x80",
                              "\xfc\x84\x80\x80\x80\x80",
                              "\xfe",
                              "\xff",
                              "\xce\xba\xe1\xbd\xb9\xed\xa0\x80"
                              "edited"}) {
    for (const std::string& way : ways_to_send(invalid)) {
      cases.push_back({.name = invalid, .sent = way, .code = 1007});
    }
  }
  check_all(*this, cases);
}

TEST_CASE_FIXTURE(SocketServer, "conformance: a text that cannot become UTF-8 is not waited for") {
  const std::string start = "\xce\xba\xe1\xbd\xb9";
  for (const char* wrong : {"\xf4\x90", "\xed\xa0", "\xe0\x80", "\xc3\xc3", "\xff"}) {
    const std::string data = start + wrong;
    check(*this, {.name = "the next fragments", .sent = part(Opcode::text, data), .code = 1007},
          false);
    Case unfinished{.name = "the rest of the frame", .code = 1007};
    unfinished.sent = frame(Opcode::text, data, Form{.announced = 100'000});
    check(*this, unfinished, false);
    check(*this, unfinished, true);
  }
}

TEST_CASE_FIXTURE(SocketServer, "conformance: lengths") {
  const auto head = [](const char* bytes, std::size_t size) { return std::string(bytes, size); };
  const std::string key = "\x11\x22\x33\x44";
  const std::string gib = head("\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00", 10);
  check_all(*this,
            {{.name = "1 GiB, of which nothing comes", .sent = gib + key, .code = 1009},
             {.name = "not even its mask", .sent = gib, .code = 1009},
             {.name = "not masked, and nothing of it", .sent = head("\x81\x05", 2), .code = 1002},
             {.name = "5 in two bytes",
              .sent = head("\x81\xfe\x00\x05", 4) + key + "aaaaa",
              .code = 1002},
             {.name = "5 in eight bytes",
              .sent = head("\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05", 10) + key + "aaaaa",
              .code = 1002},
             {.name = "the highest bit",
              .sent = head("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10) + key,
              .code = 1002}});
}

TEST_CASE_FIXTURE(SocketServer, "conformance: closes") {
  const std::string longest(123, '*');
  const std::string much(256 * 1024, 'x');
  const auto raw = [](std::string_view payload) { return frame(Opcode::closing, payload); };
  std::vector<Case> cases = {
      {.name = "after a message", .sent = text("Hello"), .messages = {"Hello"}},
      {.name = "twice", .sent = closing()},
      {.name = "a ping after it", .sent = closing() + ping("late")},
      {.name = "a message after it", .sent = closing() + text("late")},
      {.name = "within a message", .sent = part(Opcode::text, "a") + closing() + last("b")},
      {.name = "after a large message", .sent = text(much), .messages = {much}},
      {.name = "without a code", .sent = raw(""), .code = 1005},
      {.name = "half a code", .sent = raw("a"), .code = 1002},
      {.name = "with a reason", .sent = close_frame(1000, "Hello World!")},
      {.name = "with the longest reason", .sent = close_frame(1000, longest)},
      {.name = "with a longer one", .sent = close_frame(1000, longest + "*"), .code = 1002},
      {.name = "a reason that is no UTF-8",
       .sent = close_frame(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80"),
       .code = 1007}};
  for (const int code :
       {1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    cases.push_back({.name = "valid", .sent = close_frame(code), .code = code});
  }
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    cases.push_back(
        {.name = "invalid " + std::to_string(code), .sent = close_frame(code), .code = 1002});
  }
  check_all(*this, cases);
}

TEST_CASE_FIXTURE(SocketServer, "conformance: large messages in fragments and in pieces") {
  options.max_message_bytes = std::size_t{1} << 20;
  options.max_unsent_bytes = 2 * options.max_message_bytes;
  const std::string large(options.max_message_bytes, '*');
  const auto split = [](std::uint8_t opcode, std::string_view data, std::size_t size) {
    std::string sent = part(opcode, data.substr(0, size));
    for (data.remove_prefix(size); data.size() > size; data.remove_prefix(size)) {
      sent += more(data.substr(0, size));
    }
    return sent + last(data);
  };
  const std::string medium = large.substr(0, 65'536);
  check_all(*this, {{.name = "one frame", .sent = text(large), .messages = {large}},
                    {.name = "binary", .sent = frame(Opcode::binary, large), .messages = {large}},
                    {.name = "fragments of 64 bytes",
                     .sent = split(Opcode::text, medium, 64),
                     .messages = {medium}},
                    {.name = "fragments of 1300 bytes",
                     .sent = split(Opcode::text, medium, 1'300),
                     .messages = {medium}},
                    {.name = "fragments of 64 KiB",
                     .sent = split(Opcode::binary, large, 65'536),
                     .messages = {large}},
                    {.name = "one byte too many in fragments",
                     .sent = split(Opcode::text, large + "*", 65'536),
                     .code = 1009}});
  for (const std::size_t piece : {64, 997, 2'048}) {
    RawHttpClient client = open();
    const std::string sent = text(medium);
    for (std::size_t at = 0; at < sent.size(); at += piece) {
      client.send(std::string_view(sent).substr(at, piece));
    }
    CHECK(read_frame(client).data == medium);
  }
}

TEST_CASE_FIXTURE(SocketServer, "conformance: many messages on one connection") {
  RawHttpClient client = open();
  for (const std::uint8_t opcode : {Opcode::text, Opcode::binary}) {
    for (const std::size_t size : {0, 16, 64, 256, 1'024, 4'096}) {
      const std::string data(size, 'x');
      bool are_echoed = true;
      for (int i = 0; i < 200; ++i) {
        client.send(frame(opcode, data));
        const Frame got = read_frame(client);
        are_echoed = are_echoed && got.opcode == opcode && got.data == data;
      }
      CHECK(are_echoed);
    }
  }
}
