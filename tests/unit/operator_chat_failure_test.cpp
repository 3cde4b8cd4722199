// POST /operator/chat/ask: no upstream answers, the client is gone, or the store fails.

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

const std::string kHello = R"({"message":"hello","session_id":"session-001"})";

}  // namespace

TEST_CASE_FIXTURE(Site, "no upstream answers: 503 as the contract words it, with Retry-After") {
  to_switch->then_fail(Errc::timeout);
  to_madre->then_fail(Errc::unreachable);
  const HttpResponse answer = chat(kHello);
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("Retry-After") == "1");
  const json body = body_of(answer);
  CHECK(body.at("status") == "service_offline");
  CHECK(body.at("module") == "switch");
  CHECK(body.at("reason") == "timeout");
  CHECK(body.at("message") == "Chat service temporarily unavailable");
  CHECK(body.at("session_id") == "session-001");
  CHECK(body.at("attempts").size() == 2);
  CHECK(body.at("attempts").at(1).at("outcome") == "unreachable");
}

TEST_CASE_FIXTURE(Site, "the reason of a 503 is the first target's outcome, without its name") {
  const std::vector<std::pair<vx11::Result<HttpResponse>, std::string>> faults = {
      {vx11::fail(Errc::unreachable), "unreachable"},
      {HttpResponse(500, "text/plain", ""), "error"},
      {HttpResponse(200, "text/plain", ""), "invalid_reply"},
      {vx11::fail(Errc::exhausted), "exhausted"},
      {vx11::fail(Errc::too_large), "invalid_reply"}};
  for (const auto& [fault, reason] : faults) {
    Site site;
    site.to_switch->then(fault);
    CHECK(body_of(site.chat(kHello)).at("reason") == reason);
  }
}

TEST_CASE_FIXTURE(Site, "with every circuit open Retry-After is what is left, rounded up") {
  trip(*switch_breaker);
  clock.advance(10s);
  trip(*madre_breaker);
  clock.advance(1500ms);
  const HttpResponse answer = chat(kHello);
  CHECK(answer.status == 503);
  CHECK(body_of(answer).at("reason") == "circuit_open");
  CHECK(body_of(answer).at("module") == "switch");
  CHECK(answer.headers.get("Retry-After") == "49");
}

TEST_CASE_FIXTURE(Site, "a Retry-After of an upstream reaches the client") {
  HttpResponse busy(429, "application/json", "{}");
  busy.headers.add("Retry-After", "7");
  to_switch->then(busy);
  CHECK(chat(kHello).headers.get("Retry-After") == "7");
}

TEST_CASE_FIXTURE(Site, "no text of an upstream is in a refusal") {
  to_switch->then(HttpResponse(500, "text/plain", "stack trace of switch"));
  to_madre->then(HttpResponse(500, "text/plain", "stack trace of madre"));
  CHECK(chat(kHello).body.find("stack trace") == std::string::npos);
}

TEST_CASE_FIXTURE(Site, "a cancelled call gets 503, and no further target is asked") {
  std::stop_source stop;
  stop.request_stop();
  const HttpRequest request = with_body("POST", "/operator/chat/ask", kHello);
  const HttpResponse answer =
      send(request, vx11::Deadline(vx11::TimePoint::max(), stop.get_token()));
  CHECK(answer.status == 503);
  CHECK(body_of(answer).at("reason") == "cancelled");
  CHECK(to_madre->calls() == 0);
  CHECK(get("/operator/session/session-001").status == 404);
}

TEST_CASE_FIXTURE(Site, "the server's deadline ends the asking") {
  to_switch->then(HttpResponse(200, "application/json", "{}"), 10s);
  to_madre->then(HttpResponse(200, "application/json", "{}"), 10s);
  const HttpRequest request = with_body("POST", "/operator/chat/ask", kHello);
  const vx11::TimePoint start = clock.now();
  CHECK(send(request, vx11::Deadline::after(start, 3s)).status == 503);
  CHECK(clock.now() - start == 3s);
}

TEST_CASE_FIXTURE(Site, "a chat without an answer leaves nothing in the session") {
  CHECK(chat(kHello).status == 503);
  CHECK(get("/operator/session/session-001").status == 404);
}

TEST_CASE_FIXTURE(Site, "a store that cannot write: the answer says so and comes all the same") {
  to_switch->then_json(R"({"response":"hi there"})");
  store->fail_writes = true;
  const HttpResponse answer = chat(kHello);
  CHECK(answer.status == 200);
  const json body = body_of(answer);
  CHECK(body.at("response") == "hi there");
  CHECK(body.at("degraded") == true);
  CHECK(body.at("metadata").at("session_stored") == false);
  CHECK(body.at("metadata").at("source") == "switch");
}

TEST_CASE_FIXTURE(Site, "a store that cannot read: the chat continues without history") {
  to_switch->then_json(R"({"response":"hi there"})");
  store->fail_reads = true;
  const json body = body_of(chat(kHello));
  CHECK(body.at("response") == "hi there");
  CHECK(body.at("degraded") == true);
  CHECK_FALSE(body.at("metadata").contains("session_stored"));
  const json prompt = json::parse(to_switch->requests().front().body);
  CHECK(prompt.at("metadata").at("context_summary") == "user: hello");
}
