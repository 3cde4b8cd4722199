// Idempotency-Key: which requests are answered, which wait, and which get an earlier answer.

#include <vx11/http_idempotency.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "handler_fakes.hpp"
#include "held_upstream.hpp"

using namespace handler_fakes;
using namespace std::chrono_literals;

namespace {

const std::string kChat = "/operator/chat/ask";

/// A handler that asks a held upstream, behind idempotency.
struct Held {
  vx11::testing::ManualClock clock;
  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
  HeldUpstream upstream;
  std::shared_ptr<FakeHandler> inner =
      std::make_shared<FakeHandler>([this](const HttpRequest& request, Deadline deadline) {
        return relay(upstream, request, std::move(deadline));
      });
  vx11::MemoryIdempotencyOptions store = {.timer = timer, .clock = clock};

  const vx11::HttpHandler& handler() {
    if (handler_ == nullptr) {
      handler_ =
          vx11::make_idempotent(
              inner, {.store = vx11::make_memory_idempotency_store(store).value(), .clock = clock})
              .value();
    }
    return *handler_;
  }
  static Task<StreamedResponse> relay(HeldUpstream& upstream, const HttpRequest& request,
                                      Deadline deadline) {
    Task<HeldUpstream::Answer> sending = upstream.send(request, std::move(deadline));
    HeldUpstream::Answer answer = co_await std::move(sending);
    co_return StreamedResponse(answer ? std::move(*answer) : HttpResponse(503), nullptr);
  }
  static HttpRequest keyed(const std::string& key, const std::string& body = "{}") {
    HttpRequest request = post(kChat, body);
    request.headers.add("Idempotency-Key", key);
    return request;
  }
  std::shared_ptr<Asked> ask(HttpRequest request) {
    return handler_fakes::ask(handler(), std::move(request));
  }
  /// A request that is answered with this status.
  std::shared_ptr<Asked> answered(const HttpRequest& request, int status, const std::string& text) {
    auto asked = ask(request);
    upstream.end(upstream.calls() - 1, HttpResponse(status, "application/json", text));
    return asked;
  }

 private:
  std::shared_ptr<vx11::HttpHandler> handler_;
};

/// The same over answers that are there at once.
struct Quick {
  vx11::testing::ManualClock clock;
  std::function<StreamedResponse()> answer = [] {
    return StreamedResponse(HttpResponse(200, "application/json", "{}"), nullptr);
  };
  std::shared_ptr<FakeHandler> inner = std::make_shared<FakeHandler>(
      [this](const HttpRequest&, Deadline) { return Task<StreamedResponse>(answer()); });
  vx11::MemoryIdempotencyOptions store = {.clock = clock};
  vx11::IdempotencyOptions options = {.clock = clock};

  std::shared_ptr<Asked> ask(const std::string& key, const std::string& body = "{}") {
    return ask(Held::keyed(key, body));
  }
  std::shared_ptr<Asked> ask(const HttpRequest& request) {
    if (handler_ == nullptr) {
      options.store = vx11::make_memory_idempotency_store(store).value();
      handler_ = vx11::make_idempotent(inner, options).value();
    }
    return handler_fakes::ask(*handler_, request);
  }
  bool is_kept(const std::string& key) {
    const std::size_t before = inner->calls;
    ask(key);
    return inner->calls == before;
  }

 private:
  std::shared_ptr<vx11::HttpHandler> handler_;
};

StreamedResponse stream_of(std::vector<std::string> pieces, bool fails = false) {
  return {HttpResponse(200, "text/event-stream", {}),
          std::make_unique<FakeStream>(std::move(pieces), fails)};
}

}  // namespace

TEST_CASE_FIXTURE(Held, "the same key and body get the first answer, and it is marked") {
  const auto first = answered(keyed("k1", "a"), 200, "one");
  CHECK(first->body() == "one");
  CHECK_FALSE(first->is_replayed());
  const auto again = ask(keyed("k1", "a"));
  CHECK(again->status() == 200);
  CHECK(again->body() == "one");
  CHECK(again->is_replayed());
  CHECK(again->answer->head.headers.get("Content-Type") == "application/json");
  CHECK(upstream.calls() == 1);
}

TEST_CASE_FIXTURE(Held, "a replayed answer has the id of its own request") {
  HttpRequest request = keyed("k1");
  request.headers.add("X-Request-Id", "first");
  auto asked = ask(request);
  HttpResponse given(200);
  given.headers.add("X-Request-Id", "first");
  upstream.end(0, given);
  request.headers.set("X-Request-Id", "second");
  const auto again = ask(request);
  CHECK(again->answer->head.headers.count("X-Request-Id") == 1);
  CHECK(again->answer->head.headers.get("X-Request-Id") == "second");
}

TEST_CASE_FIXTURE(Held, "another body, query or Accept with the key is refused") {
  answered(keyed("k1", "a"), 200, "one");
  HttpRequest accepts = keyed("k1", "a");
  accepts.headers.add("Accept", "text/event-stream");
  HttpRequest asks = keyed("k1", "a");
  asks.target += "?x=1";
  for (const HttpRequest& request : {keyed("k1", "b"), accepts, asks}) {
    const auto other = ask(request);
    CHECK(other->status() == 422);
    CHECK(other->body() == R"({"error":"idempotency_key_reused","status_code":422})");
  }
  HttpRequest openai = post("/v1/chat/completions", "a");
  openai.headers.add("Idempotency-Key", "k2");
  answered(openai, 200, "one");
  openai.body = "b";
  CHECK(ask(openai)->body().find(R"("code":"idempotency_key_reused"}})") != std::string::npos);
  CHECK(upstream.calls() == 2);
}

TEST_CASE_FIXTURE(Quick, "pages of allowed origins may read a refusal") {
  options.cors_origins = {"https://console.example"};
  HttpRequest request = Held::keyed("k1", "a");
  request.headers.add("Origin", "https://console.example");
  ask(request);
  request.body = "b";
  const HttpResponse refused = ask(request)->answer->head;
  CHECK(refused.status == 422);
  CHECK(refused.headers.get("Access-Control-Allow-Origin") == "https://console.example");
  CHECK(refused.headers.get("Vary") == "Origin");
}

TEST_CASE_FIXTURE(Held, "requests wait for the first one with their key, and get its answer") {
  const auto first = ask(keyed("k1"));
  const auto second = ask(keyed("k1"));
  const auto third = ask(keyed("k1"));
  const auto other = ask(keyed("k1", "another"));
  CHECK(other->status() == 422);
  CHECK_FALSE(second->is_answered());
  CHECK(upstream.calls() == 1);
  upstream.say(0, "one");
  CHECK(first->is_answered());
  REQUIRE(second->is_answered());
  REQUIRE(third->is_answered());
  CHECK(second->body() == first->body());
  CHECK(second->is_replayed());
  CHECK(third->is_replayed());
  CHECK(upstream.calls() == 1);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE_FIXTURE(Held, "a request that waits too long is answered 409") {
  const auto first = ask(keyed("k1"));
  const auto second = ask(keyed("k1"));
  timer->advance(59s);
  CHECK_FALSE(second->is_answered());
  timer->advance(1s);
  REQUIRE(second->is_answered());
  CHECK(second->status() == 409);
  CHECK(second->answer->head.headers.get("Retry-After") == "1");
  upstream.say(0, "one");
  CHECK(ask(keyed("k1"))->is_replayed());
}

TEST_CASE_FIXTURE(Held, "the next request takes the place of one that was cancelled") {
  const auto first = ask(keyed("k1"));
  const auto second = ask(keyed("k1"));
  const auto third = ask(keyed("k1"));
  first->client.request_stop();
  CHECK(first->status() == 503);
  CHECK(upstream.calls() == 2);
  CHECK_FALSE(second->is_answered());
  CHECK_FALSE(third->is_answered());
  upstream.say(1, "two");
  REQUIRE(second->is_answered());
  REQUIRE(third->is_answered());
  CHECK(second->body() == third->body());
  CHECK(second->is_replayed() != third->is_replayed());
  CHECK(upstream.calls() == 2);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE_FIXTURE(Held, "a request whose client leaves while it waits takes no place") {
  const auto first = ask(keyed("k1"));
  const auto second = ask(keyed("k1"));
  const auto third = ask(keyed("k1"));
  second->client.request_stop();
  CHECK(second->status() == 409);
  CHECK(timer->sleepers() == 1);
  first->client.request_stop();
  CHECK(upstream.calls() == 2);
  upstream.say(1, "three");
  CHECK(third->status() == 200);
  CHECK_FALSE(third->is_replayed());
}

TEST_CASE_FIXTURE(Held, "without a timer a request does not wait") {
  store.timer = nullptr;
  const auto first = ask(keyed("k1"));
  CHECK(ask(keyed("k1"))->status() == 409);
  upstream.say(0, "one");
  CHECK(ask(keyed("k1"))->is_replayed());
}

TEST_CASE_FIXTURE(Held, "answers that a retry may change are not kept") {
  for (const int status : {408, 409, 425, 429, 500, 502, 503, 504}) {
    CAPTURE(status);
    const std::string key = "k" + std::to_string(status);
    CHECK(answered(keyed(key), status, "no")->status() == status);
    CHECK(answered(keyed(key), 200, "yes")->body() == "yes");
    CHECK(ask(keyed(key))->is_replayed());
  }
  for (const int status : {200, 204, 400, 404, 422}) {
    CAPTURE(status);
    const std::string key = "k" + std::to_string(status);
    answered(keyed(key), status, "first");
    const auto again = ask(keyed(key));
    CHECK(again->status() == status);
    CHECK(again->is_replayed());
  }
}

TEST_CASE_FIXTURE(Held, "keys belong to a principal, a route and the origin of a page") {
  std::vector<HttpRequest> requests(5, keyed("k1"));
  requests[1].headers.add("x-who", "anna");
  requests[2].headers.add("x-who", "ben");
  requests[3].headers.add("Origin", "https://console.example");
  requests[4].target = "/v1/chat/completions";
  for (const HttpRequest& request : requests) {
    CHECK_FALSE(answered(request, 200, "own")->is_replayed());
  }
  CHECK(upstream.calls() == 5);
  for (const HttpRequest& request : requests) CHECK(ask(request)->is_replayed());
}

TEST_CASE_FIXTURE(Held, "a malformed key is refused before the body") {
  HttpRequest twice = keyed("one");
  twice.headers.add("Idempotency-Key", "two");
  std::vector<HttpRequest> bad = {twice};
  for (const std::string& key :
       {std::string(), std::string(256, 'k'), std::string("a b"), std::string("\xC3\xA4"),
        std::string(R"("open)"), std::string(R"("a"b)"), std::string(R"("a\n")"),
        std::string(R"("")")}) {
    bad.push_back(keyed(key));
  }
  for (const HttpRequest& request : bad) {
    CAPTURE(request.headers.get("Idempotency-Key"));
    const auto admission = handler().admit(request);
    REQUIRE_FALSE(admission);
    CHECK(admission.error().status == 400);
    CHECK(admission.error().body == R"({"error":"idempotency_key_invalid","status_code":400})");
    CHECK(admission.error().headers.contains("X-Request-Id"));
  }
  CHECK(handler().admit(keyed(std::string(255, 'k'))).has_value());
}

TEST_CASE_FIXTURE(Held, "a key in quotes is the same as without") {
  answered(keyed(R"("k \"1\"")"), 200, "one");
  CHECK(ask(keyed(R"("k \"1\"")"))->is_replayed());
  answered(keyed(R"("k2")"), 200, "two");
  CHECK(ask(keyed("k2"))->is_replayed());
}

TEST_CASE_FIXTURE(Held, "other methods, routes and requests without a key are passed on") {
  HttpRequest get = keyed("k1");
  get.method = "GET";
  HttpRequest elsewhere = keyed("");
  elsewhere.target = "/operator/power/window/open";
  HttpRequest plain = post(kChat);
  for (const HttpRequest& request : {get, elsewhere, plain}) {
    for (int i = 0; i < 2; ++i) CHECK_FALSE(answered(request, 200, "own")->is_replayed());
  }
  CHECK(upstream.calls() == 6);
}

TEST_CASE_FIXTURE(Quick, "a complete stream is replayed as one body") {
  answer = [] { return stream_of({"data: a\n\n", "data: b\n\n"}); };
  const auto first = ask("k1");
  CHECK(ask("k1")->status() == 409);
  CHECK(read_all(*first->answer) == "data: a\n\ndata: b\n\n");
  const auto again = ask("k1");
  CHECK(again->is_replayed());
  CHECK(again->answer->body == nullptr);
  CHECK(again->body() == "data: a\n\ndata: b\n\n");
  CHECK(again->answer->head.headers.get("Content-Type") == "text/event-stream");
}

TEST_CASE_FIXTURE(Quick, "a stream that broke off, was left or is too long is not kept") {
  answer = [] { return stream_of({"data: a\n\n", "event: error\n\n"}, true); };
  read_all(*ask("failed")->answer);
  options.max_stream_bytes = 8;
  CHECK_FALSE(is_kept("failed"));

  Quick other;
  other.options.max_stream_bytes = 8;
  other.answer = [] { return stream_of({"12345678"}); };
  read_all(*other.ask("fits")->answer);
  CHECK(other.is_kept("fits"));
  other.answer = [] { return stream_of({"1234", "56789"}); };
  read_all(*other.ask("long")->answer);
  CHECK_FALSE(other.is_kept("long"));
  {
    const auto left = other.ask("left");
    vx11::sync_wait(left->answer->body->next({}));
    CHECK(other.ask("left")->status() == 409);
  }
  CHECK_FALSE(other.is_kept("left"));
}

TEST_CASE_FIXTURE(Quick, "an answer is kept for its lifetime") {
  ask("k1");
  clock.advance(24h - 1ns);
  CHECK(is_kept("k1"));
  clock.advance(1ns);
  CHECK_FALSE(is_kept("k1"));
}

TEST_CASE_FIXTURE(Quick, "above the bound the answers used least recently are dropped") {
  store.limits.answers = 3;
  for (const char* key : {"k1", "k2", "k3"}) ask(key);
  CHECK(is_kept("k1"));
  ask("k4");
  CHECK(is_kept("k1"));
  CHECK(is_kept("k3"));
  CHECK(is_kept("k4"));
  CHECK_FALSE(is_kept("k2"));
}

TEST_CASE_FIXTURE(Quick, "the bytes of all answers and of one are bounded") {
  store.limits.bytes = 10'000;
  store.limits.answer_bytes = 6'000;
  answer = [] {
    return StreamedResponse(HttpResponse(200, "text/plain", std::string(4'000, 'x')), nullptr);
  };
  for (const char* key : {"k1", "k2", "k3"}) ask(key);
  CHECK(is_kept("k3"));
  CHECK(is_kept("k2"));
  CHECK_FALSE(is_kept("k1"));
  answer = [] {
    return StreamedResponse(HttpResponse(200, "text/plain", std::string(6'000, 'x')), nullptr);
  };
  CHECK(ask("large")->status() == 200);
  CHECK_FALSE(is_kept("large"));
}

TEST_CASE_FIXTURE(Quick, "a handler that throws releases its key") {
  answer = []() -> StreamedResponse { throw std::runtime_error("defect"); };
  const HttpRequest request = Held::keyed("k1");
  options.store = vx11::make_memory_idempotency_store(store).value();
  const auto handler = vx11::make_idempotent(inner, options).value();
  CHECK_THROWS(vx11::sync_wait(handler->open(request, *handler->admit(request), {})));
  CHECK_THROWS(vx11::sync_wait(handler->open(request, *handler->admit(request), {})));
  CHECK(inner->calls == 2);
}

TEST_CASE("what is missing is named") {
  const auto made = vx11::make_idempotent(nullptr, {.routes = {}, .max_wait = -1s});
  REQUIRE_FALSE(made);
  CHECK(made.error().detail ==
        "the handler is null; store is missing; routes is empty; max_wait is below zero");
  CHECK_FALSE(vx11::make_memory_idempotency_store({.limits = {.answers = 0}}));
}
