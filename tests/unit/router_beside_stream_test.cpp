// Streams of slow targets: the next target is asked beside one that has sent no piece.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_upstreams.hpp"
#include "streaming_script.hpp"

using namespace router_upstreams;
using streaming_script::Pieces;
using streaming_script::ScriptedBody;
using vx11::ChatStream;
using vx11::Duration;

namespace {

using Asked = vx11::Result<ChatStream, vx11::ChatFailure>;

const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
const std::string kLo = "data: {\"delta\":\"lo\"}\n\n";
const std::string kDone = "event: done\ndata: {}\n\n";

/// The heads of streams come when the test says so; then all pieces are there.
class HeldStreams final : public vx11::StreamingTransport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }

  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request,
                                              Deadline deadline) override {
    return heads.send(request, std::move(deadline));
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const HttpRequest& request,
                                                        Deadline deadline) override {
    const Deadline request_deadline = deadline;
    vx11::Task<vx11::Result<HttpResponse>> waiting = heads.send(request, std::move(deadline));
    vx11::Result<HttpResponse> head = co_await std::move(waiting);
    if (!head) co_return vx11::fail(std::move(head.error()));
    last = request_deadline;
    auto body = std::make_unique<ScriptedBody>(pieces, bodies);
    co_return vx11::StreamedResponse(std::move(*head), std::move(body));
  }
  void begin(std::size_t number) { heads.end(number, HttpResponse(200, "text/event-stream", {})); }

  HeldUpstream heads = {};
  Deadline last = {};  ///< Of the stream that began last; its token cancels the body.
  Pieces pieces = {kHel, kLo, kDone};
  streaming_script::Open bodies = std::make_shared<std::atomic<int>>(0);
};

struct Site {
  Site() = default;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() {
    switch_->heads.end_all();
    madre->heads.end_all();
  }

  ManualTime time = {};
  std::shared_ptr<HeldStreams> switch_ = std::make_shared<HeldStreams>();
  std::shared_ptr<HeldStreams> madre = std::make_shared<HeldStreams>();
  Router router =
      Router::create(
          {.targets = {{.name = "switch", .url = "http://switch:8002", .transport = switch_},
                       {.name = "madre", .url = "http://madre:8001", .transport = madre}},
           .timer = time.timer,
           .clock = time.clock})
          .value();

  void advance(Duration by) {
    for (; by > 0s; by -= 1s) {
      time.timer->advance(1s);
      switch_->heads.expire(time.clock.now());
      madre->heads.expire(time.clock.now());
    }
  }
  vx11::CircuitSnapshot breaker(std::string_view name) const {
    return router.breaker(name)->snapshot();
  }
};

struct Chat {
  explicit Chat(const Router& router)
      : asking(router.async_stream(chat(), Deadline(vx11::TimePoint::max(), left.get_token()))) {}

  std::stop_source left = {};
  Started<Asked> asking;
};

std::string text_of(ChatStream& stream) {
  std::string text;
  for (;;) {
    auto piece = vx11::sync_wait(stream.next());
    REQUIRE(piece.has_value());
    if (!*piece) return text;
    text += (*piece)->text;
  }
}

}  // namespace

TEST_CASE("a stream without a piece in four seconds is overtaken by the next target's") {
  Site site;
  Chat chat(site.router);
  site.advance(3s);
  CHECK(site.madre->heads.calls() == 0);
  site.advance(2s);
  REQUIRE(site.madre->heads.calls() == 1);
  site.madre->begin(0);
  REQUIRE(chat.asking.done());
  Asked stream = chat.asking.take();
  REQUIRE(stream);
  CHECK(stream->source() == "madre");
  CHECK(stream->reason() == "switch_slow");
  CHECK(text_of(*stream) == "hello");
  CHECK(outcomes(stream->attempts()) ==
        std::vector<Outcome>{Outcome::overtaken, Outcome::answered});

  SUBCASE("the overtaken one begins after all: a success, and its body is closed") {
    site.switch_->begin(0);
    CHECK(*site.switch_->bodies == 0);
    CHECK(site.breaker("switch").failures == 0);
  }
  SUBCASE("it runs out its limit: a failure") {
    CHECK(site.breaker("switch").failures == 0);
    site.advance(15s);
    CHECK(site.breaker("switch").failures == 1);
  }
}

TEST_CASE("a slow stream that begins first keeps the chat, and its own entry in the ledger") {
  Site site;
  Chat chat(site.router);
  site.advance(5s);
  site.switch_->begin(0);
  REQUIRE(chat.asking.done());
  Asked stream = chat.asking.take();
  REQUIRE(stream);
  CHECK(stream->source() == "switch");
  CHECK(stream->reason().empty());
  CHECK(stream->attempts()[0].first_piece == Duration(5s));
  CHECK_FALSE(stream->attempts()[1].first_piece);
  site.time.clock.advance(2s);
  CHECK(text_of(*stream) == "hello");
  CHECK(outcomes(stream->attempts()) ==
        std::vector<Outcome>{Outcome::answered, Outcome::overtaken});
  CHECK(stream->attempts()[0].elapsed == 7s);
  CHECK(stream->attempts()[1].elapsed == 1s);
}

TEST_CASE("a stream that starts in time calls no other target") {
  Site site;
  Chat chat(site.router);
  site.switch_->begin(0);
  REQUIRE(chat.asking.done());
  Asked stream = chat.asking.take();
  CHECK(site.time.timer->sleepers() == 0);
  CHECK(text_of(*stream) == "hello");
  CHECK(site.breaker("switch").totals.neutral == 0);
  CHECK(site.madre->heads.calls() == 0);
}

TEST_CASE("a whole answer beside a slow stream wins") {
  Site site;
  Chat chat(site.router);
  site.advance(4s);
  site.madre->pieces = {R"({"response":"whole"})"};
  site.madre->heads.end(0, HttpResponse(200, "application/json", {}));
  REQUIRE(chat.asking.done());
  Asked stream = chat.asking.take();
  CHECK(stream->source() == "madre");
  CHECK(text_of(*stream) == "whole");
}

TEST_CASE("a listener who leaves early cancels, one who leaves later lets the call be observed") {
  Site site;
  Chat chat(site.router);
  SUBCASE("early") {
    site.advance(3s);
    chat.left.request_stop();
    REQUIRE(chat.asking.done());
    CHECK(chat.asking.take().error().code == Errc::cancelled);
    CHECK(site.switch_->heads.cancelled(0));
    CHECK(site.breaker("switch").failures == 0);
  }
  SUBCASE("later") {
    site.advance(5s);
    chat.left.request_stop();
    REQUIRE(chat.asking.done());
    CHECK(site.switch_->heads.under_way(0));
    CHECK(site.madre->heads.cancelled(0));
    site.advance(15s);
    CHECK(site.breaker("switch").failures == 1);
  }
}

TEST_CASE("a listener who leaves during the stream cancels its body") {
  Site site;
  Chat chat(site.router);
  site.switch_->begin(0);
  const Asked stream = chat.asking.take();
  REQUIRE(stream);
  CHECK_FALSE(site.switch_->last.cancelled());
  chat.left.request_stop();
  CHECK(site.switch_->last.cancelled());
}

TEST_CASE("what is usual for streams is learned from their first pieces") {
  Site site;
  for (std::size_t i = 0; i < 10; ++i) {
    Chat chat(site.router);
    site.advance(3s);
    site.switch_->begin(i);
    REQUIRE(chat.asking.done());
  }
  Chat chat(site.router);
  site.advance(8s);
  CHECK(site.madre->heads.calls() == 0);
  site.advance(1s);
  REQUIRE(site.madre->heads.calls() == 1);
  site.madre->begin(0);
  CHECK(chat.asking.done());
}
