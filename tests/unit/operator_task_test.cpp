// POST /operator/task: passed to switch.

#include <string>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

struct Task : Site {
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);

  Task() {
    options.tasks = vx11::RouterTarget{
        .name = "switch", .url = "http://switch:8002", .transport = to_switch, .breaker = breaker};
    options.tasks->headers.add("x-vx11-token", "t0ken");
  }
  HttpResponse give(const std::string& body) { return post("/operator/task", body); }
  json sent() const { return json::parse(to_switch->requests().back().body); }
};

}  // namespace

TEST_CASE_FIXTURE(Task, "a task is sent to switch with what the operator said of it") {
  to_switch->then_json(R"({"status":"ok","queue_id":7})");
  const HttpResponse answer = give(R"({"task_type":"summary","payload":{"text":"long","n":[1]},
    "intent_type":"analysis","session_id":"s-1","user_id":"ana","metadata":{"a":1},
    "provider_hint":"local"})");
  CHECK(answer.status == 200);
  CHECK(body_of(answer) == json::parse(R"({"session_id":"s-1","status":"ok","queue_id":7})"));
  REQUIRE(to_switch->calls() == 1);
  const HttpRequest request = to_switch->requests().front();
  CHECK(request.method == "POST");
  CHECK(request.target == "/switch/task");
  CHECK(request.headers.get("x-vx11-token") == "t0ken");
  CHECK(sent() == json::parse(R"({"task_type":"summary","source":"operator",
    "provider_hint":"local","payload":{"text":"long","n":[1],"session_id":"s-1","user_id":"ana",
    "intent_type":"analysis","metadata":{"a":1}}})"));
}

TEST_CASE_FIXTURE(Task, "a bare task gets a session, and the payload's own members win") {
  to_switch->then_json(R"({"session_id":"theirs"})");
  const json answer = body_of(give(R"({"task_type":"t"})"));
  CHECK(has_uuid_form(answer.at("session_id")));
  CHECK(sent().at("payload") ==
        json{{"session_id", answer.at("session_id")}, {"user_id", "local"}});
  CHECK(sent().at("provider_hint") == nullptr);
  give(R"({"task_type":"t","payload":{"session_id":"p","user_id":"q"},"session_id":"s"})");
  CHECK(sent().at("payload") == json{{"session_id", "p"}, {"user_id", "q"}});
}

TEST_CASE_FIXTURE(Task, "what is wrong with a task is listed, and switch is not called") {
  CHECK(mistakes_of(give(R"({"payload":[1],"user_id":5})")) ==
        json{{"body.task_type", "missing"},
             {"body.payload", "dict_type"},
             {"body.user_id", "string_type"}});
  CHECK(send(HttpRequest("POST", {}, "/operator/task")).status == 401);
  CHECK(to_switch->calls() == 0);
}

TEST_CASE_FIXTURE(Task, "a refusal of switch is passed on, and counts against nothing") {
  to_switch->then(HttpResponse(422, "application/json", R"({"detail":"no such task"})"));
  const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
  CHECK(answer.status == 422);
  CHECK(body_of(answer) == json::parse(R"({"session_id":"s","detail":"no such task"})"));
  CHECK(breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Task, "when to try again is passed on") {
  for (const int status : {429, 503}) {
    HttpResponse busy(status, "application/json", R"({"detail":"busy"})");
    busy.headers.add("Retry-After", "7");
    to_switch->then(busy);
  }
  for (const int status : {429, 503}) {
    const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
    CHECK(answer.status == status);
    CHECK(answer.headers.get("Retry-After") == "7");
  }
}

TEST_CASE_FIXTURE(Task, "a reply that nests too deep or is no object charges no breaker") {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  to_switch->then(HttpResponse(200, "application/json", R"({"echo":)" + deep + "}"))
      .then(HttpResponse(200, "application/json", "[1]"));
  for (int i = 0; i < 2; ++i) {
    const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
    CHECK(body_of(answer).at("reason") == "invalid_reply");
  }
  CHECK(breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Task,
                  "a switch that cannot be asked is 503 with why, and its own breaker opens") {
  to_switch->then_fail(Errc::unreachable)
      .then(HttpResponse(500, "text/plain", "stack trace"))
      .then(HttpResponse(200, "text/html", "<html>"));
  for (const std::string reason : {"unreachable", "error", "invalid_reply", "circuit_open"}) {
    const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
    CHECK(answer.status == 503);
    const json body = body_of(answer);
    CHECK(body.at("status") == "service_offline");
    CHECK(body.at("module") == "switch");
    CHECK(body.at("reason") == reason);
    CHECK(body.at("session_id") == "s");
    CHECK(answer.headers.get("Retry-After") == (reason == "circuit_open" ? "60" : "1"));
  }
  CHECK(to_switch->calls() == 3);
  CHECK(switch_breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Site, "without a switch tasks are not configured") {
  const HttpResponse answer = post("/operator/task", R"({"task_type":"t"})");
  CHECK(answer.status == 503);
  CHECK(body_of(answer).at("reason") == "not_configured");
}
