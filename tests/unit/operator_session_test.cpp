// GET /operator/session/{id}: the stored messages.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

struct Talk : Site {
  Talk() { to_switch->then_json(R"({"response":"answer"})"); }
  void say(const std::string& message, const std::string& session_id) {
    CHECK(chat(json{{"message", message}, {"session_id", session_id}}.dump()).status == 200);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Talk, "a session: the contract's answer, field by field") {
  say("hello", "s-1");
  clock.advance(1s);
  say("more", "s-1");
  const HttpResponse answer = get("/operator/session/s-1");
  CHECK(answer.status == 200);
  CHECK(body_of(answer) == json::parse(R"({
    "session_id":"s-1","user_id":"local","created_at":"2025-12-28T12:34:56.789Z",
    "message_count":4,
    "messages":[
      {"role":"user","content":"hello","timestamp":"2025-12-28T12:34:56.789Z","metadata":{}},
      {"role":"assistant","content":"answer","timestamp":"2025-12-28T12:34:56.789Z",
       "metadata":{"source":"switch"}},
      {"role":"user","content":"more","timestamp":"2025-12-28T12:34:57.789Z","metadata":{}},
      {"role":"assistant","content":"answer","timestamp":"2025-12-28T12:34:57.789Z",
       "metadata":{"source":"switch"}}],
    "summary":"assistant: answer\nuser: more\nassistant: answer"})"));
}

TEST_CASE_FIXTURE(Talk, "the client's metadata is kept with its message") {
  chat(R"({"message":"m","session_id":"s-2","metadata":{"tab":7}})");
  const json messages = body_of(get("/operator/session/s-2")).at("messages");
  CHECK(messages.at(0).at("metadata") == json{{"tab", 7}});
  CHECK(messages.at(1).at("metadata") == json{{"source", "switch"}});
}

TEST_CASE_FIXTURE(Talk, "a session is not younger than its first message") {
  to_switch->then(HttpResponse(200, "application/json", R"({"response":"slow"})"), 7s);
  say("hello", "s-1");
  say("hello", "s-3");
  for (const std::string id : {"s-1", "s-3"}) {
    const json session = body_of(get("/operator/session/" + id));
    CHECK(session.at("created_at") == session.at("messages").at(0).at("timestamp"));
  }
}

TEST_CASE_FIXTURE(Talk, "an unknown session is 404 and named") {
  const HttpResponse answer = get("/operator/session/none");
  CHECK(answer.status == 404);
  CHECK(body_of(answer) == json{{"error", "session_not_found"}, {"session_id", "none"}});
}

TEST_CASE_FIXTURE(Talk, "a session is gone after an hour without use") {
  say("hello", "s-1");
  clock.advance(59min);
  CHECK(get("/operator/session/s-1").status == 200);
  clock.advance(60min);
  CHECK(get("/operator/session/s-1").status == 404);
}

TEST_CASE_FIXTURE(Talk, "the fifty newest messages are kept") {
  for (int i = 0; i < 40; ++i) say("m" + std::to_string(i), "s");
  const json body = body_of(get("/operator/session/s"));
  CHECK(body.at("message_count") == 50);
  CHECK(body.at("messages").size() == 50);
  CHECK(body.at("messages").at(0).at("content") == "m15");
}

TEST_CASE_FIXTURE(Talk, "an id is percent-decoded, once") {
  say("m", "a b/c\"\U0001F300");
  CHECK(get("/operator/session/a%20b%2Fc%22%F0%9F%8C%80").status == 200);
  CHECK(get("/operator/session/a%20b%2fc%22%f0%9f%8c%80?x=1").status == 200);
  say("m", "%20");
  CHECK(get("/operator/session/%2520").status == 200);
  CHECK(get("/operator/session/%20").status == 404);
  say("m", "a+b");
  CHECK(get("/operator/session/a+b").status == 200);
}

TEST_CASE_FIXTURE(Talk, "an id that is encoded wrongly, or no text, is just not found") {
  for (const std::string id : {"%", "%2", "%zz", "%-1", "%+1", "%%20", "%00", "%ff%fe"}) {
    CAPTURE(id);
    const HttpResponse answer = get("/operator/session/" + id);
    CHECK(answer.status == 404);
    CHECK(body_of(answer).at("error") == "session_not_found");
  }
  CHECK(body_of(get("/operator/session/%zz")).at("session_id") == "%zz");
}

TEST_CASE_FIXTURE(Talk, "a store that cannot read is 503, not a lost session") {
  say("hello", "s");
  store->fail_reads = true;
  const HttpResponse answer = get("/operator/session/s");
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("Retry-After") == "1");
  const json body = body_of(answer);
  CHECK(body.at("status") == "service_offline");
  CHECK(body.at("module") == "sessions");
  CHECK(body.at("reason") == "storage");
}

namespace {

/// The answer of a server that can stream, and how many pieces its body had.
std::pair<HttpResponse, std::size_t> opened(OperatorApi& api, const HttpRequest& request) {
  vx11::StreamedResponse answer = vx11::sync_wait(api.open(request));
  std::size_t pieces = 0;
  while (answer.body) {
    const auto piece = vx11::sync_wait(answer.body->next(vx11::Deadline()));
    REQUIRE(piece);
    if (piece->empty()) break;
    CHECK(piece->size() < 100'000);
    answer.head.body += *piece;
    ++pieces;
  }
  return {answer.head, pieces};
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "a large session is written in pieces, and is the same as a whole") {
  for (int i = 0; i < 20; ++i) say(std::string(20'000, 'm'), "large");
  say("hello", "small");
  const auto [large, pieces] = opened(api(), authorised("GET", "/operator/session/large"));
  CHECK(large.status == 200);
  CHECK(pieces > 10);
  CHECK(large.headers.get("Content-Type") == "application/json");
  CHECK(large.body == get("/operator/session/large").body);
  CHECK(body_of(large).at("message_count") == 40);
  const auto [small, none] = opened(api(), authorised("GET", "/operator/session/small"));
  CHECK(none == 0);
  CHECK(small.body == get("/operator/session/small").body);
  CHECK(opened(api(), authorised("GET", "/operator/session/none")).first.status == 404);
  const auto [head, no_body] = opened(api(), authorised("HEAD", "/operator/session/large"));
  CHECK(no_body == 0);
  CHECK(head.headers.get("Content-Length") == std::to_string(large.body.size()));
}

TEST_CASE_FIXTURE(Talk, "a streamed session is counted once, with its status") {
  for (int i = 0; i < 20; ++i) say(std::string(20'000, 'm'), "large");
  opened(api(), authorised("GET", "/operator/session/large"));
  const std::string metrics = get("/metrics").body;
  CHECK(metrics.find(R"(vx11_requests_total{endpoint="session",status="2xx"} 1)") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(Talk, "what the store could not do is an event with the reason") {
  std::vector<std::string> events;
  options.on_event = [&](const vx11::OperatorEvent& event) {
    events.push_back(std::string(to_string(event.kind)) + ": " + std::string(event.reason));
  };
  store->fail_writes = true;
  const HttpResponse lost = chat(R"({"message":"m","session_id":"s"})");
  CHECK(body_of(lost).at("metadata").at("session_stored") == false);
  store->fail_reads = true;
  store->fail_writes = false;
  const HttpResponse blind = chat(R"({"message":"m","session_id":"s"})");
  CHECK(body_of(blind).at("degraded") == true);
  CHECK(body_of(blind).at("metadata").at("session_read") == false);
  CHECK(get("/operator/session/s").status == 503);
  CHECK(events == std::vector<std::string>{"session not stored: scripted",
                                           "session not read: scripted",
                                           "session not read: scripted"});
}

TEST_CASE_FIXTURE(Talk, "a reply that cannot be used is an event with its target") {
  std::vector<std::string> events;
  options.on_event = [&](const vx11::OperatorEvent& event) {
    events.push_back(std::string(event.subject) + ": " + std::string(event.reason));
  };
  to_switch->then_json("not JSON");
  say("takes the answer before it", "s");
  to_madre->then_json(R"({"response":"answer"})");
  CHECK(chat(R"({"message":"m"})").status == 200);
  REQUIRE(events.size() == 1);
  CHECK(events.front() == "switch: invalid_reply");
}
