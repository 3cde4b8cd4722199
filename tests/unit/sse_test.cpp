#include "http/sse.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using vx11::append_event;
using vx11::SseParser;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

/// The events of `text` when it comes in pieces of `piece` bytes, the first of them of `first`.
Events events_of(std::string_view text, std::size_t piece = std::string_view::npos,
                 std::size_t first = 0) {
  SseParser parser;
  Events events;
  for (std::size_t size = first == 0 ? piece : first; !text.empty(); size = piece) {
    CHECK(parser.feed(text.substr(0, size)));
    while (auto event = parser.next()) events.emplace_back(event->name, event->data);
    text.remove_prefix(std::min(size, text.size()));
  }
  return events;
}

}  // namespace

TEST_CASE("an event is its data under the name message, unless it has a name") {
  CHECK(events_of("data: hello\n\n") == Events{{"message", "hello"}});
  CHECK(events_of("event: done\ndata: {}\n\n") == Events{{"done", "{}"}});
  CHECK(events_of("data: {}\nevent: done\n\n") == Events{{"done", "{}"}});
}

TEST_CASE("a name holds for one event") {
  const Events expected = {{"done", "1"}, {"message", "2"}};
  CHECK(events_of("event: done\ndata: 1\n\ndata: 2\n\n") == expected);
  CHECK(events_of("event: done\n\ndata: 2\n\n") == Events{{"message", "2"}});
}

TEST_CASE("an empty name means message") {
  CHECK(events_of("event:\ndata: 1\n\n") == Events{{"message", "1"}});
}

TEST_CASE("several data fields are lines of one text") {
  CHECK(events_of("data: a\ndata: b\ndata\ndata: c\n\n") == Events{{"message", "a\nb\n\nc"}});
}

TEST_CASE("one space after the colon is left out, and only one") {
  CHECK(events_of("data:a\n\n") == Events{{"message", "a"}});
  CHECK(events_of("data:  a \n\n") == Events{{"message", " a "}});
  CHECK(events_of("data: a: b\n\n") == Events{{"message", "a: b"}});
}

TEST_CASE("a field without a colon has an empty value") {
  CHECK(events_of("data\n\n") == Events{{"message", ""}});
}

TEST_CASE("an event without data is none") {
  CHECK(events_of("event: done\n\n").empty());
  CHECK(events_of("id: 7\nretry: 10\n\n").empty());
  CHECK(events_of("\n\n\n").empty());
}

TEST_CASE("an event without its empty line is not complete") {
  CHECK(events_of("data: a\n").empty());
  CHECK(events_of("data: a\n\ndata: b") == Events{{"message", "a"}});
}

TEST_CASE("comments and unknown fields are passed over") {
  CHECK(events_of(": ping\n\n:\nfoo: 1\nid: 3\ndata: a\n: pong\nretry: 5\n\n") ==
        Events{{"message", "a"}});
}

TEST_CASE("every line end is one line end") {
  const Events expected = {{"message", "a\nb"}, {"end", "c"}};
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    CAPTURE(end.size());
    // A CR alone ends its line at once, whether or not more comes.
    CHECK(events_of("data: a" + end + "data: b" + end + end + "event: end" + end + "data: c" + end +
                    end) == expected);
  }
}

TEST_CASE("where the pieces are cut makes no difference") {
  const std::string text =
      ": hi\r\ndata: a\r\ndata: b\r\n\r\nevent: x\ndata: c\n\ndata: d\r\revent: y\rdata: e\r\n\n"
      "data: f\r\r\ndata: g\n\r\n";
  const Events whole = events_of(text);
  const Events expected = {{"message", "a\nb"}, {"x", "c"},       {"message", "d"},
                           {"y", "e"},          {"message", "f"}, {"message", "g"}};
  CHECK(whole == expected);
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CAPTURE(piece);
    CHECK(events_of(text, piece) == whole);
    CHECK(events_of(text, std::string::npos, piece) == whole);
  }
}

TEST_CASE("a line feed that comes alone after its CR does not swallow the next") {
  SseParser parser;
  for (const char* piece : {"data: a\r", "\n"}) {
    CHECK(parser.feed(piece));
    CHECK_FALSE(parser.next());
  }
  CHECK(parser.feed("\n"));
  CHECK(parser.next().has_value());
}

TEST_CASE("a line that grows too large is refused") {
  SseParser parser;
  const std::string piece(SseParser::kMaxEvent / 4, 'x');
  bool taken = parser.feed("data: ");
  for (int i = 0; i < 8 && taken; ++i) {
    taken = parser.feed(piece);
    CHECK_FALSE(parser.next());
  }
  CHECK_FALSE(taken);
}

TEST_CASE("an event that grows too large line by line is refused") {
  SseParser parser;
  const std::string line = "data: " + std::string(1000, 'x') + "\n";
  std::size_t taken = 0;
  while (taken < 4 * SseParser::kMaxEvent && parser.feed(line)) {
    CHECK_FALSE(parser.next());
    taken += line.size();
  }
  CHECK(taken < 2 * SseParser::kMaxEvent);
}

TEST_CASE("a stream of small events may be as long as it likes") {
  SseParser parser;
  const std::string event = "data: " + std::string(1000, 'x') + "\n\n";
  for (std::size_t fed = 0; fed < 4 * SseParser::kMaxEvent; fed += event.size()) {
    REQUIRE(parser.feed(event));
    REQUIRE(parser.next().has_value());
  }
}

TEST_CASE("an event written is read as it was") {
  std::string text;
  append_event(text, "message", R"({"delta":"a"})");
  append_event(text, "note", "one\ntwo\n\nfour\n");
  append_event(text, "done", "");
  const Events expected = {
      {"message", R"({"delta":"a"})"}, {"note", "one\ntwo\n\nfour\n"}, {"done", ""}};
  CHECK(events_of(text) == expected);
  CHECK(text.starts_with("event: message\ndata: {\"delta\":\"a\"}\n\n"));
}

TEST_CASE("no line end in the data can begin another field or event") {
  std::string text;
  append_event(text, "message", "a\r\nevent: done\rdata: b\n\nevent: done");
  CHECK(events_of(text) == Events{{"message", "a\nevent: done\ndata: b\n\nevent: done"}});
}
