#include "recorded_events.hpp"
#include "router_upstreams.hpp"

using namespace router_upstreams;

namespace {

/// Throws when it is called.
class ThrowingTransport final : public vx11::Transport {
 public:
  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& /*request*/,
                                              Deadline /*deadline*/) override {
    throw std::runtime_error("thrown by a transport");
  }
};

/// Throws when it is awaited.
class LateThrowingTransport final : public vx11::Transport {
 public:
  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request,
                                              Deadline /*deadline*/) override {
    if (!request.target.empty()) throw std::runtime_error("thrown by a transport");
    co_return HttpResponse(200);
  }
};

class ThrowingDialect final : public vx11::ChatDialect {
 public:
  vx11::Result<HttpRequest> ask(const ChatRequest& chat) const override {
    if (chat.session_id == "unsayable") throw std::runtime_error("thrown by a dialect");
    return HttpRequest("POST", {}, "/ask");
  }
  vx11::Result<vx11::ChatAnswer> read(const HttpResponse& /*response*/) const override {
    throw std::runtime_error("thrown by a dialect");
  }
};

}  // namespace

TEST_CASE("the first target answers, and no other is touched") {
  Upstreams up;
  up.primary->then(HttpResponse(200, "application/json", kSwitchSays), 40ms);
  const Router router = up.router();
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->text == "from switch");
  CHECK(reply->source == "switch");
  CHECK(reply->rank == 0);
  CHECK(reply->reason.empty());
  CHECK(reply->upstream_json == R"({"model":"m-7"})");
  REQUIRE(reply->attempts.size() == 1);
  CHECK(reply->attempts[0].target == "switch");
  CHECK(reply->attempts[0].outcome == Outcome::answered);
  CHECK(reply->attempts[0].elapsed == 40ms);
  CHECK(up.fallback->calls() == 0);
}

TEST_CASE("a target is asked in its dialect, at its origin, with its headers") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  RouterOptions options = up.options();
  options.targets[0].url = "HTTP://switch:8002/";
  options.targets[0].headers.add("x-vx11-token", "t0ken");
  CHECK(Router::create(options)->ask(chat()));
  REQUIRE(up.primary->calls() == 1);
  const HttpRequest sent = up.primary->requests()[0];
  CHECK(sent.origin == "http://switch:8002");
  CHECK(sent.target == "/switch/route-v5");
  CHECK(sent.headers.get("x-vx11-token") == "t0ken");
  CHECK(sent.headers.get("content-type") == "application/json");
}

TEST_CASE("a target's headers replace the dialect's of the same name") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  RouterOptions options = up.options();
  options.targets[0].headers.add("Content-Type", "application/json; charset=utf-8");
  options.targets[0].headers.add("x-tag", "a");
  options.targets[0].headers.add("X-Tag", "b");
  CHECK(Router::create(options)->ask(chat()));
  REQUIRE(up.primary->calls() == 1);
  std::vector<std::string> types;
  std::vector<std::string> tags;
  const HttpRequest sent = up.primary->requests()[0];
  for (const vx11::Header header : sent.headers) {
    if (vx11::equals_ignoring_case(header.name, "content-type")) types.emplace_back(header.value);
    if (vx11::equals_ignoring_case(header.name, "x-tag")) tags.emplace_back(header.value);
  }
  CHECK(types == std::vector<std::string>{"application/json; charset=utf-8"});
  CHECK(tags == std::vector<std::string>{"a", "b"});
}

TEST_CASE("any success status is an answer") {
  Upstreams up;
  up.primary->then(HttpResponse(202, "application/json", kSwitchSays));
  CHECK(up.router().ask(chat())->source == "switch");
}

TEST_CASE("each way to fail falls back, says why, and counts or not") {
  struct Row {
    const char* name;
    vx11::Result<HttpResponse> answer;
    Outcome outcome;
    const char* reason;
    std::uint32_t failures;
  };
  const auto status = [](int code) { return HttpResponse(code, "application/json", "{}"); };
  const auto body = [](const char* text) { return HttpResponse(200, "application/json", text); };
  const std::vector<Row> rows = {
      {"unreachable", vx11::fail(Errc::unreachable), Outcome::unreachable, "unreachable", 1},
      {"timeout", vx11::fail(Errc::timeout), Outcome::timeout, "timeout", 1},
      {"not HTTP", vx11::fail(Errc::invalid_reply), Outcome::invalid_reply, "invalid_reply", 1},
      {"too large", vx11::fail(Errc::too_large), Outcome::invalid_reply, "invalid_reply", 1},
      {"exhausted", vx11::fail(Errc::exhausted), Outcome::exhausted, "exhausted", 0},
      {"bad origin", vx11::fail(Errc::invalid_argument), Outcome::unreachable, "unreachable", 0},
      {"5xx falls back and counts", status(500), Outcome::error, "error", 1},
      {"502", status(502), Outcome::error, "error", 1},
      {"503", status(503), Outcome::error, "error", 1},
      {"4xx falls back and is neutral", status(400), Outcome::error, "error", 0},
      {"404", status(404), Outcome::error, "error", 0},
      {"422", status(422), Outcome::error, "error", 0},
      {"429", status(429), Outcome::error, "error", 0},
      {"redirect", status(302), Outcome::error, "error", 1},
      {"page", body("<html>"), Outcome::invalid_reply, "invalid_reply", 1},
      {"cut", body(R"({"response":"fr)"), Outcome::invalid_reply, "invalid_reply", 1},
      {"no text", body(R"({"response":""})"), Outcome::invalid_reply, "invalid_reply", 0},
      {"queued", body(R"({"status":"queued","hermes_error":"no cli"})"), Outcome::invalid_reply,
       "invalid_reply", 0},
      {"no object", body("[]"), Outcome::invalid_reply, "invalid_reply", 0},
      {"empty", body(""), Outcome::invalid_reply, "invalid_reply", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Upstreams up;
    up.primary->then(row.answer);
    up.fallback->then_json(kMadreSays);
    const Router router = up.router();
    const auto reply = router.ask(chat());
    REQUIRE(reply);
    CHECK(reply->text == "from madre");
    CHECK(reply->source == "madre");
    CHECK(reply->rank == 1);
    CHECK(reply->reason == std::string("switch_") + row.reason);
    CHECK(outcomes(reply->attempts) == std::vector<Outcome>{row.outcome, Outcome::answered});
    CHECK(failures(router, "switch") == row.failures);
    CHECK(failures(router, "madre") == 0);
  }
}

TEST_CASE("an answer in a content coding falls back by its name, and charges no breaker") {
  for (const bool alone : {false, true}) {
    Upstreams up;
    HttpResponse zipped(200, "application/json", "\x1f\x8b");
    zipped.headers.add("Content-Encoding", "gzip");
    up.primary->then(zipped);
    up.fallback->then_json(kMadreSays);
    RouterOptions options = up.options();
    if (alone) options.targets.pop_back();
    const Router router = Router::create(options).value();
    const auto reply = router.ask(chat());
    if (alone) CHECK(reply.error().detail == "content coding gzip");
    if (!alone) CHECK(reply->reason == "switch_invalid_reply");
    CHECK(failures(router, "switch") == 0);
  }
}

TEST_CASE("a shortage of this process ends within a second and is neutral for every breaker") {
  Upstreams up;
  up.primary->then_fail(Errc::exhausted);
  up.fallback->then_fail(Errc::exhausted);
  const Router router = up.router();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::exhausted);
  CHECK(reply.error().retry_after == 1s);
  CHECK(failures(router, "switch") + failures(router, "madre") == 0);
}

TEST_CASE("a transport that throws is unreachable") {
  Upstreams up;
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.targets[0].transport = std::make_shared<ThrowingTransport>();
  RouterOptions later = up.options();
  later.targets[0].transport = std::make_shared<LateThrowingTransport>();
  for (const auto& router : {Router::create(options).value(), Router::create(later).value()}) {
    CHECK(router.ask(chat())->reason == "switch_unreachable");
    CHECK(failures(router, "switch") == 1);
  }
}

TEST_CASE("a dialect that throws cannot express the chat, or did not understand the answer") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.targets[0].dialect = std::make_shared<ThrowingDialect>();
  const Router router = Router::create(options).value();
  CHECK(router.ask(chat())->reason == "switch_invalid_reply");
  CHECK(router.ask(ChatRequest("hello", "unsayable"))->reason == "switch_unsupported");
}

TEST_CASE("after three failures the breaker opens and the target is left alone until a probe") {
  Upstreams up;
  up.primary->then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  const Router router = up.router();
  for (int i = 0; i < 3; ++i) CHECK(router.ask(chat())->reason == "switch_unreachable");
  for (int i = 0; i < 5; ++i) CHECK(router.ask(chat())->reason == "switch_circuit_open");
  CHECK(up.primary->calls() == 3);
  up.clock.advance(60s);
  CHECK(router.ask(chat())->source == "switch");
  CHECK(router.breaker("switch")->state() == CircuitState::closed);
}

TEST_CASE("a neutral answer neither counts nor resets the count, a success resets it") {
  Upstreams up;
  up.primary->then_fail(Errc::timeout)
      .then_fail(Errc::timeout)
      .then(HttpResponse(404))
      .then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  const Router router = up.router();
  for (int i = 0; i < 3; ++i) CHECK(router.ask(chat())->source == "madre");
  CHECK(failures(router, "switch") == 2);
  CHECK(router.ask(chat())->source == "switch");
  CHECK(failures(router, "switch") == 0);
}

TEST_CASE("an asleep target is never touched") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  bool asleep = true;
  RouterOptions options = up.options();
  options.targets[0].asleep = [&] { return asleep; };
  const Router router = Router::create(options).value();
  for (int i = 0; i < 10; ++i) {
    const auto reply = router.ask(chat());
    CHECK(reply->reason == "switch_asleep");
    CHECK(outcomes(reply->attempts) == std::vector<Outcome>{Outcome::asleep, Outcome::answered});
    CHECK(reply->attempts[0].elapsed == 0s);
  }
  CHECK(up.primary->calls() == 0);
  CHECK(failures(router, "switch") == 0);
  asleep = false;
  CHECK(router.ask(chat())->source == "switch");
}

TEST_CASE("a target whose power state is unknown is asked") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  RouterOptions options = up.options();
  options.targets[0].asleep = []() -> bool { throw std::runtime_error("power state unknown"); };
  CHECK(Router::create(options)->ask(chat())->source == "switch");
}

TEST_CASE("when no target answers, the failure is the first target's, in our own words") {
  Upstreams up;
  up.primary->then(HttpResponse(500, "text/plain", "secret stack trace"));
  up.fallback->then(vx11::fail(Errc::unreachable, "http://madre:8001 refused"), 3ms);
  const auto reply = up.router().ask(chat());
  REQUIRE_FALSE(reply);
  const vx11::ChatFailure& failure = reply.error();
  CHECK(failure.code == Errc::http_status);
  CHECK(failure.upstream == "switch");
  CHECK(failure.detail == "HTTP status 500");
  CHECK(outcomes(failure.attempts) == std::vector<Outcome>{Outcome::error, Outcome::unreachable});
  CHECK(failure.attempts[1].elapsed == 3ms);
  CHECK(failure.retry_after == 0s);
}

TEST_CASE("each failure has a code and a safe text") {
  const auto failure = [](Errc code) {
    Upstreams up;
    up.primary->then(vx11::fail(code, "http://user:secret@switch"), 1s);
    up.fallback->then_fail(Errc::unreachable);
    return up.router().ask(chat()).error();
  };
  CHECK(failure(Errc::unreachable).detail == "no connection");
  CHECK(failure(Errc::timeout).detail == "no answer within 15s");
  CHECK(failure(Errc::timeout).code == Errc::timeout);
  CHECK(failure(Errc::too_large).detail == "the answer is too large");
  CHECK(failure(Errc::invalid_reply).detail == "the answer could not be understood");
}

TEST_CASE(
    "a router with every breaker open says when to ask again: at the first that may be asked") {
  Upstreams up;
  RouterOptions options = up.options();
  options.targets[0].breaker = std::make_shared<CircuitBreaker>(
      vx11::CircuitBreakerOptions{.failures_to_open = 1, .open_for = 60s}, up.clock);
  options.targets[1].breaker = std::make_shared<CircuitBreaker>(
      vx11::CircuitBreakerOptions{.failures_to_open = 1, .open_for = 20s}, up.clock);
  const Router router = Router::create(options).value();
  CHECK(router.ask(chat()).error().code == Errc::unreachable);
  up.clock.advance(5s);
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::circuit_open);
  CHECK(reply.error().upstream == "switch");
  CHECK(reply.error().retry_after == 15s);
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open});
}

TEST_CASE("429 and its Retry-After are passed on and not counted") {
  Upstreams up;
  HttpResponse busy(429);
  busy.headers.add("Retry-After", "7");
  up.primary->then(busy);
  HttpResponse down(503);
  down.headers.add("Retry-After", "5");
  up.fallback->then(down);
  const Router router = up.router();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().retry_after == 5s);
  CHECK(failures(router, "switch") == 0);
  CHECK(failures(router, "madre") == 1);
}

TEST_CASE("only 429 and 503 say when to come back") {
  Upstreams up;
  HttpResponse error(500);
  error.headers.add("Retry-After", "7");
  up.primary->then(error);
  CHECK(up.router().ask(chat()).error().retry_after == 0s);
}

TEST_CASE("metadata that is no object ends the ask before anyone is touched") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  RouterOptions options = up.options();
  options.targets[0].asleep = [] { return true; };
  for (const Router& router : {up.router(), Router::create(options).value()}) {
    ChatRequest bad = chat();
    bad.metadata_json = "[1]";
    const auto reply = router.ask(bad);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::invalid_argument);
    CHECK(reply.error().upstream == "switch");
    CHECK(reply.error().attempts.empty());
  }
  CHECK(up.primary->calls() + up.fallback->calls() == 0);
}

TEST_CASE("the events of a chat are its ledger, and how it ended") {
  using Words = std::vector<std::string>;
  Upstreams up;
  const auto events = record_events();
  RouterOptions options = up.options();
  options.events = events;
  options.last_resorts = 1;
  const Router router = Router::create(std::move(options)).value();
  SUBCASE("the first target answers") {
    up.primary->then(HttpResponse(200, "application/json", kSwitchSays), 40ms);
    CHECK(router.ask(chat()));
    CHECK(events->words() == Words{"router.attempt answered"});
    CHECK(events->all()[0].name == "switch");
    CHECK(events->all()[0].duration == 40ms);
  }
  SUBCASE("another one answers") {
    up.primary->then(HttpResponse(500));
    up.fallback->then_json(kMadreSays);
    CHECK(router.ask(chat()));
    CHECK(events->words() ==
          Words{"router.attempt error", "router.attempt answered", "router.fallback error"});
    CHECK(events->all()[0].status == 500);
    CHECK(events->all()[2].name == "madre");
    CHECK(events->all()[2].count == 2);
  }
  SUBCASE("none answers") {
    up.primary->then_fail(Errc::unreachable);
    up.fallback->then_fail(Errc::timeout);
    CHECK_FALSE(router.ask(chat()));
    CHECK(events->words() == Words{"router.attempt unreachable", "router.attempt timeout",
                                   "router.failed unreachable"});
    CHECK(events->all()[2].name == "switch");
  }
  SUBCASE("the client leaves") {
    up.primary->then_fail(Errc::cancelled);
    CHECK_FALSE(router.ask(chat()));
    CHECK(events->words() == Words{"router.attempt cancelled"});
  }
  SUBCASE("every breaker is open, and one target is asked nevertheless") {
    for (const char* name : {"switch", "madre"}) {
      for (int i = 0; i < 3; ++i) router.breaker(name)->try_acquire()->failure();
    }
    up.primary->then_json(kSwitchSays);
    CHECK(router.ask(chat()));
    CHECK(events->words() == Words{"router.last_resort", "router.attempt circuit_open",
                                   "router.attempt circuit_open", "router.attempt answered",
                                   "router.fallback circuit_open"});
    CHECK(events->all()[0].name == "switch");
  }
  SUBCASE("no dialect can express it") {
    ChatRequest odd = chat();
    odd.metadata_json = "no object";
    CHECK_FALSE(router.ask(odd));
    CHECK(events->words() == Words{"router.attempt unsupported", "router.attempt unsupported",
                                   "router.failed invalid_argument"});
  }
}
