// The pieces of a streamed answer, and what the next target is asked after.

#include "router_streams.hpp"

using namespace router_streams;

TEST_CASE("pieces come as the upstream sent them, with the text in them") {
  const auto upstream = stream_of({kHel + "data: {\"resp", "onse\":\"l \"}\n\n" + kLo + kDone});
  const Upstreams upstreams(upstream);
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(upstream->accept() == "text/event-stream, application/json");
  CHECK(stream->source() == "switch");
  CHECK(stream->reason().empty());
  CHECK(stream->attempts().size() == 1);
  CHECK((**next(*stream)).text == "hel");
  auto second = next(*stream);
  CHECK((**second).text == "l ");
  CHECK((**second).data == R"({"response":"l "})");
  CHECK(rest_of(*stream) == Strings{R"({"delta":"lo"})"});
  CHECK_FALSE(next(*stream).value().has_value());
}

TEST_CASE("events of other names are passed over, first and in the middle") {
  const std::string ping = "event: ping\ndata: {\"delta\":\"no\"}\n\n";
  const Upstreams upstreams(stream_of({ping + kHel + ping, ping + kLo, ping + kDone}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(stream->source() == "switch");
  CHECK(rest_of(*stream) == Strings{R"({"delta":"hel"})", R"({"delta":"lo"})"});
}

TEST_CASE("only text that the dialect knows is text: other data is passed over") {
  for (const char* other :
       {"[DONE]", "[1,2]", "\"text\"", "42", "null", "plain words", "<html>", "{}",
        R"({"choices":[{"delta":{"content":"x"}}]})", R"({"delta":{"content":"x"}})",
        R"({"delta":""})", R"({"delta":null,"error":null})"}) {
    CAPTURE(other);
    const std::string event = "data: " + std::string(other) + "\n\n";
    const Upstreams upstreams(stream_of({event + kHel + event + kLo + event + kDone}));
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK(stream->source() == "switch");
    CHECK(rest_of(*stream) == Strings{R"({"delta":"hel"})", R"({"delta":"lo"})"});
  }
}

TEST_CASE("an event that nests too deep to be read is passed over, and charges no breaker") {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  const Upstreams upstreams(stream_of({kHel + "data: {\"delta\":" + deep + "}\n\n" + kLo + kDone}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(rest_of(*stream) == Strings{R"({"delta":"hel"})", R"({"delta":"lo"})"});
  CHECK(upstreams.breaker().failures == 0);
}

TEST_CASE("a body that is missing or throws before its first piece falls back") {
  struct Body final : vx11::BodyStream {
    vx11::Task<vx11::Result<std::string>> next(Deadline) override {
      throw std::runtime_error("scripted");
    }
  };
  struct Broken final : vx11::StreamingTransport {
    Broken(bool with_body, const char* content_type) : throws(with_body), type(content_type) {}
    vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&, Deadline) override {
      co_return vx11::fail(Errc::unreachable);
    }
    vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const vx11::HttpRequest&,
                                                          Deadline) override {
      std::unique_ptr<vx11::BodyStream> body;
      if (throws) body = std::make_unique<Body>();
      co_return vx11::StreamedResponse(vx11::HttpResponse(200, type, {}), std::move(body));
    }
    bool throws;
    std::string type;
  };
  for (const bool throws : {false, true}) {
    for (const char* type : {"text/event-stream", "application/json"}) {
      CAPTURE(throws);
      CAPTURE(type);
      const Upstreams upstreams(std::make_shared<Broken>(throws, type));
      auto stream = upstreams.ask();
      REQUIRE(stream.has_value());
      CHECK(stream->source() == "madre");
      CHECK(stream->reason() == (throws ? "switch_unreachable" : "switch_invalid_reply"));
      CHECK(upstreams.breaker().failures == 1);
    }
  }
}

TEST_CASE("all pieces that have arrived are read at once") {
  struct Texts : vx11::ChatPieceSink {
    void take(std::string_view data, std::string_view text) override {
      CHECK(data.starts_with("{"));
      texts.emplace_back(text);
    }
    Strings texts = {};
  };
  const Upstreams upstreams(stream_of({kHel + kLo, kHel, kLo + kDone}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  const auto read = [&] {
    Texts sink;
    const auto more = vx11::sync_wait(stream->read(sink));
    return std::pair(more.value(), sink.texts);
  };
  CHECK(read() == std::pair(true, Strings{"hel", "lo"}));
  CHECK(read() == std::pair(true, Strings{"hel"}));
  CHECK(read() == std::pair(false, Strings{"lo"}));
  CHECK(read() == std::pair(false, Strings{}));
}

TEST_CASE("a read whose time is over delivers what has arrived, and charges nothing") {
  struct Ignored : vx11::ChatPieceSink {
    void take(std::string_view /*data*/, std::string_view /*text*/) override { ++pieces; }
    int pieces = 0;
  };
  const Upstreams upstreams(stream_of({kHel, kLo + kDone}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  Ignored sink;
  const Deadline over(upstreams.clock.now());
  CHECK(vx11::sync_wait(stream->read(sink, over)).value());
  CHECK(sink.pieces == 1);
  CHECK(upstreams.breaker().failures == 0);
  CHECK(vx11::sync_wait(stream->read(sink, over)).error().code == Errc::timeout);
  CHECK(upstreams.breaker().failures == 1);
}

TEST_CASE("comments, empty pieces and single bytes do not extend the time for a piece") {
  for (const char* trickle : {":\n", "data: {}\n\n", "event: ping\ndata: x\n\n", "x"}) {
    CAPTURE(trickle);
    Pieces pieces = {kHel};
    for (int i = 0; i < 100; ++i) pieces.emplace_back(trickle);
    const auto upstream = stream_of(pieces);
    Upstreams upstreams(upstream);
    upstream->takes(upstreams.clock, 1s);
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK((**next(*stream)).text == "hel");
    const auto start = upstreams.clock.now();
    CHECK(next(*stream, Deadline::after(start, 30s)).error().code == Errc::timeout);
    CHECK(upstreams.clock.now() - start == 30s);
    CHECK(upstreams.breaker().failures == 1);
    CHECK(upstream->open_bodies() == 0);
  }
}

TEST_CASE("comments do not extend the time for the first piece either") {
  const auto upstream = stream_of(Pieces(100, std::string(":\n")));
  Upstreams upstreams(upstream);
  upstream->takes(upstreams.clock, 1s);
  const auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(stream->reason() == "switch_timeout");
  CHECK(upstreams.breaker().failures == 1);
}

TEST_CASE("the ledger has the time to the first piece and to the end") {
  const auto upstream = stream_of({kHel, kLo, kDone});
  Upstreams upstreams(upstream);
  upstream->takes(upstreams.clock, 1s);
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(stream->attempts().back().elapsed == 1s);
  CHECK(rest_of(*stream).size() == 2);
  CHECK(stream->attempts().back().first_piece == 1s);
  CHECK(stream->attempts().back().elapsed == 3s);
  CHECK(stream->attempts().back().outcome == Outcome::answered);
}

TEST_CASE("what comes with done is what else the upstream said") {
  const Upstreams upstreams(stream_of({kHel, kDone, kLo}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(stream->upstream_json() == "{}");
  CHECK(rest_of(*stream).size() == 1);
  CHECK(stream->upstream_json() == R"({"model":"m-7"})");
  CHECK_FALSE(next(*stream).value().has_value());
}

TEST_CASE("done that holds no object says nothing else") {
  const Upstreams upstreams(stream_of({kHel, "event: done\ndata: [DONE]\n\n"}));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(rest_of(*stream).size() == 1);
  CHECK(stream->upstream_json() == "{}");
}

TEST_CASE("an upstream that answers with JSON after all gives one piece") {
  const Upstreams upstreams(std::make_shared<ScriptedStream>(
      Pieces{R"({"response":"he)", R"(llo","model":"m-7"})"}, "application/json"));
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  CHECK(stream->source() == "switch");
  CHECK(stream->upstream_json().find("m-7") != std::string::npos);
  CHECK(rest_of(*stream) == Strings{R"({"delta":"hello"})"});
  CHECK(upstreams.breaker().failures == 0);
}

TEST_CASE("a transport that cannot stream gives one piece") {
  const auto upstream = std::make_shared<ScriptedTransport>();
  upstream->then_json(R"({"response":"say \"hi\""})");
  const Upstreams upstreams(upstream);
  auto stream = upstreams.ask();
  REQUIRE(stream.has_value());
  auto piece = next(*stream);
  CHECK((**piece).text == R"(say "hi")");
  CHECK((**piece).data == R"({"delta":"say \"hi\""})");
  CHECK_FALSE(next(*stream).value().has_value());
}

TEST_CASE("until the first piece has come the next target is asked") {
  const struct {
    const char* what;
    std::shared_ptr<ScriptedStream> upstream;
    const char* reason;
    std::uint32_t failures;
  } cases[] = {
      {"no connection", std::make_shared<ScriptedStream>(Errc::unreachable), "switch_unreachable",
       1},
      {"silence", std::make_shared<ScriptedStream>(Errc::timeout), "switch_timeout", 1},
      {"5xx", std::make_shared<ScriptedStream>(Pieces{}, "text/event-stream", 503), "switch_error",
       1},
      {"4xx", std::make_shared<ScriptedStream>(Pieces{}, "application/json", 404), "switch_error",
       0},
      {"an empty stream", stream_of({}), "switch_invalid_reply", 1},
      {"comments alone", stream_of({": ping\n\n", ": pong\n\n"}), "switch_invalid_reply", 1},
      {"an error event", stream_of({"event: error\ndata: {}\n\n"}), "switch_error", 1},
      {"an error as data", stream_of({"data: {\"error\":\"x\"}\n\n"}), "switch_error", 1},
      {"an end at once", stream_of({kDone}), "switch_invalid_reply", 0},
      {"a foreign stream", stream_of({"data: {\"choices\":[]}\n\ndata: [DONE]\n\n"}),
       "switch_invalid_reply", 1},
      {"half an event", stream_of({"data: {\"del"}), "switch_invalid_reply", 1},
      {"a break", stream_of({"data: {\"del", broken(Errc::unreachable)}), "switch_unreachable", 1},
      {"falling silent", stream_of({broken(Errc::timeout)}), "switch_timeout", 1},
      {"an endless line", stream_of({std::string(1'100'000, 'x')}), "switch_invalid_reply", 1},
      {"JSON cut short",
       std::make_shared<ScriptedStream>(Pieces{"{", broken(Errc::invalid_reply)},
                                        "application/json"),
       "switch_invalid_reply", 1},
      {"JSON not understood", std::make_shared<ScriptedStream>(Pieces{"nope"}, "application/json"),
       "switch_invalid_reply", 1},
      {"JSON without text", std::make_shared<ScriptedStream>(Pieces{"[]"}, "application/json"),
       "switch_invalid_reply", 0},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const Upstreams upstreams(one.upstream);
    auto stream = upstreams.ask();
    REQUIRE(stream.has_value());
    CHECK(stream->source() == "madre");
    CHECK(stream->reason() == one.reason);
    CHECK(stream->attempts().size() == 2);
    CHECK(rest_of(*stream) == Strings{R"({"delta":"from madre"})"});
    CHECK(upstreams.breaker().failures == one.failures);
    CHECK(one.upstream->open_bodies() == 0);
  }
}

TEST_CASE("a stream that is refused is read for what is wrong with the chat") {
  const Pieces error = {R"({"error":{"code":"context_)", R"(length_exceeded"}})"};
  const auto refusal = [&](int status) {
    const Upstreams upstreams(std::make_shared<ScriptedStream>(error, "application/json", status));
    return upstreams.ask()->attempts().front().refusal;
  };
  CHECK(refusal(400) == vx11::Refusal::context_too_long);
  CHECK(refusal(413) == vx11::Refusal::context_too_long);
  CHECK(refusal(404) == vx11::Refusal::none);  // not read: the address is wrong
}

TEST_CASE("when no target answers the failure has all attempts") {
  Upstreams upstreams(std::make_shared<ScriptedStream>(Errc::timeout));
  upstreams.router =
      Router::create(
          {.targets = {{.name = "switch", .url = "http://s:8002", .transport = upstreams.primary},
                       {.name = "madre",
                        .url = "http://m:8001",
                        .transport = stream_of({broken(Errc::unreachable)})}},
           .clock = upstreams.clock})
          .value();
  const auto stream = upstreams.ask();
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().code == Errc::timeout);
  CHECK(stream.error().attempts.size() == 2);
  CHECK(stream.error().attempts.back().outcome == Outcome::unreachable);
}
