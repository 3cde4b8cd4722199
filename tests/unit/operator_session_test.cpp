// GET /operator/session/{id}: the stored messages.

#include <string>

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
