// Clients of RFC 6455, good and bad, by a table: the subjects of the Autobahn test suite's groups 1
// to 7, 9 and 10, whose numbers stand at each test; that suite itself is not run. Each case is sent
// in one piece and, if it is short, byte by byte, and has the same outcome. Differences: its waits
// between frames are left out (but for 6.4, whose outcome depends on them), 9.7 and 9.8 have 200
// messages instead of 1,000, and of 9.3 and 9.4 only the smallest and some larger fragments are
// sent. Groups 12 and 13 are about compression, which is declined: see the test of the handshake.
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

const std::string kGreek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

/// `value` in `bytes` bytes by the scheme of UTF-8, also where UTF-8 forbids that.
std::string coded(std::uint32_t value, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t at = bytes - 1; at > 0; --at, value >>= 6U) {
    text[at] = static_cast<char>(0x80U | (value & 0x3FU));
  }
  const unsigned length_mark = 0xFF00U >> bytes & 0xFFU;
  text[0] = static_cast<char>(length_mark | value);
  return text;
}
/// The largest value that the scheme has room for in so many bytes.
std::uint32_t largest(std::size_t bytes) {
  return bytes == 2 ? 0x7FFU : (1U << (5 * bytes + 1)) - 1;
}
std::string utf8(std::uint32_t value) {
  if (value < 0x80) return std::string(1, static_cast<char>(value));
  return coded(value, value <= 0x7FF ? 2 : value <= 0xFFFF ? 3 : 4);
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

// 1.1, 1.2.
TEST_CASE_FIXTURE(SocketServer, "conformance: messages of every size") {
  std::vector<Case> cases;
  for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65'535, 65'536, 131'072}) {
    const std::string data(size, '*');
    cases.push_back({.name = std::to_string(size), .sent = text(data), .messages = {data}});
    cases.push_back({.sent = frame(Opcode::binary, data), .messages = {data}});
  }
  check_all(*this, cases);
}

// 2.1 to 2.11.
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

// 3.1 to 3.7, 4.1, 4.2.
TEST_CASE_FIXTURE(SocketServer, "conformance: reserved bits and opcodes") {
  std::vector<Case> cases = {
      {.name = "at once", .sent = reserved(Opcode::text, 1), .code = 1002},
      {.name = "after a message",
       .sent = text("Hello") + reserved(Opcode::text, 2) + ping(),
       .messages = {"Hello"},
       .code = 1002},
      {.name = "between messages",
       .sent = text("Hello") + reserved(Opcode::text, 3) + text("Hello"),
       .messages = {"Hello"},
       .code = 1002},
      {.name = "small", .sent = reserved(Opcode::text, 4, "*") + ping(), .code = 1002},
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

// 5.1 to 5.20.
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
       {.name = "nothing, before a message",
        .sent = last("x") + start + last("y") + last("x") + start + last("y"),
        .code = 1002},
       {.name = "the same, not the last",
        .sent = more("x") + start + last("y") + more("x") + start + last("y"),
        .code = 1002},
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

// 6.1 to 6.3, 6.5 to 6.23; 6.4 is the next one.
TEST_CASE_FIXTURE(SocketServer, "conformance: UTF-8 that is valid") {
  std::vector<std::string> valid = {
      "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
      kGreek,
      std::string(1, '\0'),
      "a$b",
      "a\xc2\xa2"
      "b",
      "a\xe2\x82\xac"
      "b",
      "a\xf0\xa4\xad\xa2"
      "b"};
  for (const std::uint32_t edge : {0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0x10000U}) {
    valid.push_back(utf8(edge));
  }
  for (std::uint32_t special = 0xFFF9; special <= 0xFFFD; ++special) valid.push_back(utf8(special));
  for (std::uint32_t plane = 0; plane <= 0x10; ++plane) {  // no characters, and still valid
    valid.push_back(utf8(plane << 16U | 0xFFFEU));
    valid.push_back(utf8(plane << 16U | 0xFFFFU));
  }
  std::vector<Case> cases;
  for (const std::string& each : valid) {
    for (const std::string& way : ways_to_send(each)) {
      cases.push_back({.name = each, .sent = way, .messages = {each}});
    }
  }
  check_all(*this, cases);
}

TEST_CASE_FIXTURE(SocketServer, "conformance: UTF-8 that is not valid") {
  std::vector<std::string> invalid = {"\x80\xbf",
                                      "\x80\xbf\x80",
                                      "a\xc3",
                                      "\xfe",
                                      "\xff",
                                      "\xfe\xfe\xff\xff",
                                      kGreek + "\xed\xa0\x80 edited"};
  std::string all;
  for (int byte = 0x80; byte <= 0xBF; ++byte) {
    all += static_cast<char>(byte);
    invalid.emplace_back(1, static_cast<char>(byte));
  }
  invalid.push_back(all);
  std::string starts;
  for (int byte = 0xC0; byte <= 0xFD; ++byte) {
    const std::string start{static_cast<char>(byte), ' '};
    invalid.push_back(start);
    starts += start;
  }
  invalid.push_back(starts);
  std::string incomplete;
  for (std::size_t bytes = 2; bytes <= 6; ++bytes) {
    for (const std::uint32_t value : {0U, largest(bytes)}) {
      invalid.push_back(coded(value, bytes));  // 2 and 3 bytes of the largest are valid: see below
      const std::string start = coded(value, bytes).substr(0, bytes - 1);
      invalid.push_back(start);
      incomplete += start;
    }
    invalid.push_back(coded('/', bytes));
    invalid.push_back(coded(bytes == 2 ? 0x7F : largest(bytes - 1), bytes));
  }
  std::erase_if(
      invalid, [](const std::string& each) { return each == utf8(0x7FF) || each == utf8(0xFFFF); });
  invalid.push_back(incomplete);
  invalid.push_back(utf8(0x110000));
  for (const std::uint32_t high : {0xD800U, 0xDB7FU, 0xDB80U, 0xDBFFU}) {
    invalid.push_back(utf8(high));
    for (const std::uint32_t low : {0xDC00U, 0xDF80U, 0xDFFFU}) {
      invalid.push_back(utf8(low));
      invalid.push_back(utf8(high) + utf8(low));
    }
  }
  for (std::size_t size = 1; size < kGreek.size(); ++size) {
    const std::string beginning = kGreek.substr(0, size);
    if (size != 2 && size != 5 && size != 7 && size != 9) invalid.push_back(beginning);
  }
  std::vector<Case> cases;
  for (const std::string& each : invalid) {
    for (const std::string& way : ways_to_send(each)) {
      cases.push_back({.name = each, .sent = way, .code = 1007});
    }
  }
  check_all(*this, cases);
}

// 6.4.1 to 6.4.4.
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

// Beyond the suite.
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

// 7.1 to 7.13.
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

// 9.1 to 9.6, 10.1.
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
  for (const std::size_t piece : {64, 128, 256, 512, 997, 1'024, 2'048}) {
    RawHttpClient client = open();
    const std::string sent = text(medium);
    for (std::size_t at = 0; at < sent.size(); at += piece) {
      client.send(std::string_view(sent).substr(at, piece));
    }
    CHECK(read_frame(client).data == medium);
  }
}

// 9.1.6, 9.3.1, 9.4.9.
TEST_CASE_FIXTURE(SocketServer, "conformance: messages of 4 and 16 MiB") {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  options.max_message_bytes = 16 * kMiB;
  options.max_unsent_bytes = 2 * options.max_message_bytes;
  const std::string largest_of_all(16 * kMiB, '*');
  const std::string four = largest_of_all.substr(0, 4 * kMiB);
  std::string tiny = part(Opcode::text, "");
  for (std::size_t at = 0; at < four.size(); at += 64)
    tiny += more(std::string_view(four).substr(at, 64));
  check_all(
      *this,
      {{.name = "16 MiB of text", .sent = text(largest_of_all), .messages = {largest_of_all}},
       {.name = "4 MiB in fragments of 64 bytes", .sent = tiny + last(""), .messages = {four}},
       {.name = "4 MiB and an empty fragment",
        .sent = part(Opcode::binary, four) + last(""),
        .messages = {four}}});
}

// 9.7, 9.8.
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
