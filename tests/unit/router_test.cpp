#include <vx11/router.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::ChatRequest;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::InProcessTransport;
using vx11::Outcome;
using vx11::Router;
using vx11::RouterOptions;
using vx11::RouterTarget;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

namespace {

constexpr const char* kSwitchSays = R"({"response":"from switch","model":"m-7"})";
constexpr const char* kMadreSays = R"({"response":"from madre"})";

/// switch and madre on scripted transports and a manual clock.
struct Upstreams {
  ManualClock clock = {};
  std::shared_ptr<ScriptedTransport> primary = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> fallback = std::make_shared<ScriptedTransport>(clock);

  RouterOptions options() const {
    return {.targets = {{.name = "switch", .url = "http://switch:8002", .transport = primary},
                        {.name = "madre", .url = "http://madre:8001", .transport = fallback}},
            .clock = clock};
  }
  Router router() const { return Router::create(options()).value(); }
};

ChatRequest chat() {
  return ChatRequest("hello", "session-001");
}

/// Answers for switch, after whatever is to happen meanwhile.
class Gate final : public vx11::Transport {
 public:
  std::function<void()> on_send = {};

  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& /*request*/,
                                              Deadline /*deadline*/) override {
    if (on_send) on_send();
    co_return HttpResponse(200, "application/json", kSwitchSays);
  }
};

std::vector<Outcome> outcomes(const std::vector<vx11::Attempt>& attempts) {
  std::vector<Outcome> list;
  for (const auto& attempt : attempts) list.push_back(attempt.outcome);
  return list;
}

std::uint32_t failures(const Router& router, std::string_view target) {
  return router.breaker(target)->snapshot().failures;
}

RouterTarget target(std::string name, std::string url = "http://host:1") {
  RouterTarget made;
  made.name = std::move(name);
  made.url = std::move(url);
  made.transport = std::make_shared<ScriptedTransport>();
  return made;
}

/// What `create` finds wrong; empty if it finds nothing.
std::string mistakes(RouterOptions options) {
  const auto router = Router::create(std::move(options));
  if (router) return {};
  CHECK(router.error().code == Errc::invalid_argument);
  return router.error().detail;
}

std::string mistakes_of(RouterTarget one) {
  RouterOptions options;
  options.targets.push_back(std::move(one));
  return mistakes(std::move(options));
}

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

/// Suspends every send until the test lets go.
class SuspendingTransport final : public vx11::Transport {
 public:
  struct Awaiter {
    std::coroutine_handle<>* slot;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const noexcept { *slot = handle; }
    void await_resume() const noexcept {}
  };

  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request,
                                              Deadline /*deadline*/) override {
    Awaiter until_let_go{&waiting_};
    co_await until_let_go;
    co_return HttpResponse(200, "application/json", R"({"response":")" + request.target + "\"}");
  }

  bool is_waiting() const { return static_cast<bool>(waiting_); }
  void let_go() { std::exchange(waiting_, nullptr).resume(); }

 private:
  std::coroutine_handle<> waiting_ = nullptr;
};

}  // namespace

// --- the description ---

TEST_CASE("a router needs targets and a positive deadline") {
  CHECK(mistakes(RouterOptions{}) == "no targets");
  CHECK(mistakes({.deadline = 0s}) == "deadline must be positive; no targets");
}

TEST_CASE("each mistake of a target is named with the target") {
  CHECK(mistakes_of(target("switch")).empty());
  CHECK(mistakes_of(target("")) ==
        "target 1: no name; target 1: no dialect, and none is known for this name");
  CHECK(mistakes_of(target("other")) ==
        "target \"other\": no dialect, and none is known for this name");

  RouterTarget one = target("madre");
  one.transport = nullptr;
  CHECK(mistakes_of(one) == "target \"madre\": no transport");
  one = target("madre");
  one.limit = 0s;
  CHECK(mistakes_of(one) == "target \"madre\": limit must be positive");
  one.limit = -1s;
  CHECK(mistakes_of(one) == "target \"madre\": limit must be positive");
}

TEST_CASE("all mistakes of a description are named at once") {
  RouterTarget first = target("switch", "ftp://host");
  first.transport = nullptr;
  RouterTarget second = target("switch");
  second.limit = 0s;
  CHECK(mistakes({.targets = {first, second}, .deadline = -1s}) ==
        "deadline must be positive; target \"switch\": no transport; "
        "target \"switch\": url must begin with http:// or https://; "
        "target \"switch\": the name is used twice; target \"switch\": limit must be positive");
}

TEST_CASE("a url is an origin and nothing more") {
  for (const char* url :
       {"http://switch:8002", "https://switch", "http://10.0.0.2:1", "http://[::1]:65535",
        "http://[fe80::1]", "HTTP://tentaculo_link:8000/", "http://a-b.example/"}) {
    CAPTURE(url);
    CHECK(mistakes_of(target("switch", url)).empty());
  }
  for (const char* url : {"",
                          "switch:8002",
                          "ftp://switch",
                          "http:/switch",
                          "http://",
                          "http:///",
                          "http://:80",
                          "http://switch/path",
                          "http://switch//",
                          "http://switch?q",
                          "http://switch#f",
                          "http://switch/?q",
                          "http://user:secret@switch",
                          "http://secret@switch",
                          "http://switch:",
                          "http://switch:0",
                          "http://switch:65536",
                          "http://switch:http",
                          "http://switch:+80",
                          "http://switch:80:80",
                          "http://swi tch",
                          "http://switch\r\nX: y",
                          " http://switch",
                          "http://[::1",
                          "http://::1",
                          "http://[]",
                          "http://[::1]x",
                          "http://[::1]x:80",
                          "http://sw\xC3\xADtch"}) {
    CAPTURE(url);
    const std::string found = mistakes_of(target("switch", url));
    CHECK(found.starts_with("target \"switch\": url "));
    CHECK(found.find("secret") == std::string::npos);
  }
}

TEST_CASE("one breaker cannot stand for two targets") {
  RouterTarget first = target("switch");
  RouterTarget second = target("madre");
  first.breaker = second.breaker = std::make_shared<CircuitBreaker>();
  CHECK(mistakes({.targets = {first, second}}) ==
        "target \"madre\": its breaker is another target's too");
}

TEST_CASE("a target of any name will do if it brings its dialect") {
  RouterTarget one = target("other");
  one.dialect = vx11::madre_dialect();
  CHECK(mistakes_of(one).empty());
}

TEST_CASE("a router knows its targets and their breakers") {
  Upstreams up;
  RouterOptions options = up.options();
  const auto shared = std::make_shared<CircuitBreaker>();
  options.targets[1].breaker = shared;
  const Router router = Router::create(options).value();
  CHECK(router.targets() == std::vector<std::string>{"switch", "madre"});
  CHECK(router.breaker("madre") == shared);
  CHECK(router.breaker("switch") != nullptr);
  CHECK(router.breaker("nobody") == nullptr);
}

TEST_CASE("a breaker that the router makes waits for a probe as long as a try may take") {
  RouterTarget slow = target("switch");
  slow.limit = 10min;
  RouterOptions options;
  options.targets.push_back(slow);
  const Router router = Router::create(options).value();
  CHECK(router.breaker("switch")->options().probe_limit >= 10min);
}

// --- asking ---

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
      {"no text", body(R"({"response":""})"), Outcome::invalid_reply, "invalid_reply", 1},
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

TEST_CASE("a dialect that throws while reading did not understand the answer") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.targets[0].dialect = std::make_shared<ThrowingDialect>();
  const Router router = Router::create(options).value();
  CHECK(router.ask(chat())->reason == "switch_invalid_reply");
  const auto unsayable = router.ask(ChatRequest("hello", "unsayable"));
  REQUIRE_FALSE(unsayable);
  CHECK(unsayable.error().code == Errc::invalid_argument);
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

TEST_CASE("a target whose sleep cannot be told is asked") {
  Upstreams up;
  up.primary->then_json(kSwitchSays);
  RouterOptions options = up.options();
  options.targets[0].asleep = []() -> bool { throw std::runtime_error("power state unknown"); };
  CHECK(Router::create(options)->ask(chat())->source == "switch");
}

// --- nobody answers ---

TEST_CASE("when nobody answers, the failure is the first target's, in our own words") {
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

TEST_CASE(
    "with a last resort the first target is tried past its breaker, which hears nothing of it") {
  Upstreams up;
  RouterOptions options = up.options();
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(router.ask(chat()));  // nothing is scripted: unreachable
  REQUIRE(router.breaker("switch")->state() == CircuitState::open);
  REQUIRE(router.breaker("madre")->state() == CircuitState::open);
  const auto before = router.breaker("switch")->snapshot().generation;

  up.primary->then_json(kSwitchSays).then_fail(Errc::unreachable);
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->source == "switch");
  CHECK(reply->rank == 0);
  CHECK(reply->reason == "switch_circuit_open");
  CHECK(outcomes(reply->attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open, Outcome::answered});
  CHECK(router.breaker("switch")->snapshot().generation == before);

  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::circuit_open);
  CHECK(failed.error().retry_after == 60s);
  CHECK(outcomes(failed.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open, Outcome::unreachable});
}

TEST_CASE("the last resort is for when nobody was asked, and never for an isolated target") {
  Upstreams up;
  RouterOptions options = up.options();
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  router.breaker("switch")->isolate();
  const auto one_asked = router.ask(chat());
  CHECK(outcomes(one_asked.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::unreachable});

  up.fallback->then_json(kMadreSays);
  for (int i = 0; i < 2; ++i) router.breaker("madre")->try_acquire()->failure();
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->source == "madre");
  CHECK(up.primary->requests().empty());

  router.breaker("madre")->isolate();
  const auto nobody = router.ask(chat());
  CHECK(outcomes(nobody.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open});
}

TEST_CASE("only so many asks at a time go past the breakers") {
  Upstreams up;
  auto slow = std::make_shared<Gate>();
  RouterOptions options = up.options();
  options.last_resorts = 1;
  options.targets = {options.targets[0]};
  options.targets[0].transport = slow;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) router.breaker("switch")->try_acquire()->failure();

  slow->on_send = [&] {  // while the first is under way
    const auto second = router.ask(chat());
    CHECK(outcomes(second.error().attempts) == std::vector<Outcome>{Outcome::circuit_open});
  };
  CHECK(router.ask(chat()));
  slow->on_send = nullptr;
  CHECK(router.ask(chat()));  // its place was given back
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

// --- time ---

TEST_CASE("a try may take its limit, the rest of the total, or the rest of the caller's patience") {
  ManualClock clock;
  std::vector<vx11::Duration> allowed;
  const auto transport = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline& deadline) -> vx11::Result<HttpResponse> {
        allowed.push_back(deadline.remaining(clock.now()));
        clock.advance(4s);
        return vx11::fail(Errc::unreachable);
      });
  RouterOptions options = {
      .targets = {{.name = "switch", .url = "http://s", .transport = transport, .limit = 5s},
                  {.name = "madre", .url = "http://m", .transport = transport, .limit = 5s}},
      .deadline = 7s,
      .clock = clock};
  const Router router = Router::create(options).value();
  CHECK_FALSE(router.ask(chat()));
  CHECK_FALSE(router.ask(chat(), Deadline::after(clock.now(), 6s)));
  CHECK(allowed == std::vector<vx11::Duration>{5s, 3s, 5s, 2s});
}

TEST_CASE("the total deadline shortens the second try") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then(HttpResponse(200), 1h);
  RouterOptions options = up.options();
  options.deadline = 20s;
  const Router router = Router::create(options).value();
  const auto before = up.clock.now();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(up.clock.now() - before == 20s);
  CHECK(reply.error().detail == "no answer within 15s");
  CHECK(reply.error().attempts[0].elapsed == 15s);
  CHECK(reply.error().attempts[1].elapsed == 5s);
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
}

TEST_CASE("when no time is left a target is not tried and nothing is held against it") {
  Upstreams up;
  up.primary->then(HttpResponse(200), 1h);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.deadline = 15s;
  const Router router = Router::create(options).value();
  const auto reply = router.ask(chat());
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timeout);
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
  CHECK(reply.error().attempts[1].elapsed == 0s);
  CHECK(up.fallback->calls() == 0);
  CHECK(failures(router, "switch") == 1);
  CHECK(failures(router, "madre") == 0);
}

TEST_CASE("a caller whose deadline has passed touches nobody") {
  Upstreams up;
  const Router router = up.router();
  const auto reply = router.ask(chat(), Deadline(up.clock.now()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timeout);
  CHECK(reply.error().detail == "no time left");
  CHECK(up.primary->calls() + up.fallback->calls() == 0);
  CHECK(failures(router, "switch") == 0);
}

// --- the caller goes away ---

TEST_CASE("a caller who went away before the first try touches nobody") {
  Upstreams up;
  std::stop_source stop;
  stop.request_stop();
  const auto reply = up.router().ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::cancelled);
  CHECK(outcomes(reply.error().attempts) == std::vector<Outcome>{Outcome::cancelled});
  CHECK(up.primary->calls() + up.fallback->calls() == 0);
}

TEST_CASE("client cancel is neutral and ends the ask, whatever the transport makes of it") {
  for (const Errc code : {Errc::cancelled, Errc::unreachable, Errc::timeout}) {
    Upstreams up;
    std::stop_source stop;
    RouterOptions options = up.options();
    options.targets[0].transport = std::make_shared<InProcessTransport>(
        [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
          stop.request_stop();
          return vx11::fail(code);
        });
    const Router router = Router::create(options).value();
    const auto reply = router.ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::cancelled);
    CHECK(reply.error().upstream == "switch");
    CHECK(outcomes(reply.error().attempts) == std::vector<Outcome>{Outcome::cancelled});
    CHECK(failures(router, "switch") == 0);
    CHECK(up.fallback->calls() == 0);
  }
}

TEST_CASE("an answer that was under way when the caller left still tells of its upstream") {
  Upstreams up;
  std::stop_source stop;
  RouterOptions options = up.options();
  options.targets[0].transport = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        stop.request_stop();
        return HttpResponse(500);
      });
  const Router router = Router::create(options).value();
  const auto reply = router.ask(chat(), Deadline(vx11::TimePoint::max(), stop.get_token()));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::cancelled);
  CHECK(reply.error().upstream == "madre");
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::error, Outcome::cancelled});
  CHECK(failures(router, "switch") == 1);
  CHECK(up.fallback->calls() == 0);
}

TEST_CASE("a cancelled probe gives its slot back") {
  Upstreams up;
  up.primary->then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::unreachable)
      .then_fail(Errc::cancelled)
      .then_json(kSwitchSays);
  up.fallback->then_json(kMadreSays);
  const Router router = up.router();
  for (int i = 0; i < 3; ++i) CHECK(router.ask(chat()));
  up.clock.advance(60s);
  CHECK(router.ask(chat()).error().code == Errc::cancelled);
  CHECK(router.ask(chat())->source == "switch");
}

// --- awaiting and sharing ---

TEST_CASE("an ask that is suspended goes on although its router is gone") {
  const auto transport = std::make_shared<SuspendingTransport>();
  std::optional<vx11::Task<vx11::Result<vx11::ChatReply, vx11::ChatFailure>>> asking;
  {
    RouterOptions options;
    options.targets.push_back(target("switch"));
    options.targets[0].transport = transport;
    const Router router = Router::create(std::move(options)).value();
    asking.emplace(router.async_ask(chat()));
  }
  bool ended = false;
  const auto wake = [](void* flag) { *static_cast<bool*>(flag) = true; };
  REQUIRE_FALSE(asking->start(wake, &ended));
  REQUIRE(transport->is_waiting());
  CHECK_FALSE(ended);
  transport->let_go();
  REQUIRE(ended);
  CHECK(asking->take()->text == "/switch/route-v5");
}

TEST_CASE("copies of a router share its breakers") {
  Upstreams up;
  const Router router = up.router();
  const Router copy = router;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK_FALSE(copy.ask(chat()));
  CHECK(failures(router, "switch") == 1);
}

TEST_CASE("outcomes have the words of the contract") {
  CHECK(vx11::to_string(Outcome::answered) == "answered");
  CHECK(vx11::to_string(Outcome::circuit_open) == "circuit_open");
  CHECK(vx11::to_string(Outcome::unreachable) == "unreachable");
  CHECK(vx11::to_string(Outcome::timeout) == "timeout");
  CHECK(vx11::to_string(Outcome::error) == "error");
  CHECK(vx11::to_string(Outcome::invalid_reply) == "invalid_reply");
  CHECK(vx11::to_string(Outcome::asleep) == "asleep");
  CHECK(vx11::to_string(Outcome::cancelled) == "cancelled");
}

TEST_CASE("many threads get an answer each while the first upstream comes and goes") {
  constexpr int kThreads = 8;
  constexpr int kAsks = 400;
  std::atomic<bool> up{true};
  const auto flipping = std::make_shared<InProcessTransport>(
      [&](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        if (!up.load()) return vx11::fail(Errc::unreachable);
        return HttpResponse(200, "application/json", kSwitchSays);
      });
  const auto steady = std::make_shared<InProcessTransport>(
      [](const HttpRequest&, const Deadline&) -> vx11::Result<HttpResponse> {
        return HttpResponse(200, "application/json", kMadreSays);
      });
  RouterOptions options = {.targets = {{.name = "switch", .url = "http://s", .transport = flipping},
                                       {.name = "madre", .url = "http://m", .transport = steady}}};
  options.targets[0].breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions{.open_for = 1us});
  const Router router = Router::create(std::move(options)).value();

  std::atomic<int> answered{0};
  std::atomic<int> honest{0};
  const auto keep_asking = [&](int seed) {
    for (int i = 0; i < kAsks; ++i) {
      if ((i + seed) % 7 == 0) up.store(!up.load());
      const auto reply = router.ask(chat());
      if (!reply) continue;
      ++answered;
      const bool fell_back = reply->source == "madre";
      if (fell_back == !reply->reason.empty() && reply->attempts.size() == reply->rank + 1) {
        ++honest;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(keep_asking, i);
  threads.clear();
  CHECK(answered == kThreads * kAsks);
  CHECK(honest == kThreads * kAsks);
}
