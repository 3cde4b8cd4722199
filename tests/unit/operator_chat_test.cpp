// POST /operator/chat/ask: requests to the upstreams, and the answer.

#include <vx11/dialect/openai.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

const std::string kHello = R"({"message":"hello","session_id":"session-001"})";

json prompt_of(const HttpRequest& request) {
  return json::parse(request.body);
}

}  // namespace

TEST_CASE_FIXTURE(Site, "switch answers: 200 with session, text and source") {
  to_switch->then_json(R"({"response":"hi there"})");
  const HttpResponse answer = chat(kHello);
  CHECK(answer.status == 200);
  const json body = body_of(answer);
  CHECK(body.at("session_id") == "session-001");
  CHECK(body.at("response") == "hi there");
  CHECK(body.at("degraded") == false);
  CHECK(body.at("metadata").at("source") == "switch");
  CHECK_FALSE(body.at("metadata").contains("reason"));
  CHECK_FALSE(body.at("metadata").contains("upstream"));
  CHECK_FALSE(body.at("metadata").contains("session_stored"));
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Site, "the older path is the same endpoint") {
  to_switch->then_json(R"({"response":"hi there"})");
  const json older = body_of(post("/operator/chat", kHello));
  CHECK(older.at("response") == "hi there");
  CHECK(older.at("session_id") == "session-001");
}

TEST_CASE_FIXTURE(Site,
                  "switch is asked with prompt, session, the client's metadata and a summary") {
  to_switch->then_json(R"({"response":"x"})");
  chat(R"({"message":"hello","session_id":"s","mode":"fast","metadata":{"tab":[1,{"a":null}]}})");
  REQUIRE(to_switch->calls() == 1);
  const HttpRequest asked = to_switch->requests().front();
  CHECK(asked.target == "/switch/route-v5");
  const json prompt = prompt_of(asked);
  CHECK(prompt.at("prompt") == "hello");
  CHECK(prompt.at("session_id") == "s");
  CHECK(prompt.at("metadata").at("tab") == json::parse(R"([1,{"a":null}])"));
  CHECK(prompt.at("metadata").at("mode") == "fast");
  CHECK(prompt.at("metadata").at("context_summary") == "user: hello");
}

TEST_CASE_FIXTURE(Site, "madre answers for switch whatever keeps switch from it, and says what") {
  struct Fault {
    vx11::Result<HttpResponse> answer;
    std::string reason;
  };
  const std::vector<Fault> faults = {
      {vx11::fail(Errc::unreachable), "switch_unreachable"},
      {vx11::fail(Errc::timeout), "switch_timeout"},
      {HttpResponse(500, "text/plain", "boom"), "switch_error"},
      {HttpResponse(404, "application/json", R"({"response":"no"})"), "switch_error"},
      {HttpResponse(429, "application/json", "{}"), "switch_error"},
      {HttpResponse(302, "text/html", ""), "switch_error"},
      {HttpResponse(200, "text/html", "<html>"), "switch_invalid_reply"},
      {HttpResponse(200, "application/json", R"({"answer":"x"})"), "switch_invalid_reply"},
      {vx11::fail(Errc::too_large), "switch_invalid_reply"},
  };
  for (const Fault& fault : faults) {
    CAPTURE(fault.reason);
    Site site;
    site.to_switch->then(fault.answer);
    site.to_madre->then_json(R"({"response":"from madre"})");
    const HttpResponse answer = site.chat(kHello);
    CHECK(answer.status == 200);
    const json body = body_of(answer);
    CHECK(body.at("session_id") == "session-001");
    CHECK(body.at("response") == "from madre");
    CHECK(body.at("degraded") == true);
    CHECK(body.at("metadata").at("source") == "madre_fallback");
    CHECK(body.at("metadata").at("reason") == fault.reason);
  }
}

TEST_CASE_FIXTURE(Site, "with the circuit of switch open madre is asked at once") {
  trip(*switch_breaker);
  to_madre->then_json(R"({"response":"from madre"})");
  const json metadata = body_of(chat(kHello)).at("metadata");
  CHECK(metadata.at("source") == "madre_fallback");
  CHECK(metadata.at("reason") == "switch_circuit_open");
  CHECK(to_switch->calls() == 0);
}

TEST_CASE_FIXTURE(Site, "a switch known to sleep is passed by") {
  router.targets[0].asleep = [] { return true; };
  to_madre->then_json(R"({"response":"from madre"})");
  CHECK(body_of(chat(kHello)).at("metadata").at("reason") == "switch_asleep");
  CHECK(to_switch->calls() == 0);
}

TEST_CASE_FIXTURE(Site, "a switch that was never configured is unreachable") {
  router.targets.erase(router.targets.begin());
  to_madre->then_json(R"({"response":"from madre"})");
  const json body = body_of(chat(kHello));
  CHECK(body.at("metadata").at("source") == "madre_fallback");
  CHECK(body.at("metadata").at("reason") == "switch_unreachable");
  CHECK(body.at("degraded") == true);
}

TEST_CASE_FIXTURE(Site, "another primary is named by its own name") {
  options.primary = "madre";
  router.targets.erase(router.targets.begin());
  to_madre->then_json(R"({"response":"x"})");
  const json body = body_of(chat(kHello));
  CHECK(body.at("metadata").at("source") == "madre");
  CHECK(body.at("degraded") == false);
}

TEST_CASE_FIXTURE(Site, "an alternative that answers for the primary is no fallback") {
  options.primary_group = {"madre"};
  to_switch->then(vx11::fail(Errc::unreachable));
  to_madre->then_json(R"({"response":"x"})");
  const json body = body_of(chat(kHello));
  CHECK(body.at("metadata").at("source") == "madre");
  CHECK(body.at("metadata").at("reason") == "switch_unreachable");
  CHECK(body.at("degraded") == true);
}

TEST_CASE_FIXTURE(Site, "an alternative to the primary that answers first is not degraded") {
  options.primary_group = {"madre"};
  std::swap(router.targets[0], router.targets[1]);
  to_madre->then_json(R"({"response":"x"})");
  const json body = body_of(chat(kHello));
  CHECK(body.at("metadata").at("source") == "madre");
  CHECK_FALSE(body.at("metadata").contains("reason"));
  CHECK(body.at("degraded") == false);
}

TEST_CASE_FIXTURE(Site, "every attempt is listed with name, outcome and time, and nothing more") {
  to_switch->then(vx11::fail(Errc::unreachable), 1234567ns);
  to_madre->then_json(R"({"response":"x"})");
  const json attempts = body_of(chat(kHello)).at("metadata").at("attempts");
  CHECK(attempts == json::parse(R"([{"name":"switch","outcome":"unreachable","elapsed_ms":1.234},
                                    {"name":"madre","outcome":"answered","elapsed_ms":0.000}])"));
}

TEST_CASE_FIXTURE(Site, "what else the upstream said goes under metadata.upstream") {
  to_switch->then_json(R"({"response":"x","model":"m-1","usage":{"tokens":[1,2]},"queue_id":"q"})");
  const json metadata = body_of(chat(kHello)).at("metadata");
  CHECK(metadata.at("upstream") ==
        json::parse(R"({"model":"m-1","usage":{"tokens":[1,2]},"queue_id":"q"})"));
}

TEST_CASE_FIXTURE(Site, "an upstream cannot pass for us: its members stay in their place") {
  to_switch->then_json(
      R"({"response":"x","session_id":"evil","degraded":true,"metadata":{"source":"root"}})");
  const json body = body_of(chat(kHello));
  CHECK(body.at("session_id") == "session-001");
  CHECK(body.at("degraded") == false);
  CHECK(body.at("metadata").at("source") == "switch");
  CHECK(body.at("metadata").at("upstream").at("session_id") == "evil");
}

TEST_CASE_FIXTURE(Site, "reply and message stand in for response") {
  to_switch->then_json(R"({"reply":"a"})").then_json(R"({"message":"b"})");
  CHECK(body_of(chat(kHello)).at("response") == "a");
  CHECK(body_of(chat(kHello)).at("response") == "b");
}

TEST_CASE_FIXTURE(Site, "text comes through unharmed, whatever characters are in it") {
  const std::string text = "emoji \U0001F300 \"quotes\" back\\slash \n\t" + std::string("\0", 1) +
                           "\x1f \u2028 \u00e9 </script>";
  to_switch->then_json(json{{"response", text}}.dump());
  const json body = body_of(chat(json{{"message", text}, {"session_id", "s"}}.dump()));
  CHECK(body.at("response") == text);
  CHECK(prompt_of(to_switch->requests().front()).at("prompt") == text);
  const json messages = body_of(get("/operator/session/s")).at("messages");
  CHECK(messages.at(0).at("content") == text);
  CHECK(messages.at(1).at("content") == text);
}

TEST_CASE_FIXTURE(Site, "the session id is echoed byte for byte") {
  to_switch->then_json(R"({"response":"x"})");
  for (const std::string id : {"with \"quotes\"", "back\\slash/slash", "\U0001F300 \u00e9",
                               "  spaces  ", "123", "%2e%2e", "'; drop table sessions; --"}) {
    CAPTURE(id);
    CHECK(body_of(chat(json{{"message", "m"}, {"session_id", id}}.dump())).at("session_id") == id);
    CHECK(prompt_of(to_switch->requests().back()).at("session_id") == id);
  }
}

TEST_CASE_FIXTURE(Site, "without a session id a UUID is made, a new one each time") {
  to_switch->then_json(R"({"response":"x"})");
  std::vector<std::string> ids;
  for (const std::string body : {R"({"message":"m"})", R"({"message":"m","session_id":""})",
                                 R"({"message":"m","session_id":null})"}) {
    ids.push_back(body_of(chat(body)).at("session_id"));
    CHECK(has_uuid_form(ids.back()));
    CHECK(prompt_of(to_switch->requests().back()).at("session_id") == ids.back());
    CHECK(get("/operator/session/" + ids.back()).status == 200);
  }
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE_FIXTURE(Site, "the summary holds the last three messages, the current one included") {
  to_switch->then_json(R"({"response":"answer"})");
  chat(R"({"message":"first","session_id":"s"})");
  chat(R"({"message":"second","session_id":"s"})");
  chat(R"({"message":"third","session_id":"s"})");
  CHECK(prompt_of(to_switch->requests().back()).at("metadata").at("context_summary") ==
        "user: second\nassistant: answer\nuser: third");
}

TEST_CASE_FIXTURE(Site,
                  "a turn is stored before it is answered, both messages with their metadata") {
  to_switch->then_fail(Errc::timeout);
  to_madre->then_json(R"({"response":"from madre"})");
  bool asked_before_stored = false;
  store->before_append = [&] { asked_before_stored = to_madre->calls() == 1; };
  CHECK(chat(R"({"message":"hello","session_id":"s","user_id":"ada"})").status == 200);
  CHECK(asked_before_stored);
  const json session = body_of(get("/operator/session/s"));
  CHECK(session.at("user_id") == "ada");
  CHECK(session.at("message_count") == 2);
  CHECK(session.at("messages").at(0).at("role") == "user");
  CHECK(session.at("messages").at(1).at("role") == "assistant");
  CHECK(session.at("messages").at(1).at("metadata") ==
        json{{"source", "madre_fallback"}, {"reason", "switch_timeout"}});
}

TEST_CASE_FIXTURE(Site, "the user is local unless someone is named") {
  to_switch->then_json(R"({"response":"x"})");
  for (const std::string user : {"", R"(,"user_id":null)", R"(,"user_id":"")"}) {
    Site site;
    site.to_switch->then_json(R"({"response":"x"})");
    site.chat(R"({"message":"m","session_id":"s")" + user + "}");
    CHECK(body_of(site.get("/operator/session/s")).at("user_id") == "local");
  }
}

TEST_CASE_FIXTURE(Site,
                  "targets that take a conversation get the session's messages, if configured") {
  options.history_messages = 50;
  router.targets.front().dialect = vx11::openai_dialect().value();
  to_switch->then_json(R"({"choices":[{"message":{"content":"first answer"}}]})");
  to_switch->then_json(R"({"choices":[{"message":{"content":"second answer"}}]})");
  chat(R"({"message":"first","session_id":"s"})");
  chat(R"({"message":"second","session_id":"s"})");
  REQUIRE(to_switch->calls() == 2);
  CHECK(prompt_of(to_switch->requests().front()).at("messages").size() == 1);
  CHECK(prompt_of(to_switch->requests().back()).at("messages") ==
        json::parse(R"([{"role":"user","content":"first"},)"
                    R"({"role":"assistant","content":"first answer"},)"
                    R"({"role":"user","content":"second"}])"));
}

TEST_CASE_FIXTURE(Site, "the summary is the same whether the history is sent along or not") {
  options.history_messages = 1;
  for (const char* text : {"1", "2", "3"}) {
    to_switch->then_json(R"({"response":"answer"})");
    chat(R"({"session_id":"s","message":")" + std::string(text) + "\"}");
  }
  CHECK(prompt_of(to_switch->requests().back()).at("metadata").at("context_summary") ==
        "user: 2\nassistant: answer\nuser: 3");
}
