// The limit of a target for a whole call, to the last byte or the end of a stream.

#include <vx11/streaming.hpp>

#include <algorithm>
#include <deque>

#include "router_upstreams.hpp"
#include "stream_pieces.hpp"

using namespace router_upstreams;
using stream_pieces::next;
using Outcomes = std::vector<Outcome>;

namespace {

constexpr const char* kExceeded = "no complete answer within 10s, its total limit";

/// A body whose pieces each take that long by the clock; stops at the deadline of a read.
class TimedBody final : public vx11::BodyStream {
 public:
  TimedBody(ManualClock& clock, std::deque<std::string> pieces, vx11::Duration each)
      : clock_(clock), pieces_(std::move(pieces)), each_(each) {}

  vx11::Task<vx11::Result<std::string>> next(Deadline deadline) override {
    const vx11::Duration left = deadline.remaining(clock_.now());
    clock_.advance(std::min(each_, left));
    if (each_ >= left) co_return vx11::fail(Errc::timeout, "scripted");
    if (pieces_.empty()) co_return std::string();
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return std::move(piece);
  }

 private:
  ManualClock& clock_;
  std::deque<std::string> pieces_;
  vx11::Duration each_;
};

/// Answers with one head, and with pieces that each take as long.
class TimedStream final : public vx11::StreamingTransport {
 public:
  explicit TimedStream(ManualClock& clock) : clock_(clock) {}

  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest&, Deadline) override {
    co_return vx11::fail(Errc::unreachable, "only streams");
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const HttpRequest&, Deadline) override {
    co_return vx11::StreamedResponse(HttpResponse(200, type, {}),
                                     std::make_unique<TimedBody>(clock_, pieces, each));
  }

  std::string type = "text/event-stream";
  std::deque<std::string> pieces = {"data: {\"delta\":\"a\"}\n\n", "data: {\"delta\":\"b\"}\n\n",
                                    "data: {\"delta\":\"c\"}\n\n", "event: done\ndata: {}\n\n"};
  vx11::Duration each = 4s;

 private:
  ManualClock& clock_;
};

/// switch streams within a total limit of 10 s, madre answers whole.
struct Streams {
  ManualClock clock = {};
  std::shared_ptr<TimedStream> primary = std::make_shared<TimedStream>(clock);
  std::shared_ptr<ScriptedTransport> fallback = std::make_shared<ScriptedTransport>(clock);
  RouterOptions options = {.targets = {{.name = "switch",
                                        .url = "http://s:1",
                                        .transport = primary,
                                        .total_timeout = 10s},
                                       {.name = "madre", .url = "http://m:1"}},
                           .clock = clock};

  Router router() {
    fallback->then_json(kMadreSays);
    options.targets[1].transport = fallback;
    return Router::create(options).value();
  }
};

/// Collects the texts of pieces.
struct Texts final : vx11::ChatPieceSink {
  void take(std::string_view, std::string_view text) override { all += text; }
  std::string all = {};
};

vx11::Result<vx11::ChatStream, vx11::ChatFailure> stream_of(const Router& router) {
  return vx11::sync_wait(router.async_stream(chat()));
}

}  // namespace

TEST_CASE("a whole answer that exceeds the total limit is a timeout, and the next one is asked") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.targets[0].total_timeout = 10s;
  const Router router = Router::create(options).value();
  const auto before = up.clock.now();
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->source == "madre");
  CHECK(reply->reason == "switch_timeout");
  CHECK(outcomes(reply->attempts) == Outcomes{Outcome::timeout, Outcome::answered});
  CHECK(reply->attempts[0].elapsed == 10s);
  CHECK(up.clock.now() - before == 10s);
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("the error of a timeout says which limit has run out") {
  const auto error = [](vx11::Duration total, vx11::Duration tried, vx11::Duration caller) {
    Upstreams up;
    up.primary->then(HttpResponse(200), 1h);
    RouterOptions options = up.options();
    options.targets.pop_back();
    options.targets[0].total_timeout = total;
    options.targets[0].try_timeout = tried;
    const Router router = Router::create(options).value();
    return router.ask(chat(), Deadline::after(up.clock.now(), caller)).error().detail;
  };
  CHECK(error(10s, 15s, 20s) == kExceeded);
  CHECK(error(10s, 5s, 20s) == "no answer within 5s");
  CHECK(error(10s, 15s, 3s) == "no answer within 3s");
}

TEST_CASE("the deadline of the chat bounds the targets after one that exceeded its total limit") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then(HttpResponse(200), 1h);
  RouterOptions options = up.options();
  options.targets[0].total_timeout = 10s;
  options.total_timeout = 12s;
  const Router router = Router::create(options).value();
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().detail == kExceeded);
  CHECK(failed.error().attempts[1].elapsed == 2s);
}

TEST_CASE("a stream that has begun is cut by the total limit, a failure for the breaker") {
  Streams streams;
  const Router router = streams.router();
  auto stream = stream_of(router);
  REQUIRE(stream);
  CHECK((**next(*stream)).text == "a");
  CHECK((**next(*stream)).text == "b");
  const auto cut = next(*stream);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == Errc::timeout);
  CHECK(cut.error().detail == kExceeded);
  CHECK(outcomes(stream->attempts()) == Outcomes{Outcome::timeout});
  CHECK(stream->attempts()[0].elapsed == 10s);
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("the same for a reader of several pieces, whose own deadline is later") {
  Streams streams;
  const Router router = streams.router();
  auto stream = stream_of(router);
  REQUIRE(stream);
  Texts texts;
  const Deadline later = Deadline::after(streams.clock.now(), 1h);
  auto more = vx11::sync_wait(stream->read(texts, later));
  while (more && *more) more = vx11::sync_wait(stream->read(texts, later));
  REQUIRE_FALSE(more);
  CHECK(more.error().detail == kExceeded);
  CHECK(texts.all == "ab");
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("the deadline of a read that is nearer ends the stream without the total limit") {
  Streams streams;
  const Router router = streams.router();
  auto stream = stream_of(router);
  REQUIRE(stream);
  CHECK((**next(*stream)).text == "a");
  const auto cut = next(*stream, Deadline::after(streams.clock.now(), 2s));
  REQUIRE_FALSE(cut);
  CHECK(cut.error().detail == "no time left");
}

TEST_CASE("a stream that is read late is cut by the total limit, but neutral for the breaker") {
  for (const bool several : {false, true}) {
    Streams streams;
    const Router router = streams.router();
    auto stream = stream_of(router);
    REQUIRE(stream);
    CHECK((**next(*stream)).text == "a");
    streams.clock.advance(1h);
    Texts texts;
    const vx11::Error error =
        several ? vx11::sync_wait(stream->read(texts)).error() : next(*stream).error();
    CHECK(error.code == Errc::timeout);
    CHECK(outcomes(stream->attempts()) == Outcomes{Outcome::timeout});
    CHECK(failures(router, "switch") == 0);
  }
}

TEST_CASE("a total limit that passes between two prompt reads is a failure") {
  for (const bool several : {false, true}) {
    Streams streams;
    streams.primary->each = 9950ms;
    const Router router = streams.router();
    auto stream = stream_of(router);
    REQUIRE(stream);
    CHECK((**next(*stream)).text == "a");
    streams.clock.advance(60ms);
    Texts texts;
    const vx11::Error error =
        several ? vx11::sync_wait(stream->read(texts)).error() : next(*stream).error();
    CHECK(error.code == Errc::timeout);
    CHECK(failures(router, "switch") == 1);
  }
}

TEST_CASE("a stream without a piece within the total limit falls back") {
  Streams streams;
  streams.primary->each = 11s;
  const Router router = streams.router();
  const auto stream = stream_of(router);
  REQUIRE(stream);
  CHECK(stream->source() == "madre");
  CHECK(outcomes(stream->attempts()) == Outcomes{Outcome::timeout, Outcome::answered});
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("a whole answer where a stream was asked for has the total limit, too") {
  Streams streams;
  streams.primary->type = "application/json";
  streams.options.targets.pop_back();
  streams.options.targets[0].transport = streams.primary;
  const Router router = Router::create(streams.options).value();
  const auto stream = stream_of(router);
  REQUIRE_FALSE(stream);
  CHECK(stream.error().detail == kExceeded);
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("without a total limit a stream may last") {
  Streams streams;
  streams.options.targets[0].total_timeout = RouterTarget().total_timeout;
  streams.options.targets[0].try_timeout = 5h;
  streams.options.total_timeout = 5h;
  streams.primary->each = 4h;
  auto stream = stream_of(streams.router());
  REQUIRE(stream);
  for (const char* text : {"a", "b", "c"}) CHECK((**next(*stream)).text == text);
  CHECK_FALSE(next(*stream).value().has_value());
}

TEST_CASE("a total limit that is not positive is a mistake") {
  Upstreams up;
  RouterOptions options = up.options();
  options.targets[1].total_timeout = 0s;
  CHECK(Router::create(options).error().detail ==
        "target \"madre\": total_timeout must be positive");
}
