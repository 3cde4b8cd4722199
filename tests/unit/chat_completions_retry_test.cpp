#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

TEST_CASE("retries: useless ones are discouraged, safe ones encouraged, and no wait is long") {
  const auto failure = [](auto script) {
    Site site;
    script(site);
    return site.post(Site::chat());
  };
  const auto unreachable = failure([](Site& site) {
    site.to_switch->then_fail(Errc::unreachable);
    site.to_madre->then_fail(Errc::unreachable);
  });
  CHECK(unreachable.status == 503);
  // A connection that closes before the answer is unreachable, too: the request may have arrived.
  CHECK_FALSE(unreachable.headers.contains("x-should-retry"));
  CHECK(unreachable.headers.get("Retry-After") == "1");
  const auto late = failure([](Site& site) {
    site.to_switch->then_fail(Errc::timeout);
    site.to_madre->then_fail(Errc::timeout);
  });
  CHECK(late.status == 504);
  CHECK(error_of(late).at("code") == "timeout");
  CHECK(late.headers.get("x-should-retry") == "false");
  const auto limited = failure([](Site& site) {
    HttpResponse busy(429);
    busy.headers.add("Retry-After", "30");
    site.to_switch->then(busy);
    site.to_madre->then(busy);
  });
  CHECK(limited.status == 429);
  CHECK(error_of(limited).at("code") == "rate_limited");
  CHECK(limited.headers.get("Retry-After") == "5");
  CHECK(limited.headers.get("x-should-retry") == "false");
  const auto refused = failure([](Site& site) {
    site.to_switch->then(HttpResponse(422));
    site.to_madre->then(HttpResponse(500));
  });
  CHECK(refused.status == 400);
  CHECK(error_of(refused).at("code") == "upstream_error");
  const auto broken = failure([](Site& site) {
    site.to_switch->then(HttpResponse(500));
    site.to_madre->then(HttpResponse(401));
  });
  CHECK(broken.status == 503);
  CHECK_FALSE(broken.headers.contains("x-should-retry"));
}

TEST_CASE("what is wrong with the chat itself has the code that clients compare") {
  const auto refused = [](int status, const std::string& body) {
    const HttpResponse answer(status, "application/json", body);
    for (const char* more : {"", R"(,"stream":true)"}) {
      Site site;
      site.to_switch->then(answer);
      site.to_madre->then(HttpResponse(500));
      const HttpResponse got = site.post(Site::chat(more));
      CHECK(got.status == 400);
      CHECK(got.headers.get("x-should-retry") == "false");
      CHECK(error_of(got).at("type") == "invalid_request_error");
      CHECK(error_of(got).at("message").get<std::string>().find("secret") == std::string::npos);
      if (*more != 0) return error_of(got).at("code").get<std::string>();
    }
    return std::string();
  };
  CHECK(refused(400, R"({"error":{"message":"secret","code":"context_length_exceeded"}})") ==
        "context_length_exceeded");
  CHECK(refused(413, R"({"error":{"message":"prompt is too long"}})") == "context_length_exceeded");
  CHECK(refused(400, R"({"error":{"code":"content_filter"}})") == "content_filter");
  CHECK(refused(400, R"({"error":{"message":"secret"}})") == "upstream_error");
}

TEST_CASE("a retry is encouraged if no target got the request") {
  Site site;
  site.to_switch->then_fail(Errc::circuit_open);
  site.to_madre->then_fail(Errc::exhausted);
  const HttpResponse answer = site.post(Site::chat());
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("x-should-retry") == "true");
}

TEST_CASE("a transport that cannot use a target is no mistake of the client") {
  Site site;
  site.to_switch->then_fail(Errc::invalid_argument);
  site.to_madre->then_fail(Errc::invalid_argument);
  for (const char* more : {"", R"(,"stream":true)"}) {
    const HttpResponse answer = site.post(Site::chat(more));
    CHECK(answer.status == 503);
    CHECK(error_of(answer).at("code") == "unreachable");
  }
}

TEST_CASE("a retry is discouraged while an operator holds the targets open") {
  for (const char* more : {"", R"(,"stream":true)"}) {
    OpenAiSite site;
    vx11::CircuitBreakerOptions brief;
    brief.open_for = 1s;
    site.breaker = std::make_shared<vx11::CircuitBreaker>(brief, site.clock);
    site.breaker->isolate();
    const HttpResponse answer = site.post(Site::chat(more, "vx11/local"));
    CHECK(answer.status == 503);
    CHECK(error_of(answer).at("code") == "isolated");
    CHECK(error_of(answer).at("message") ==
          "no target answered; an operator holds the circuit breaker of local open");
    CHECK(answer.headers.get("Retry-After") == "1");
    CHECK(answer.headers.get("x-should-retry") == "false");
    site.to_switch->then_fail(Errc::circuit_open);
    const HttpResponse mixed = site.post(Site::chat(more, "mixed"));
    CHECK(mixed.status == 503);
    CHECK(error_of(mixed).at("code") == "circuit_open");
    CHECK(mixed.headers.get("x-should-retry") == "true");
  }
}
