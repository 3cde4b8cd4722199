#include "http/sse.hpp"

#include <vx11/event_stream_reader.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "streaming_script.hpp"

using vx11::append_data_event;
using vx11::append_event;
using vx11::append_last_event;
using vx11::SseParser;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

/// The events of `text` when it comes in pieces of `piece` bytes, the first of them of `first`.
Events events_of(std::string_view text, std::size_t piece = std::string_view::npos,
                 std::size_t first = 0) {
  SseParser parser;
  Events events;
  for (std::size_t size = first == 0 ? piece : first; !text.empty(); size = piece) {
    parser.feed(std::string(text.substr(0, size)));
    while (auto event = parser.next()) events.emplace_back(event->name, event->data);
    CHECK_FALSE(parser.overflowed());
    text.remove_prefix(std::min(size, text.size()));
  }
  return events;
}

/// The text of a stream with one event.
std::string written(std::string_view data) {
  std::string text;
  append_event(text, 1, "message", data);
  return text;
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

TEST_CASE("usual events between others are read as those are, wherever the stream is cut") {
  const std::string text =
      ":\n\ndata: 0\n\nevent: message\ndata: 1\n\nid: 7\ndata: 2\n\nevent: message\ndata: 3\ndata: "
      "4\n\n"
      "event: done\ndata: 5\n\nevent: messages\ndata: 6\n\ndata:7\n\ndata:  8\n\nevent: message\n\n"
      "data: 9\nevent: done\n\ndata: \n\ndata: 10\n\n";
  const Events expected = {{"message", "0"},    {"message", "1"},  {"message", "2"},
                           {"message", "3\n4"}, {"done", "5"},     {"messages", "6"},
                           {"message", "7"},    {"message", " 8"}, {"done", "9"},
                           {"message", ""},     {"message", "10"}};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    for (std::size_t first = 1; first <= piece; ++first) {
      CHECK(events_of(text, piece, first) == expected);
    }
  }
}

TEST_CASE("a line feed that comes alone after its CR does not swallow the next") {
  SseParser parser;
  for (const char* piece : {"data: a\r", "\n"}) {
    parser.feed(piece);
    CHECK_FALSE(parser.next());
  }
  parser.feed("\n");
  CHECK(parser.next().has_value());
}

TEST_CASE("a byte order mark at the start is left out, and only there") {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string text = mark + "data: a\n\n" + mark + "data: b\n\ndata: c\n\n";
  const Events expected = {{"message", "a"}, {"message", "c"}};
  for (std::size_t piece = 1; piece < 8; ++piece) CHECK(events_of(text, piece) == expected);
  CHECK(events_of(mark + "\n" + mark + "data: b\n\n").empty());
}

TEST_CASE("the last id holds for the events after it; one with NUL is ignored") {
  using namespace std::string_literals;
  const std::string text = "data: a\n\nid: 7\n\ndata: b\n\nid: 8\0\ndata: c\n\nid\ndata: d\n\n"s;
  SseParser parser;
  parser.feed(text);
  std::vector<std::string> ids;
  while (auto event = parser.next()) ids.emplace_back(event->id);
  CHECK(ids == std::vector<std::string>{"", "7", "7", ""});
}

TEST_CASE("retry is ignored, whether or not it is a number") {
  CHECK(events_of("retry: 10\nretry: soon\ndata: a\n\n") == Events{{"message", "a"}});
}

TEST_CASE("a line of a mebibyte is read in linear work, however it is cut") {
  const std::string data(SseParser::kMaxEvent - 16, 'x');
  const std::string text = "data: " + data + "\n\n";
  for (const std::size_t size : {1, 64, 4096}) {
    CAPTURE(size);
    SseParser parser;
    std::size_t events = 0;
    for (std::size_t at = 0; at < text.size(); at += size) {
      parser.feed(text.substr(at, size));
      while (const auto event = parser.next()) {
        ++events;
        CHECK(event->data == data);
      }
    }
    CHECK(events == 1);
    CHECK(parser.copied() <= 2 * text.size());
  }
}

TEST_CASE("an event that lies in one piece is not copied") {
  SseParser parser;
  parser.feed("event: done\r\ndata: {\"a\":1}\r\n\r\ndata: x\n\n");
  while (parser.next()) {
  }
  CHECK(parser.copied() == 0);
}

TEST_CASE("a line that grows too large is refused") {
  SseParser parser;
  const std::string piece(SseParser::kMaxEvent / 4, 'x');
  parser.feed("data: ");
  for (int i = 0; i < 8 && !parser.overflowed(); ++i) {
    CHECK_FALSE(parser.next());
    parser.feed(piece);
  }
  CHECK_FALSE(parser.next());
  CHECK(parser.overflowed());
}

TEST_CASE("an event too large in one piece is refused") {
  SseParser parser;
  parser.feed("data: " + std::string(SseParser::kMaxEvent, 'x') + "\n\ndata: next\n\n");
  CHECK_FALSE(parser.next());
  CHECK(parser.overflowed());
  CHECK_FALSE(parser.next());
}

TEST_CASE("an event that grows too large line by line is refused") {
  SseParser parser;
  const std::string line = "data: " + std::string(1000, 'x') + "\n";
  std::size_t taken = 0;
  for (; taken < 4 * SseParser::kMaxEvent && !parser.overflowed(); taken += line.size()) {
    parser.feed(line);
    CHECK_FALSE(parser.next());
  }
  CHECK(taken < 2 * SseParser::kMaxEvent);
}

TEST_CASE("a stream of small events may be as long as it likes") {
  SseParser parser;
  const std::string event = "data: " + std::string(1000, 'x') + "\n\n";
  for (std::size_t fed = 0; fed < 4 * SseParser::kMaxEvent; fed += event.size()) {
    parser.feed(event);
    REQUIRE(parser.next().has_value());
    REQUIRE_FALSE(parser.next().has_value());
  }
}

TEST_CASE("an event written is read as it was") {
  std::string text;
  append_event(text, 1, "message", R"({"delta":"a"})");
  append_event(text, 2, "note", "one\ntwo\n\nfour\n");
  append_event(text, 3, "done", "");
  const Events expected = {
      {"message", R"({"delta":"a"})"}, {"note", "one\ntwo\n\nfour\n"}, {"done", ""}};
  CHECK(events_of(text) == expected);
  CHECK(text.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"a\"}\n\n"));
}

TEST_CASE("an event is written with names, numbers and data of any length") {
  std::string text = "x";
  std::uint64_t id = 1;
  for (std::size_t size = 1; size <= 300; ++size) {
    const std::string name(size % 40 + 1, 'n');
    const std::string data(size, 'd');
    id = id * 7 + size;  // up to twenty digits, then anything
    text = "x";
    append_event(text, id, name, data);
    CHECK(text == "xid: " + std::to_string(id) + "\nevent: " + name + "\ndata: " + data + "\n\n");
  }
}

TEST_CASE("an event without id and name has its data alone, of whatever characters") {
  for (const std::string data : {R"({"delta":"printable"})", "one\ntwo", "[DONE]", "",
                                 "0123456\x7F\t", "caf\xC3\xA9 and more"}) {
    std::string text = "data: before\n\n";
    append_data_event(text, data);
    CHECK(events_of(text) == Events{{"message", "before"}, {"message", data}});
  }
  std::string text;
  append_data_event(text, R"({"delta":"printable"})");
  append_data_event(text, "\"line\xE2\x80\xA8 end\"");
  CHECK(text == "data: {\"delta\":\"printable\"}\n\ndata: \"line\\u2028 end\"\n\n");
}

TEST_CASE("with the last event a reader is asked not to connect again for an hour") {
  std::string text;
  append_last_event(text, 18'446'744'073'709'551'615U, "done", "{}");
  CHECK(text == "id: 18446744073709551615\nretry: 3600000\nevent: done\ndata: {}\n\n");
}

TEST_CASE("separators that readers take for line ends are escaped") {
  CHECK(written("\"a\u2028b\u2029c\u0085d\"") ==
        "id: 1\nevent: message\ndata: \"a\\u2028b\\u2029c\\u0085d\"\n\n");
  CHECK(written("\"\u2028\u2028\"") == "id: 1\nevent: message\ndata: \"\\u2028\\u2028\"\n\n");
  // Neighbours of these characters, and a start without its end, are left as they are.
  for (const char* other : {"\u00E9\u00B0\u2027\u202A\u2014\U00012028", "\xE2\x80", "\xC2"}) {
    CHECK(written(other) == "id: 1\nevent: message\ndata: " + std::string(other) + "\n\n");
  }
}

TEST_CASE("a comment is read over, wherever it stands") {
  const std::string comment(vx11::kSseComment);
  CHECK(events_of(comment + written("a") + comment + comment + written("b")) ==
        Events{{"message", "a"}, {"message", "b"}});
}

TEST_CASE("no line end in the data can begin another field or event") {
  std::string text;
  append_event(text, 1, "message", "a\r\nevent: done\rdata: b\n\nevent: done");
  CHECK(events_of(text) == Events{{"message", "a\nevent: done\ndata: b\n\nevent: done"}});
}

TEST_CASE("JSON lines: each line that is not blank is an event, however the stream is cut") {
  const std::string text = "{\"a\":1}\n\r\n{\"b\":2}\r\n \t\n{\"c\":\"event: x\"}\n{\"half\"";
  const std::vector<std::string> expected = {R"({"a":1})", R"({"b":2})", R"({"c":"event: x"})"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CAPTURE(piece);
    SseParser parser(vx11::StreamFraming::json_lines);
    std::vector<std::string> lines;
    for (std::string_view rest = text; !rest.empty();) {
      parser.feed(std::string(rest.substr(0, piece)));
      while (auto event = parser.next()) {
        CHECK(event->name == "message");
        lines.emplace_back(event->data);
      }
      rest.remove_prefix(std::min(piece, rest.size()));
    }
    CHECK(lines == expected);
  }
}

TEST_CASE("JSON lines: the end of the stream completes a last line, and no piece stays in memory") {
  SseParser parser(vx11::StreamFraming::json_lines);
  parser.feed(std::string(4096, '\n') + "{\"half\":");
  CHECK_FALSE(parser.next().has_value());
  CHECK(parser.held() < 64);
  parser.feed("1}");
  CHECK_FALSE(parser.next().has_value());
  CHECK(parser.end());
  CHECK(parser.next().value().data == R"({"half":1})");
  CHECK_FALSE(parser.next().has_value());
  CHECK_FALSE(parser.end());
}

TEST_CASE("the end of the stream completes a last event, wherever it was cut") {
  for (const std::string_view ending : {"", "\n", "\r", "\r\n"}) {
    CAPTURE(ending.size());
    SseParser parser;
    parser.feed("data: a\n\nevent: last\nda");
    CHECK(parser.next().value().data == "a");
    CHECK_FALSE(parser.next().has_value());
    parser.feed("ta: b" + std::string(ending));
    CHECK_FALSE(parser.next().has_value());
    CHECK(parser.end());
    const auto last = parser.next();
    REQUIRE(last.has_value());
    CHECK(last->name == "last");
    CHECK(last->data == "b");
    CHECK_FALSE(parser.next().has_value());
    CHECK_FALSE(parser.end());
  }
}

TEST_CASE("the end of the stream makes no event where there is no data") {
  for (const std::string_view text : {"", "data: a\n\n", ":\n", "event: last\n"}) {
    SseParser parser;
    parser.feed(std::string(text));
    while (parser.next()) {
    }
    CHECK_FALSE(parser.end());
    CHECK_FALSE(parser.next().has_value());
  }
  SseParser half;
  half.feed("event: la");
  CHECK_FALSE(half.next().has_value());
  CHECK(half.end());
  CHECK_FALSE(half.next().has_value());
}

TEST_CASE("JSON lines: a line above the limit is refused") {
  SseParser parser(vx11::StreamFraming::json_lines);
  parser.feed(std::string(SseParser::kMaxEvent + 1, 'x'));
  CHECK_FALSE(parser.next().has_value());
  CHECK(parser.overflowed());
}

TEST_CASE("a line end or separator is found at every place of a text of any length") {
  const std::string filler = "0123456789abcdefghij\xC3\xA9";
  for (std::size_t size = 0; size < filler.size(); ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      const std::string before = filler.substr(0, at);
      const std::string after = filler.substr(at, size - at);
      CHECK(events_of(written(before + "\n" + after)) ==
            Events{{"message", before + "\n" + after}});
      CHECK(events_of(written(before + "\xE2\x80\xA8" + after)) ==
            Events{{"message", before + "\\u2028" + after}});
    }
    CHECK(events_of(written(filler.substr(0, size))) ==
          Events{{"message", filler.substr(0, size)}});
  }
}

TEST_CASE("a parser that waits for more holds no memory for what it has read") {
  SseParser parser;
  parser.feed("data: " + std::string(10000, 'x') + "\n\n");
  REQUIRE(parser.next());
  CHECK(parser.held() >= 10000);
  CHECK_FALSE(parser.next());
  CHECK(parser.held() < 100);
}

TEST_CASE("a reader takes the events from a body, up to its end or its error") {
  using streaming_script::ScriptedBody;
  const auto open = std::make_shared<std::atomic<int>>(0);
  const auto reader_of = [&](streaming_script::Pieces pieces) {
    return vx11::EventStreamReader(std::make_unique<ScriptedBody>(std::move(pieces), open));
  };
  const auto next = [](vx11::EventStreamReader& reader) {
    return vx11::sync_wait(reader.next(vx11::Deadline()));
  };

  auto reader = reader_of({"id: 7\ndata: o", "ne\n\nevent: done\nda", "ta: two\n"});
  const auto one = next(reader);
  REQUIRE((one && *one));
  CHECK((*one)->name == "message");
  CHECK((*one)->data == "one");
  CHECK((*one)->id == "7");
  const auto two = next(reader);
  REQUIRE((two && *two));
  CHECK((*two)->name == "done");
  CHECK((*two)->data == "two");
  const auto none = next(reader);
  CHECK((none && !*none));
  CHECK(*open == 0);

  auto cut = reader_of({"data: one\n\n", vx11::fail(vx11::Errc::invalid_reply, "truncated")});
  CHECK(next(cut).has_value());
  CHECK(next(cut).error().code == vx11::Errc::invalid_reply);
  const auto after = next(cut);
  CHECK((after && !*after));

  auto large = reader_of({"data: " + std::string(SseParser::kMaxEvent + 1, 'x')});
  CHECK(next(large).error().code == vx11::Errc::too_large);
}
