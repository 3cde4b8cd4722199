// The header fields that every answer has.

#include <vx11/http_answer_fields.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "handler_fakes.hpp"

using namespace handler_fakes;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<vx11::HttpHandler> around(HttpResponse answer,
                                          vx11::AnswerFieldsOptions options = {}) {
  auto inner = std::make_shared<FakeHandler>([answer](const HttpRequest&, Deadline) {
    return Task<StreamedResponse>(StreamedResponse(answer, nullptr));
  });
  return vx11::make_answer_fields(std::move(inner), std::move(options)).value();
}

}  // namespace

TEST_CASE("answers and refusals get the fields they lack") {
  const auto handler = around(HttpResponse(200), {.hsts_max_age = 3600s});
  HttpRequest refused = post("/operator/chat/ask");
  refused.headers.add("x-refused", "forbidden");
  for (HttpRequest request : {post("/operator/chat/ask"), refused}) {
    request.headers.add("X-Correlation-Id", "mine");
    const Headers fields = ask(*handler, request)->answer->head.headers;
    CHECK(fields.get("X-Request-Id") == "mine");
    CHECK(fields.get("X-Content-Type-Options") == "nosniff");
    CHECK(fields.get("Cache-Control") == "no-store");
    CHECK(fields.get("Referrer-Policy") == "no-referrer");
    CHECK(fields.get("Strict-Transport-Security") == "max-age=3600");
  }
}

TEST_CASE("fields that an answer has stay, and are not repeated") {
  HttpResponse own(200);
  own.headers.add("x-request-id", "own");
  own.headers.add("cache-control", "max-age=60");
  own.headers.add("referrer-policy", "same-origin");
  const auto asked = ask(*around(own), post("/operator/chat/ask"));
  const Headers& fields = asked->answer->head.headers;
  CHECK(fields.count("X-Request-Id") == 1);
  CHECK(fields.get("X-Request-Id") == "own");
  CHECK(fields.count("Cache-Control") == 1);
  CHECK(fields.get("Referrer-Policy") == "same-origin");
  CHECK_FALSE(fields.contains("Strict-Transport-Security"));
}

TEST_CASE("mistakes are named") {
  CHECK_FALSE(vx11::make_answer_fields(nullptr));
  const auto bad = vx11::make_answer_fields(around(HttpResponse(200)),
                                            {.referrer_policy = "a\r\nb", .hsts_max_age = -1s});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().detail == "hsts_max_age is below zero; referrer_policy is no list of words");
}
