// Rates, concurrency and tokens per minute around a handler.
#include <vx11/request_limits.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::HttpAdmission;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::RequestLimit;
using vx11::RequestLimits;
using vx11::RequestLimitsOptions;
using vx11::RequestRate;
using vx11::StreamedResponse;
using vx11::Task;

namespace {

/// A stream that ends when the test says so.
class Body final : public vx11::BodyStream {
 public:
  Task<vx11::Result<std::string>> next(vx11::Deadline) override { return std::string("piece"); }
};

/// Admits every request; the header `token` names the principal. Answers to `/v1/stream…` stream.
class Inner final : public vx11::HttpHandler {
 public:
  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    HttpAdmission::Match match;
    const std::string_view token = head.headers.get("token");
    if (token == "wrong") return tl::unexpected(HttpResponse(403));
    if (!token.empty()) match.principal = std::make_shared<const std::string>(token);
    if (head.target.find("public") == std::string::npos) match.scopes = vx11::Scopes::all();
    return HttpAdmission(*this, 1024, match);
  }
  Task<StreamedResponse> open(const HttpRequest& request, HttpAdmission admission,
                              vx11::Deadline) const override {
    ++answered;
    StreamedResponse answer(HttpResponse(status, "text/plain", "answer"), nullptr);
    if (request.headers.get("stream") == "yes") answer.body = std::make_unique<Body>();
    if (admission.meter() && cost > 0) admission.meter()->charge(cost);
    return answer;
  }
  std::string_view route(std::string_view) const noexcept override { return "/a/{}"; }
  void drain() noexcept override { drained = true; }

  mutable int answered = 0;
  int status = 200;
  std::uint64_t cost = 0;
  bool drained = false;
};

struct Site {
  vx11::testing::ManualClock clock;
  std::shared_ptr<Inner> inner = std::make_shared<Inner>();
  RequestLimitsOptions options = {.counters = std::make_shared<vx11::LimitCounters>(),
                                  .clock = clock};

  RequestLimits& limits() {
    if (!limits_) limits_ = RequestLimits::create(inner, options).value();
    return *limits_;
  }
  StreamedResponse open(const HttpRequest& request) {
    auto admission = limits().admit(request);
    if (!admission) return StreamedResponse(std::move(admission.error()), nullptr);
    const auto& handler = admission->handler();
    return vx11::sync_wait(handler.open(request, *admission, {}));
  }
  HttpResponse send(const HttpRequest& request) { return open(request).head; }
  std::uint64_t refused(RequestLimit limit) const {
    return options.counters->refused[static_cast<std::size_t>(limit)];
  }

 private:
  std::shared_ptr<RequestLimits> limits_ = {};
};

HttpRequest chat(const std::string& token = "ci", const std::string& session = {}) {
  HttpRequest request("POST", {}, "/operator/chat/ask");
  request.headers.add("token", token);
  request.body =
      session.empty() ? R"({"message":"hello"})" : R"({"session_id":")" + session + "\"}";
  return request;
}
HttpRequest completion(const std::string& session = {}) {
  HttpRequest request("POST", {}, "/v1/chat/completions");
  request.headers.add("token", "ci");
  request.body = R"({"metadata":{"session_id":")" + session + "\"}}";
  return request;
}
HttpRequest status(const std::string& token = "ci") {
  HttpRequest request("GET", {}, "/operator/status?all=1");
  request.headers.add("token", token);
  return request;
}
HttpRequest from(const std::string& address, HttpRequest request) {
  request.peer = std::make_shared<vx11::HttpPeer>(address);
  return request;
}
HttpRequest streamed(HttpRequest request) {
  request.headers.add("stream", "yes");
  return request;
}

}  // namespace

TEST_CASE_FIXTURE(Site, "a token has as many requests as its rate, then 429 until one is due") {
  options.per_token = RequestRate(3, 60s);
  for (int i = 0; i < 3; ++i) CHECK(send(status()).status == 200);
  const HttpResponse refused = send(status());
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "20");
  CHECK(refused.body == R"({"error":"rate_limited","status_code":429})");
  CHECK(inner->answered == 3);
  CHECK(send(status("another")).status == 200);
  clock.advance(20s);
  CHECK(send(status()).status == 200);
  CHECK(send(status()).status == 429);
  CHECK(this->refused(RequestLimit::per_token) == 2);
}

TEST_CASE_FIXTURE(Site, "Retry-After is rounded up to whole seconds, from one on") {
  options.per_token = RequestRate(100, 1s);
  for (int i = 0; i < 100; ++i) CHECK(send(status()).status == 200);
  CHECK(send(status()).headers.get("Retry-After") == "1");
}

TEST_CASE_FIXTURE(Site, "answers say what is left, in the fields of the draft") {
  options.per_token = RequestRate(3, 60s);
  options.per_session = RequestRate(10, 1s);
  const HttpResponse first = send(chat("ci", "s-1"));
  CHECK(first.headers.get("RateLimit-Policy") == R"("token";q=3;w=60, "session";q=10;w=1)");
  CHECK(first.headers.get("RateLimit") == R"("token";r=2;t=20, "session";r=9;t=1)");
  send(chat("ci", "s-1"));
  const HttpResponse third = send(chat("ci", "s-1"));
  CHECK(third.headers.get("RateLimit") == R"("token";r=0;t=60, "session";r=7;t=1)");
  const HttpResponse refused = send(chat("ci", "s-1"));
  CHECK(refused.headers.get("RateLimit") == R"("token";r=0;t=20)");  // as Retry-After
}

TEST_CASE_FIXTURE(Site, "the rate of the address is shown where no other is") {
  options.per_address = RequestRate(10, 1s);
  CHECK(send(from("203.0.113.7", status())).headers.get("RateLimit") == R"("address";r=9;t=1)");
  for (int i = 0; i < 9; ++i) send(from("203.0.113.7", status()));
  CHECK(send(from("203.0.113.7", status())).headers.get("RateLimit") == R"("address";r=0;t=1)");
}

TEST_CASE_FIXTURE(Site, "without a rate there are no such fields") {
  options.concurrent = 5;
  const HttpResponse answer = send(chat());
  CHECK(answer.status == 200);
  CHECK(!answer.headers.contains("RateLimit"));
  CHECK(!answer.headers.contains("RateLimit-Policy"));
}

TEST_CASE_FIXTURE(Site, "errors on completion paths have the form of the OpenAI API") {
  options.per_token = RequestRate(1, 1h);
  send(completion());
  const HttpResponse refused = send(completion());
  CHECK(refused.status == 429);
  CHECK(refused.body == R"({"error":{"message":"too many requests with this token",)"
                        R"("type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})");
  CHECK(refused.headers.get("x-should-retry") == "false");  // no client waits for an hour
}

TEST_CASE_FIXTURE(Site, "an address is limited before its credential is looked at") {
  options.per_address = RequestRate(2, 2s);
  CHECK(send(from("203.0.113.7", status("wrong"))).status == 403);
  CHECK(send(from("203.0.113.7", status("wrong"))).status == 403);
  const HttpResponse wrong = send(from("203.0.113.7", status("wrong")));
  const HttpResponse right = send(from("203.0.113.7", status()));
  CHECK(wrong.status == 429);
  CHECK(right.body == wrong.body);
  CHECK(send(from("203.0.113.8", status())).status == 200);
  CHECK(send(status()).status == 200);  // an unknown address
}

TEST_CASE_FIXTURE(Site, "a session is limited, per principal, by the member of either API") {
  options.per_session = RequestRate(1, 10s);
  CHECK(send(chat("ci", "s-1")).status == 200);
  const HttpResponse refused = send(chat("ci", "s-1"));
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "10");
  CHECK(refused.headers.get("RateLimit") == R"("session";r=0;t=10)");
  CHECK(send(completion("s-1")).status == 429);
  CHECK(send(completion("s-2")).status == 200);
  CHECK(send(chat("another", "s-1")).status == 200);
  for (int i = 0; i < 3; ++i) CHECK(send(chat("ci")).status == 200);  // without a session
  CHECK(this->refused(RequestLimit::per_session) == 2);
  HttpRequest disguised = completion("s-1");
  disguised.body.insert(1, R"("session_id":"another",)");
  CHECK(send(disguised).status == 429);  // the API reads the one in metadata
}

TEST_CASE_FIXTURE(Site, "a token's own limits take the place of those for all") {
  options.per_token = RequestRate(1, 1h);
  options.concurrent_per_token = 1;
  options.limits_of = [](std::string_view name) {
    return name == "big" ? vx11::TokenLimits{.rate = RequestRate(5, 1h), .concurrent = 2}
                         : vx11::TokenLimits();
  };
  CHECK(send(chat("small")).status == 200);
  CHECK(send(chat("small")).status == 429);
  const StreamedResponse one = open(streamed(chat("big")));
  const StreamedResponse two = open(streamed(chat("big")));
  CHECK(two.head.headers.get("RateLimit-Policy") == R"("token";q=5;w=3600)");
  CHECK(send(chat("big")).body == R"({"error":"too_many_chats","status_code":429})");
}

TEST_CASE_FIXTURE(Site, "a rate that is changed is in force at once, with nothing used of it") {
  RequestRate own(1, 1h);
  options.limits_of = [&own](std::string_view) { return vx11::TokenLimits{.rate = own}; };
  CHECK(send(status()).status == 200);
  CHECK(send(status()).status == 429);
  own = RequestRate(2, 1s);
  CHECK(send(status()).headers.get("RateLimit") == R"("token";r=1;t=1)");
  own = RequestRate(1, 1h);
  CHECK(send(status()).status == 200);
  CHECK(send(status()).status == 429);
}

TEST_CASE_FIXTURE(Site, "requests without a principal share a limit; public ones have none") {
  options.per_token = RequestRate(1, 1h);
  CHECK(send(status("")).status == 200);
  CHECK(send(status("")).status == 429);
  HttpRequest open_to_all("GET", {}, "/public");
  for (int i = 0; i < 3; ++i) CHECK(send(open_to_all).status == 200);
}

TEST_CASE_FIXTURE(Site, "probes pass whatever was used") {
  options.per_address = RequestRate(1, 1h);
  options.per_token = RequestRate(1, 1h);
  send(from("203.0.113.7", status()));
  CHECK(send(from("203.0.113.7", status())).status == 429);
  for (const char* path : {"/livez", "/readyz", "/health", "/metrics", "/health/", "/"}) {
    CAPTURE(path);
    const HttpRequest probe = from("203.0.113.7", HttpRequest("GET", {}, path));
    CHECK(send(probe).status == 200);
    // A handler around this one calls it for every request.
    const auto admission = limits().admit(probe);
    CHECK(vx11::sync_wait(limits().open(probe, *admission, {})).head.status == 200);
  }
}

TEST_CASE_FIXTURE(Site, "a chat holds its place until its stream has ended") {
  options.concurrent_per_token = 2;
  StreamedResponse first = open(streamed(chat()));
  const StreamedResponse second = open(streamed(chat()));
  const HttpResponse refused = send(chat());
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "1");
  CHECK(send(status()).status == 200);         // not a chat
  CHECK(send(chat("another")).status == 200);  // nor of this token
  first.body.reset();
  CHECK(send(chat()).status == 200);
  CHECK(send(chat()).status == 200);  // a complete answer holds none
  CHECK(this->refused(RequestLimit::concurrent_per_token) == 1);
}

TEST_CASE_FIXTURE(Site, "with all places taken chats are shed, status is not") {
  options.concurrent = 2;
  std::vector<StreamedResponse> running;
  running.push_back(open(streamed(chat("one"))));
  running.push_back(open(streamed(completion())));
  const HttpResponse refused = send(chat("two"));
  CHECK(refused.status == 503);
  CHECK(refused.headers.get("Retry-After") == "1");
  CHECK(refused.body == R"({"error":"overloaded","status_code":503})");
  CHECK(send(completion()).status == 503);
  CHECK(send(status()).status == 200);
  for (const char* path : {"/livez", "/readyz", "/health"}) {
    CHECK(send(HttpRequest("GET", {}, path)).status == 200);
  }
  running.clear();
  CHECK(send(chat("two")).status == 200);
  CHECK(this->refused(RequestLimit::concurrent) == 2);
}

TEST_CASE_FIXTURE(Site, "a refused chat gives back its place") {
  options.concurrent = 1;
  options.concurrent_per_token = 1;
  options.per_session = RequestRate(1, 1h);
  CHECK(send(chat("ci", "s-1")).status == 200);
  for (int i = 0; i < 3; ++i) CHECK(send(chat("ci", "s-1")).status == 429);
  CHECK(send(chat("ci", "s-2")).status == 200);
}

TEST_CASE_FIXTURE(Site, "a shed chat is not charged to its token") {
  options.concurrent = 1;
  options.per_token = RequestRate(2, 1h);
  StreamedResponse running = open(streamed(chat()));
  for (int i = 0; i < 5; ++i) CHECK(send(chat()).status == 503);
  running.body.reset();
  CHECK(send(chat()).status == 200);
}

TEST_CASE_FIXTURE(Site, "an adaptive limit falls as chats fail, and a fixed one does not") {
  options.concurrent = 8;
  SUBCASE("fixed") {
    options.concurrency = vx11::ConcurrencyMode::fixed;
    inner->status = 503;
    for (int i = 0; i < 50; ++i) send(chat());
    std::vector<StreamedResponse> running;
    for (int i = 0; i < 8; ++i) running.push_back(open(streamed(chat())));
    for (const auto& each : running) CHECK(each.body != nullptr);
  }
  SUBCASE("adaptive") {
    options.concurrency = vx11::ConcurrencyMode::adaptive;
    inner->status = 503;
    for (int i = 0; i < 50; ++i) send(chat());
    inner->status = 200;
    const StreamedResponse one = open(streamed(chat()));
    CHECK(one.body != nullptr);
    CHECK(send(chat()).status == 503);
  }
}

TEST_CASE_FIXTURE(Site, "tokens are charged after the answer; the next chat waits for the debt") {
  options.tokens_per_minute = 600;
  inner->cost = 1000;
  CHECK(send(chat()).status == 200);
  const HttpResponse refused = send(chat());
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "41");  // until the 401st is paid
  CHECK(send(status()).status == 200);                // no chat
  CHECK(send(chat("another")).status == 200);
  clock.advance(41s);
  CHECK(send(chat()).status == 200);
  CHECK(this->refused(RequestLimit::tokens_per_minute) == 1);
}

TEST_CASE_FIXTURE(Site,
                  "without usage nothing is charged, and without the limit there is no meter") {
  SUBCASE("no usage") {
    options.tokens_per_minute = 1;
  }
  SUBCASE("no limit") {
    inner->cost = 1'000'000;
  }
  for (int i = 0; i < 5; ++i) CHECK(send(chat()).status == 200);
}

TEST_CASE_FIXTURE(Site, "a flood of addresses does not lift the limit of a busy one") {
  options.per_address = RequestRate(2, 1h);
  options.max_clients = 10;
  send(from("203.0.113.7", status()));
  send(from("203.0.113.7", status()));
  for (int i = 0; i < 100; ++i) {
    send(from("198.51.100." + std::to_string(i), status()));
    CHECK(send(from("203.0.113.7", status())).status == 429);
  }
}

TEST_CASE_FIXTURE(Site, "chats in progress are counted even with more clients than are stored") {
  options.concurrent_per_token = 1;
  options.max_clients = 2;
  std::vector<StreamedResponse> running;
  for (int i = 0; i < 20; ++i) running.push_back(open(streamed(chat(std::to_string(i)))));
  for (int i = 0; i < 20; ++i) CHECK(send(chat(std::to_string(i))).status == 429);
  running.clear();
  for (int i = 0; i < 20; ++i) CHECK(send(chat(std::to_string(i))).status == 200);
}

TEST_CASE_FIXTURE(Site, "pages of allowed origins may read a refusal") {
  options.per_token = RequestRate(1, 1h);
  options.cors_origins = {"https://console.example"};
  HttpRequest request = chat();
  request.headers.add("Origin", "https://console.example");
  send(request);
  const HttpResponse refused = send(request);
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Access-Control-Allow-Origin") == "https://console.example");
}

TEST_CASE_FIXTURE(Site, "a refusal has the id and the fields of every answer") {
  options.per_token = RequestRate(1, 1min);
  send(chat());
  HttpRequest request = chat();
  request.headers.add("X-Request-Id", "mine");
  const HttpResponse refused = send(request);
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("X-Request-Id") == "mine");
  CHECK(refused.headers.get("Cache-Control") == "no-store");
  CHECK(refused.headers.get("X-Content-Type-Options") == "nosniff");
  CHECK(refused.headers.get("Referrer-Policy") == "no-referrer");
}

TEST_CASE_FIXTURE(Site, "logs around the limits know the route of the handler within") {
  CHECK(limits().route("/a/b") == "/a/{}");
}

TEST_CASE_FIXTURE(Site, "what was used counts on in the limits that take their place") {
  options.per_token = RequestRate(2, 1min);
  options.concurrent = 2;
  options.concurrent_per_token = 1;
  const StreamedResponse running = open(streamed(chat("busy")));
  CHECK(send(status("busy")).status == 200);
  const auto next = limits().successor(inner, options).value();
  const auto status_of = [&](const HttpRequest& request) {
    const auto admission = next->admit(request);
    REQUIRE(admission.has_value());
    return vx11::sync_wait(next->open(request, *admission, {})).head.status;
  };
  CHECK(status_of(chat("busy")) == 429);    // its stream
  CHECK(status_of(status("busy")) == 429);  // its rate
  const HttpRequest second = streamed(chat("other"));
  const auto admission = next->admit(second);
  const auto held = vx11::sync_wait(next->open(second, *admission, {}));
  CHECK(status_of(chat("third")) == 503);  // both places are taken
  CHECK(limits().successor(nullptr, options).error().code == vx11::Errc::invalid_argument);
}

TEST_CASE_FIXTURE(Site, "draining reaches the handler within") {
  limits().drain();
  CHECK(inner->drained);
}

TEST_CASE("kinds by path and method") {
  const auto kind = [](const char* method, const char* target) {
    return vx11::request_kind(HttpRequest(method, {}, target));
  };
  using Kind = vx11::RequestKind;
  CHECK(kind("POST", "/operator/chat") == Kind::chat);
  CHECK(kind("POST", "/operator/chat/ask/?x=1") == Kind::chat);
  CHECK(kind("POST", "/v1/embeddings") == Kind::chat);
  CHECK(kind("POST", "/completions") == Kind::chat);
  CHECK(kind("GET", "/v1/models") == Kind::other);
  CHECK(kind("GET", "/operator/chat") == Kind::other);
  CHECK(kind("POST", "/v1x") == Kind::other);
  CHECK(kind("GET", "/operator/status") == Kind::other);
  CHECK(kind("GET", "/readyz?verbose") == Kind::probe);
}

TEST_CASE("every mistake is named") {
  const auto made =
      RequestLimits::create(nullptr, {.per_token = RequestRate(0, 1s), .max_clients = 0});
  REQUIRE(!made);
  for (const char* part : {"handler is missing", "per_token", "max_clients"}) {
    CHECK(made.error().detail.find(part) != std::string::npos);
  }
}

TEST_CASE("refusals are counted by limit") {
  const auto counters = std::make_shared<vx11::LimitCounters>();
  counters->refused[static_cast<std::size_t>(RequestLimit::per_session)] = 7;
  const vx11::MetricFamily family = vx11::limit_metrics(counters);
  REQUIRE(family.series.size() == vx11::kRequestLimits);
  CHECK(family.series[2].labels[0].second == "per_session");
  CHECK(family.series[2].value() == 7);
}

TEST_CASE("rates have one spelling, which is read and printed") {
  for (const char* text : {"1/s", "60/m", "30/5m", "1000/h", "5/d", "7/90s", "4294967295/366d"}) {
    const auto rate = vx11::parse_request_rate(text);
    REQUIRE_MESSAGE(rate.has_value(), text);
    CHECK(to_string(*rate) == text);
  }
  for (const char* text : {"", "60", "/m", "0/m", "060/m", "60/", "60/x", "60/0m", "60/mm", "60/m ",
                           "-1/s", "4294967296/s", "1/367d", "60 / m"}) {
    CHECK_MESSAGE(!vx11::parse_request_rate(text), text);
  }
}
