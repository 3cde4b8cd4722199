// Rates around a handler, and what the answers say of them.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "recorded_events.hpp"
#include "request_limits_site.hpp"

using namespace request_limits_site;
using namespace std::chrono_literals;

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

TEST_CASE_FIXTURE(Site, "names that collide in an unkeyed hash have limits of their own") {
  // Made for MurmurHash64A, which libstdc++ has as std::hash.
  const std::string mine = "8aspm4G7VmSUfOoD";
  const std::string other =
      "\x38\x61\xb6\x56\xd2\x4e\x9f\xa8"
      "\x56\x6d\x96\x3b\xcb\x69\xc7\xb5";
#ifdef __GLIBCXX__
  REQUIRE(std::hash<std::string>()(mine) == std::hash<std::string>()(other));
#endif
  options.per_token = RequestRate(1, 10s);
  CHECK(send(status(mine)).status == 200);
  CHECK(send(status(mine)).status == 429);
  CHECK(send(status(other)).status == 200);
}

TEST_CASE_FIXTURE(Site, "the session of a completion may be its user, where the API takes it") {
  HttpRequest by_user = completion("");
  by_user.body = R"({"user":"anna"})";
  HttpRequest by_both = completion("");
  by_both.body = R"({"user":"anna","metadata":{"session_id":"s-1"}})";
  options.per_session = RequestRate(1, 10s);
  SUBCASE("with metadata alone it is none") {
    for (int i = 0; i < 3; ++i) CHECK(send(by_user).status == 200);
  }
  SUBCASE("with metadata_or_user it is one") {
    options.session_member = vx11::SessionMember::metadata_or_user;
    CHECK(send(by_user).status == 200);
    CHECK(send(by_user).status == 429);
    CHECK(send(by_both).status == 200);
    CHECK(send(by_both).status == 429);
  }
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

TEST_CASE_FIXTURE(Site, "a refusal is an event that names the limit, not the client") {
  const auto events = record_events();
  options.per_token = RequestRate(1, 60s);
  options.events = events;
  send(status());
  CHECK(send(status()).status == 429);
  const RecordedEvent event = events->only(vx11::EventKind::request_limit_rejected);
  CHECK(event.name == "per_token");
  CHECK(event.duration == 60s);
}
