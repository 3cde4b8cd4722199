#include <vx11/dialect/openai.hpp>
#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "completions_dialect.hpp"
#include "recorded_events.hpp"
#include "router_upstreams.hpp"
#include "streaming_script.hpp"

using completions_dialect::chunk;
using namespace router_upstreams;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;
using vx11::ChatStream;
using vx11::Result;
using vx11::testing::ScriptedTransport;

namespace {

using Strings = std::vector<std::string>;

const std::string kRole = chunk(R"({"role":"assistant"})");
const std::string kHel = chunk(R"({"content":"hel"})");
const std::string kCall = chunk(R"({"tool_calls":[{"index":0}]})");
const std::string kStop = chunk("{}", "\"stop\"");
const std::string kEnd = "data: [DONE]\n\n";
const std::string kToolBody =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":null,)"
    R"("tool_calls":[{"id":"t1"}]},"finish_reason":"tool_calls"}]})";

ChatRequest completion() {
  ChatRequest made = chat();
  made.completion_json = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
  return made;
}

/// A target that speaks the dialect, and madre behind it.
struct Site {
  explicit Site(std::shared_ptr<vx11::Transport> first) : primary(std::move(first)) {
    up.fallback->then_json(kMadreSays);
  }
  Router router() const {
    RouterOptions options = up.options();
    options.targets[0].transport = primary;
    options.targets[0].dialect = completions_dialect::make();
    return Router::create(options).value();
  }
  Result<ChatStream, vx11::ChatFailure> stream(const ChatRequest& chat) const {
    return vx11::sync_wait(router().async_stream(chat));
  }

  Upstreams up = {};
  std::shared_ptr<vx11::Transport> primary;
};

Site streaming(Pieces pieces) {
  return Site(std::make_shared<ScriptedStream>(std::move(pieces)));
}

/// The pieces' data and texts, read to the end.
Strings rest_of(ChatStream& stream) {
  Strings pieces;
  for (;;) {
    auto piece = vx11::sync_wait(stream.next());
    if (!piece) return pieces.emplace_back(to_string(piece.error().code)), pieces;
    if (!*piece) return pieces;
    pieces.push_back((*piece)->data + "|" + (*piece)->text);
  }
}

/// The data of an event as `rest_of` shows it.
std::string shown(const std::string& event, const std::string& text = "") {
  return event.substr(6, event.size() - 8) + "|" + text;
}

/// Refuses every chat.
class Refusing final : public vx11::ChatDialect {
 public:
  Result<HttpRequest> ask(const ChatRequest&) const override {
    return vx11::fail(Errc::invalid_argument, "tools: this upstream has none");
  }
  Result<vx11::ChatAnswer> read(const HttpResponse&) const override { return vx11::ChatAnswer(); }
};

RouterOptions first_refuses(const Upstreams& up) {
  RouterOptions options = up.options();
  options.targets[0].dialect = std::make_shared<Refusing>();
  return options;
}

}  // namespace

TEST_CASE("envelopes before the first piece are kept back, and delivered with it in their order") {
  Site site = streaming({kRole, kHel, kStop + kEnd});
  auto stream = site.stream(completion());
  REQUIRE(stream.has_value());
  CHECK(stream->source() == "switch");
  CHECK(rest_of(*stream) == Strings{shown(kRole), shown(kHel, "hel"), shown(kStop)});
  CHECK(stream->ending().finish_reason == "stop");
}

TEST_CASE("the sink of `read` gets envelopes, pieces and parts as well") {
  struct Sink final : vx11::ChatPieceSink {
    void take(std::string_view data, std::string_view text) override {
      seen.push_back(std::string(data) + "|" + std::string(text));
    }
    Strings seen = {};
  };
  Site site = streaming({kRole + kCall, kHel + kStop + kEnd});
  auto stream = site.stream(completion());
  REQUIRE(stream.has_value());
  Sink sink;
  while (vx11::sync_wait(stream->read(sink)).value()) {
  }
  CHECK(sink.seen == Strings{shown(kRole), shown(kCall), shown(kHel, "hel"), shown(kStop)});
}

TEST_CASE("a part that is no text begins the answer") {
  Site site = streaming({kRole + kCall, chunk("{}", "\"tool_calls\"") + kEnd});
  auto stream = site.stream(completion());
  REQUIRE(stream.has_value());
  CHECK(rest_of(*stream).size() == 3);
  CHECK(stream->ending().finish_reason == "tool_calls");
}

TEST_CASE("an empty stream with a reason is an answer to a client of the completions API only") {
  const std::string filtered = chunk("{}", "\"content_filter\"");
  Site site = streaming({kRole + filtered + kEnd});
  auto stream = site.stream(completion());
  REQUIRE(stream.has_value());
  CHECK(stream->source() == "switch");
  CHECK(rest_of(*stream) == Strings{shown(kRole), shown(filtered)});
  CHECK(stream->ending().finish_reason == "content_filter");
  CHECK(streaming({kRole + filtered + kEnd}).stream(chat())->source() == "madre");
  CHECK(streaming({kRole + kStop + kEnd}).stream(completion())->source() == "madre");
}

TEST_CASE("a stream that breaks after envelopes alone falls back, and none of them is delivered") {
  Site site = streaming({kRole + kRole, streaming_script::broken(Errc::unreachable)});
  auto stream = site.stream(completion());
  REQUIRE(stream.has_value());
  CHECK(stream->source() == "madre");
  CHECK(stream->reason() == "switch_unreachable");
  CHECK(rest_of(*stream) == Strings{R"({"delta":"from madre"}|from madre)"});
}

TEST_CASE("envelopes without end are refused, and the next target is asked") {
  const std::string large = chunk("{\"role\":\"" + std::string(200'000, 'r') + "\"}");
  std::string many;
  for (int i = 0; i < 65; ++i) many += kRole;
  for (const std::string& endless : {many, large + large}) {
    Site site = streaming({endless, kHel + kStop + kEnd});
    auto stream = site.stream(completion());
    REQUIRE(stream.has_value());
    CHECK(stream->reason() == "switch_invalid_reply");
  }
}

TEST_CASE("a clean cut ends a stream well only after an event that may be its last") {
  Site finished = streaming({kHel + kStop});
  auto stream = finished.stream(completion());
  CHECK(rest_of(*stream) == Strings{shown(kHel, "hel"), shown(kStop)});
  Site cut = streaming({kHel});
  auto half = cut.stream(completion());
  CHECK(rest_of(*half) == Strings{shown(kHel, "hel"), "invalid_reply"});
}

TEST_CASE("an answer without text is one to a client of the completions API only") {
  const auto upstream = std::make_shared<ScriptedTransport>();
  upstream->then_json(kToolBody).then_json(kToolBody).then_json(kToolBody);
  const Site site(upstream);
  const auto reply = site.router().ask(completion());
  REQUIRE(reply.has_value());
  CHECK(reply->source == "switch");
  CHECK(reply->text.empty());
  CHECK(reply->completion_json == kToolBody);
  CHECK(reply->ending.finish_reason == "tool_calls");
  CHECK(site.router().ask(chat())->reason == "switch_invalid_reply");
  const auto streamed = site.stream(completion());
  CHECK(streamed->completion_json() == kToolBody);
  CHECK(streamed->ending().finish_reason == "tool_calls");
}

TEST_CASE("the ledger has the status of an error") {
  Upstreams up;
  up.primary->then(HttpResponse(429));
  up.fallback->then_json(kMadreSays);
  const auto reply = up.router().ask(chat());
  REQUIRE(reply.has_value());
  CHECK(reply->attempts[0].http_status == 429);
  CHECK(reply->attempts[1].http_status == 0);
}

TEST_CASE("a target whose dialect cannot express the chat is passed by") {
  Upstreams up;
  up.fallback->then_json(kMadreSays);
  const Router router = Router::create(first_refuses(up)).value();
  const auto reply = router.ask(chat());
  REQUIRE(reply.has_value());
  CHECK(reply->source == "madre");
  CHECK(reply->reason == "switch_unsupported");
  CHECK(outcomes(reply->attempts) == std::vector{Outcome::unsupported, Outcome::answered});
  CHECK(up.primary->calls() == 0);
  CHECK(failures(router, "switch") == 0);
}

TEST_CASE("the error of a target that was asked comes before that of one that was passed by") {
  Upstreams up;
  up.fallback->then_fail(Errc::timeout);
  const auto reply = Router::create(first_refuses(up)).value().ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timeout);
  CHECK(reply.error().upstream == "madre");
  CHECK(outcomes(reply.error().attempts) == std::vector{Outcome::unsupported, Outcome::timeout});
}

TEST_CASE("if none can express the chat, the error names the member, and nothing was tried") {
  Upstreams up;
  RouterOptions options = first_refuses(up);
  options.targets[1].dialect = std::make_shared<Refusing>();
  const auto reply = Router::create(options).value().ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::invalid_argument);
  CHECK(reply.error().detail == "tools: this upstream has none");
  CHECK(reply.error().attempts.empty());
}

TEST_CASE("a target that was passed by does not prevent the last resort") {
  Upstreams up;
  up.fallback->then_json(kMadreSays);
  RouterOptions options = first_refuses(up);
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) router.breaker("madre")->try_acquire().value().failure();
  CHECK(router.ask(chat())->source == "madre");
}

namespace {

const std::string kNothing =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":""},)"
    R"("finish_reason":"stop"}],"usage":{"completion_tokens":0}})";

/// The target that says nothing, and madre, which `then` prepares.
struct SilentFirst {
  SilentFirst(std::shared_ptr<vx11::Transport> silent, void (*then)(ScriptedTransport&))
      : silent_(std::move(silent)) {
    then(*up_.fallback);
  }
  Router router() const {
    RouterOptions options = up_.options();
    options.targets[0].transport = silent_;
    options.targets[0].dialect = vx11::openai_dialect().value();
    return Router::create(options).value();
  }
  Result<ChatStream, vx11::ChatFailure> stream() const {
    return vx11::sync_wait(router().async_stream(completion()));
  }

 private:
  Upstreams up_ = {};
  std::shared_ptr<vx11::Transport> silent_;
};

std::shared_ptr<ScriptedTransport> says_nothing() {
  auto upstream = std::make_shared<ScriptedTransport>();
  upstream->then_json(kNothing);
  return upstream;
}

void answers(ScriptedTransport& madre) {
  madre.then_json(kMadreSays);
}
void fails(ScriptedTransport& madre) {
  madre.then_fail(Errc::unreachable);
}

}  // namespace

TEST_CASE(
    "an answer that says nothing counts to a completions client, if no other target answers") {
  const SilentFirst before_madre(says_nothing(), answers);
  const auto better = before_madre.router().ask(completion());
  REQUIRE(better.has_value());
  CHECK(better->source == "madre");
  CHECK(better->reason == "switch_invalid_reply");

  const SilentFirst alone(says_nothing(), fails);
  const Router router = alone.router();
  const auto reply = router.ask(completion());
  REQUIRE(reply.has_value());
  CHECK(reply->source == "switch");
  CHECK(reply->text.empty());
  CHECK(reply->completion_json == kNothing);
  CHECK(reply->reason.empty());
  CHECK(outcomes(reply->attempts) == std::vector<Outcome>{Outcome::answered, Outcome::unreachable});
  CHECK(router.breaker("switch")->snapshot().failures == 0);

  const SilentFirst of_an_operator(says_nothing(), fails);
  const auto refused = of_an_operator.router().ask(chat());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::invalid_reply);
}

TEST_CASE("a stream that ends well without a piece counts likewise") {
  const auto silent = [](const std::string& last) {
    return std::make_shared<ScriptedStream>(Pieces{kRole + last});
  };
  CHECK(SilentFirst(silent(kStop + kEnd), answers).stream()->source() == "madre");
  const SilentFirst last(silent(kStop + kEnd), fails);
  auto alone = last.stream();
  REQUIRE(alone.has_value());
  CHECK(alone->source() == "switch");
  CHECK(alone->ending().finish_reason == "stop");
  CHECK(rest_of(*alone) == Strings{R"({"delta":""}|)"});
  // Without a reason the end may be that of a stream that was cut.
  CHECK(SilentFirst(silent(kEnd), fails).stream().error().code == Errc::invalid_reply);
}

TEST_CASE("events of attempts have the text of the transport, which the failure does not repeat") {
  Upstreams up;
  RouterOptions options = up.options();
  const auto events = std::make_shared<RecordedEvents>();
  options.events = events;
  up.primary->then_fail(Errc::unreachable);
  const auto failed = Router::create(options).value().ask(chat());
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().detail == "no connection");
  CHECK(events->all().front().cause == "scripted");
}

TEST_CASE("events of attempts say why they failed") {
  Upstreams up;
  RouterOptions options = up.options();
  const auto events = std::make_shared<RecordedEvents>();
  options.events = events;
  up.primary->then(HttpResponse(401));
  up.fallback->then_json(R"({"queued":true})");
  CHECK_FALSE(Router::create(options).value().ask(chat()).has_value());
  REQUIRE(events->all().size() >= 2);
  CHECK(events->all()[0].cause == "HTTP status 401");
  CHECK(events->all()[1].cause == "no text in the answer");
}
