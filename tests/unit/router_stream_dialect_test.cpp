// Streams in dialects of the user's own.
#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "stream_pieces.hpp"
#include "streaming_script.hpp"

using namespace stream_pieces;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;
using streaming_script::stream_of;
using vx11::ChatRequest;
using vx11::Errc;
using vx11::Router;
using vx11::testing::ScriptedTransport;

namespace {

/// A dialect of the user's own: text in lines of the form `say TEXT`, and `bye` at the end.
class SayDialect : public vx11::ChatDialect {
 public:
  using ChatDialect::ask;
  vx11::Result<vx11::HttpRequest> ask(const ChatRequest& chat,
                                      vx11::AnswerForm form) const override {
    vx11::HttpRequest request("POST", {}, "/say");
    request.headers.add("Accept",
                        form == vx11::AnswerForm::stream ? "text/event-stream" : "text/x");
    request.body = chat.message;
    return request;
  }
  vx11::Result<vx11::ChatAnswer> read(const vx11::HttpResponse& response) const override {
    return vx11::ChatAnswer(response.body, "{}");
  }
};

class SayReader : public vx11::ChatEventReader {
 public:
  vx11::ChatEventKind read(const vx11::ServerSentEvent& event, std::string& text) override {
    if (event.data == "bye") return vx11::ChatEventKind::end;
    if (event.data == "throw") throw std::runtime_error("no");
    if (!event.data.starts_with("say ")) return vx11::ChatEventKind::ignored;
    text += event.data.substr(4);
    return vx11::ChatEventKind::piece;
  }
  std::string upstream_json() const override { return R"({"said":true})"; }
};

class StreamingSayDialect final : public SayDialect {
 public:
  std::unique_ptr<vx11::ChatEventReader> event_reader() const override {
    return std::make_unique<SayReader>();
  }
};

/// As written for 0.1: only the request without a form.
class OldDialect final : public vx11::ChatDialect {
 public:
  using ChatDialect::ask;
  vx11::Result<vx11::HttpRequest> ask(const ChatRequest&) const override {
    return vx11::HttpRequest("POST", {}, "/old");
  }
  vx11::Result<vx11::ChatAnswer> read(const vx11::HttpResponse& response) const override {
    return vx11::ChatAnswer(response.body, "{}");
  }
};

ChatStream ask_in(std::shared_ptr<const vx11::ChatDialect> dialect,
                  std::shared_ptr<vx11::Transport> transport) {
  const Router router = Router::create({.targets = {{.name = "own",
                                                     .url = "http://o:1",
                                                     .transport = std::move(transport),
                                                     .dialect = std::move(dialect)}}})
                            .value();
  return vx11::sync_wait(router.async_stream(ChatRequest("hello", "s"))).value();
}

}  // namespace

TEST_CASE("a dialect of the user's own reads the events of its streams") {
  const auto upstream =
      stream_of({"data: say hel\n\ndata: sing\n\n", "data: say lo\n\ndata: bye\n\n"});
  auto stream = ask_in(std::make_shared<StreamingSayDialect>(), upstream);
  CHECK(upstream->accept() == "text/event-stream");
  CHECK((**next(stream)).text == "hel");
  CHECK((**next(stream)).text == "lo");
  CHECK_FALSE(next(stream).value().has_value());
  CHECK(stream.upstream_json() == R"({"said":true})");
}

TEST_CASE("an end without its empty line is an end") {
  const auto dialect = std::make_shared<StreamingSayDialect>();
  for (const std::string last : {"data: bye", "data: bye\n", "data: by"}) {
    CAPTURE(last);
    auto stream = ask_in(dialect, stream_of({"data: say hel\n\n", last}));
    CHECK((**next(stream)).text == "hel");
    const auto end = next(stream);
    CHECK(end.has_value() == last.starts_with("data: bye"));
  }
}

TEST_CASE("an event reader that throws breaks the stream") {
  auto stream = ask_in(std::make_shared<StreamingSayDialect>(),
                       stream_of({"data: say hel\n\ndata: throw\n\n"}));
  CHECK((**next(stream)).text == "hel");
  CHECK(next(stream).error().code == Errc::http_status);
}

TEST_CASE("a dialect without an event reader is asked for the whole answer, which is one piece") {
  for (const auto& dialect : std::initializer_list<std::shared_ptr<const vx11::ChatDialect>>{
           std::make_shared<SayDialect>(), std::make_shared<OldDialect>()}) {
    const auto upstream = std::make_shared<ScriptedTransport>();
    upstream->then(vx11::HttpResponse(200, "text/x", "hello"));
    auto stream = ask_in(dialect, upstream);
    CHECK((**next(stream)).text == "hello");
    CHECK_FALSE(next(stream).value().has_value());
    CHECK(upstream->requests()[0].headers.get("Accept") != "text/event-stream");
  }
}

namespace {

/// Lines with text; the answer is complete after the line "last".
class LinesDialect final : public vx11::ChatDialect {
  class Reader final : public vx11::ChatEventReader {
    vx11::ChatEventKind read(const vx11::ServerSentEvent& event, std::string& text) override {
      text += event.data;
      last_ = event.data == "last";
      return vx11::ChatEventKind::piece;
    }
    bool complete_at_close() const override { return last_; }
    bool last_ = false;
  };

 public:
  vx11::Result<vx11::HttpRequest> ask(const ChatRequest&, vx11::AnswerForm) const override {
    return vx11::HttpRequest("POST", {}, "/lines");
  }
  vx11::Result<vx11::ChatAnswer> read(const vx11::HttpResponse& response) const override {
    return vx11::ChatAnswer(response.body, "{}");
  }
  std::unique_ptr<vx11::ChatEventReader> event_reader() const override {
    return std::make_unique<Reader>();
  }
  vx11::StreamFraming framing() const override { return vx11::StreamFraming::json_lines; }
};

vx11::Result<ChatStream, vx11::ChatFailure> stream_lines(Pieces pieces, std::string type) {
  const auto upstream = std::make_shared<ScriptedStream>(std::move(pieces), std::move(type));
  auto router = Router::create({.targets = {{.name = "lines",
                                             .url = "http://l:1",
                                             .transport = upstream,
                                             .dialect = std::make_shared<LinesDialect>()}}});
  return vx11::sync_wait(router.value().async_stream(ChatRequest("hello", "s")));
}

}  // namespace

TEST_CASE("a dialect of JSON lines reads lines, and any other body as a whole") {
  auto stream = stream_lines({"on", "e\nlast\n"}, "application/x-ndjson; charset=utf-8");
  REQUIRE(stream.has_value());
  CHECK(rest_of(*stream) == Strings{"one", "last"});
  auto whole = stream_lines({"one\nlast\n"}, "application/json");
  REQUIRE(whole.has_value());
  CHECK(rest_of(*whole).size() == 1);
}

TEST_CASE("a last line without a line end is read") {
  auto stream = stream_lines({"one\n", "la", "st"}, "application/x-ndjson");
  REQUIRE(stream.has_value());
  CHECK(rest_of(*stream) == Strings{"one", "last"});
}

TEST_CASE("a clean close is an end only where the dialect says that the answer is complete") {
  auto complete = stream_lines({"one\n", "last\n"}, "application/x-ndjson");
  REQUIRE(complete.has_value());
  CHECK(rest_of(*complete) == Strings{"one", "last"});
  auto cut = stream_lines({"one\n", "two\n"}, "application/x-ndjson");
  REQUIRE(cut.has_value());
  CHECK(next(*cut).value().has_value());
  CHECK(next(*cut).value().has_value());
  CHECK(next(*cut).error().code == Errc::invalid_reply);
}
