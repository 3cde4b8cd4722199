// Bodies refused by type or size, before they are read.

#include <string>

#include "operator_site.hpp"

using namespace operator_site;

TEST_CASE_FIXTURE(Site, "a body that is not declared as JSON in UTF-8 is 415") {
  HttpRequest request = with_body("POST", "/operator/chat/ask", R"({"message":"hi"})");
  for (const std::string type :
       {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "+json", "",
        "application/json; charset=latin1", "application/json;charset=\"utf-16\"",
        R"(application/json; profile="a"; charset=latin1)"}) {
    CAPTURE(type);
    request.headers.set("Content-Type", type);
    const HttpResponse answer = send(request);
    CHECK(answer.status == 415);
    CHECK(body_of(answer) == json{{"error", "unsupported_media_type"}, {"status_code", 415}});
  }
  request.headers.remove("Content-Type");
  CHECK(send(request).status == 415);
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Content-Type", "text/plain");
  CHECK(send(request).status == 415);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "a compressed body is 415") {
  HttpRequest request = with_body("POST", "/operator/chat/ask", R"({"message":"hi"})");
  request.headers.add("Content-Encoding", "gzip");
  const HttpResponse answer = send(request);
  CHECK(answer.status == 415);
  CHECK(body_of(answer).at("error") == "unsupported_content_encoding");
  CHECK(answer.headers.get("Accept-Encoding") == "identity");
  request.headers.set("Content-Encoding", "identity");
  CHECK(send(request).status != 415);
}

TEST_CASE_FIXTURE(Site, "JSON is recognised under its other names") {
  HttpRequest request = with_body("POST", "/operator/chat/ask", R"({"message":"hi"})");
  for (const std::string type :
       {"application/json", "Application/JSON", "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\"; v=1", "application/vnd.vx11+json",
        "application/json; charset=utf8", R"(application/json; profile="a;charset=latin1")",
        R"(application/json; profile="\";charset=latin1")", "application/problem+JSON"}) {
    CAPTURE(type);
    request.headers.set("Content-Type", type);
    CHECK(send(request).status != 415);
  }
}

TEST_CASE_FIXTURE(Site, "an endpoint that reads no body does not mind its type") {
  to_power->then_json("{}");
  HttpRequest request = authorised("POST", "/operator/power/policy/solo_madre/apply");
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Content-Length", "0");
  CHECK(send(request).status == 200);
  request.target = "/operator/power/window/close";
  CHECK(send(request).status == 200);
  request.headers.set("Content-Length", "2");
  CHECK(send(request).status == 415);
}

TEST_CASE_FIXTURE(Site, "a body larger than the limit is 413") {
  options.max_body_bytes = 100;
  const std::string fits = R"({"message":")" + std::string(100 - 14, 'x') + R"("})";
  REQUIRE(fits.size() == 100);
  to_switch->then_json(R"({"response":"fine"})");
  CHECK(chat(fits).status == 200);
  const HttpResponse answer = chat(fits + " ");
  CHECK(answer.status == 413);
  CHECK(body_of(answer) == json{{"error", "too_large"}, {"status_code", 413}});
  CHECK(to_switch->calls() == 1);
}

TEST_CASE_FIXTURE(Site, "a body that is only declared too large is refused by its head") {
  HttpRequest head = with_body("POST", "/operator/chat/ask", "");
  head.headers.add("Content-Type", "application/json");
  for (const std::string length : {"1048577", "99999999999999999999999999"}) {
    head.headers.set("Content-Length", length);
    const auto refused = refusal_of(head);
    REQUIRE(refused);
    CHECK(refused->status == 413);
    CHECK(send(head).status == 413);
  }
  head.headers.set("Content-Length", "1048576");
  CHECK_FALSE(refusal_of(head));
}

TEST_CASE_FIXTURE(Site, "a declared body in chunks on an endpoint that may read one needs a type") {
  HttpRequest head = authorised("POST", "/operator/power/window/close");
  CHECK_FALSE(refusal_of(head));
  head.headers.add("Transfer-Encoding", "chunked");
  REQUIRE(refusal_of(head));
  CHECK(refusal_of(head)->status == 415);
}
