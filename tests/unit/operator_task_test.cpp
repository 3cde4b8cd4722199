// What is passed on: tasks to switch, intents to madre, INEE to hormiguero.

#include <string>
#include <utility>
#include <vector>

#include "http/transport_details.hpp"
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

TEST_CASE_FIXTURE(Task, "a refusal without JSON keeps its status and its wait") {
  HttpResponse busy(429, "text/plain", "slow down");
  busy.headers.add("Retry-After", "30");
  to_switch->then(busy);
  const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
  CHECK(answer.status == 429);
  CHECK(answer.headers.get("Retry-After") == "30");
  CHECK(body_of(answer) == json{{"session_id", "s"},
                                {"error", "refused_by_upstream"},
                                {"status_code", 429},
                                {"message", "switch answers with HTTP status 429"}});
  CHECK(breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Task, "a success without a body is an empty one") {
  to_switch->then(HttpResponse(204)).then(HttpResponse(202));
  for (const int status : {200, 202}) {
    const HttpResponse answer = give(R"({"task_type":"t","session_id":"s"})");
    CHECK(answer.status == status);
    CHECK(body_of(answer) == json{{"session_id", "s"}});
  }
  CHECK(breaker->snapshot().failures == 0);
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

namespace {

constexpr const char* kEmit = "/operator/manifestator/emit-intent";

struct Intents : Site {
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);

  Intents() {
    options.intents = vx11::RouterTarget{
        .name = "madre", .url = "http://madre:8001", .transport = to_madre, .breaker = breaker};
    options.intents->headers.add("x-vx11-token", "t0ken");
  }
  HttpResponse emit(const std::string& body, const std::string& path = kEmit) {
    HttpRequest request = with_body("POST", path, body);
    request.headers.add("X-Correlation-Id", "corr-1");
    return send(request);
  }
};

struct Inee : Site {
  std::shared_ptr<ScriptedTransport> to_hormiguero = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);

  Inee() {
    options.inee = vx11::RouterTarget{.name = "hormiguero",
                                      .url = "http://hormiguero:8004",
                                      .transport = to_hormiguero,
                                      .breaker = breaker};
    to_hormiguero->then_json(R"({"status":"ok"})");
  }
  Inee& awake() {
    to_power->then_json(R"({"policy":"windowed","window_id":"w",
      "active_services":["madre","redis","hormiguero"]})");
    return *this;
  }
  HttpRequest sent() const { return to_hormiguero->requests().back(); }
};

}  // namespace

TEST_CASE_FIXTURE(Intents, "an intent is madre's once she has accepted it") {
  to_madre->then_json(R"({"intent_id":"int-7","status":"queued","plan_id":"p-1"})");
  for (const std::string path : {kEmit, "/manifestator/builder/emit-intent"}) {
    const HttpResponse answer = emit(R"({"intent_type":"build","target_service":"hermes",
      "dockerfile_path":"hermes/Dockerfile","build_context":".","reason":"new model"})",
                                     path);
    CHECK(answer.status == 200);
    CHECK(body_of(answer) == json::parse(R"({"intent_id":"int-7","status":"pending",
      "queued":true,"assigned_to":"madre","madre_status":"queued","correlation_id":"corr-1",
      "plan_id":"p-1"})"));
  }
  REQUIRE(to_madre->calls() == 2);
  const HttpRequest request = to_madre->requests().front();
  CHECK(request.method == "POST");
  CHECK(request.target == "/madre/intent");
  CHECK(request.headers.get("x-vx11-token") == "t0ken");
  CHECK(json::parse(request.body) == json::parse(R"({"type":"build","source":"manifestator",
    "payload":{"target_service":"hermes","dockerfile_path":"hermes/Dockerfile",
               "build_context":".","reason":"new model"},"correlation_id":"corr-1"})"));
}

TEST_CASE_FIXTURE(Intents, "a bare intent has its request's id, and the older name of its target") {
  to_madre->then_json(R"({"status":"accepted"})");
  const json answer = body_of(emit(R"({"target":"hermes"})"));
  CHECK(answer.at("intent_id") == "corr-1");
  CHECK(answer.at("queued") == true);
  const json sent = json::parse(to_madre->requests().back().body);
  CHECK(sent.at("payload") == json{{"target_service", "hermes"}});
}

TEST_CASE_FIXTURE(Intents, "nothing is queued that madre did not accept") {
  HttpResponse limited(429, "application/json", R"({"detail":"slow down"})");
  limited.headers.add("Retry-After", "9");
  to_madre->then_json(R"({"status":"rejected","detail":"no such service"})")
      .then(limited)
      .then_fail(Errc::unreachable);
  const json rejected = body_of(emit(R"({"target":"x"})"));
  CHECK(rejected.at("queued") == false);
  CHECK(rejected.at("status") == "rejected");
  const HttpResponse refused = emit(R"({"target":"x"})");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "9");
  CHECK(body_of(refused) == json{{"detail", "slow down"}});
  const HttpResponse gone = emit(R"({"target":"x"})");
  CHECK(gone.status == 503);
  CHECK(body_of(gone).at("module") == "madre");
  CHECK(body_of(gone).at("reason") == "unreachable");
  CHECK_FALSE(body_of(gone).contains("queued"));
}

TEST_CASE("an answer that reports an error queues nothing") {
  for (const std::string said :
       {R"({"status":"OFF_BY_POLICY","error":"asleep"})", R"({"intent_id":"i","error":"full"})",
        R"({"intent_id":"i","ok":false})", R"({"status":"queued","errors":["x"]})",
        R"({"intent_id":"i","status":"OFF_BY_POLICY"})"}) {
    CAPTURE(said);
    Intents site;
    site.to_madre->then_json(said);
    const json answer = body_of(site.emit(R"({"target":"x"})"));
    CHECK(answer.at("queued") == false);
    CHECK(answer.at("status") != "pending");
    CHECK(answer.at("status") != "queued");
  }
}

TEST_CASE("an answer that says nothing of the intent leaves it unknown") {
  for (const std::string said : {"{}", R"({"status":"thinking"})", R"({"status":"ok"})"}) {
    CAPTURE(said);
    Intents site;
    site.to_madre->then_json(said);
    const json answer = body_of(site.emit(R"({"target":"x"})"));
    CHECK(answer.at("queued") == nullptr);
    CHECK(answer.at("status") == "unknown");
  }
  Intents site;
  site.to_madre->then(HttpResponse(202));
  CHECK(body_of(site.emit(R"({"target":"x"})")).at("queued") == true);
}

TEST_CASE_FIXTURE(Intents, "an intent that madre may have accepted is pending, not refused") {
  const std::vector<std::pair<vx11::Result<HttpResponse>, std::string>> faults = {
      {vx11::fail(Errc::timeout), "timeout"},
      {vx11::fail(Errc::unreachable, std::string(vx11::kClosedBeforeAnswer)), "unreachable"},
      {HttpResponse(500, "text/plain", "stack trace"), "error"},
      {HttpResponse(200, "text/html", "<html>"), "invalid_reply"}};
  for (const auto& [fault, reason] : faults) {
    const auto& case_reason = reason;  // clang 14 captures no structured binding
    CAPTURE(case_reason);
    Intents site;
    site.to_madre->then(fault);
    const HttpResponse answer = site.emit(R"({"target":"x"})");
    CHECK(answer.status == 504);
    const json body = body_of(answer);
    CHECK(body.at("status") == "pending");
    CHECK(body.at("queued") == nullptr);
    CHECK(body.at("reason") == reason);
    CHECK(body.at("correlation_id") == "corr-1");
  }
}

TEST_CASE_FIXTURE(Intents, "an intent that was not sent is 503") {
  breaker->isolate();
  CHECK(emit(R"({"target":"x"})").status == 503);
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Intents, "what is wrong with an intent is listed, and madre is not asked") {
  CHECK(mistakes_of(emit("{}")) == json{{"body.target_service", "missing"}});
  CHECK(mistakes_of(emit(R"({"intent_type":"deploy","target_service":5,"reason":[]})")) ==
        json{{"body.intent_type", "literal_error"},
             {"body.target_service", "string_type"},
             {"body.reason", "string_type"}});
  CHECK(send(HttpRequest("POST", {}, kEmit)).status == 401);
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Site, "intents and INEE do not exist unless they are configured") {
  for (const std::string path :
       {kEmit, "/manifestator/builder/emit-intent", "/operator/inee/colony/register"}) {
    CHECK(post(path, "{}").status == 404);
  }
  CHECK(get("/operator/inee/status").status == 404);
}

TEST_CASE_FIXTURE(Inee, "INEE: every path has its place at hormiguero") {
  awake();
  for (const std::string path : {"status", "rewards/status", "rewards/account/a%20b"}) {
    CHECK(get("/operator/inee/" + path + "?limit=5").status == 200);
    CHECK(sent().method == "GET");
    CHECK(sent().target == "/hormiguero/inee/extended/" + path + "?limit=5");
    CHECK(sent().body.empty());
  }
  for (const std::string path :
       {"colony/register", "colony/envelope", "colony/heartbeat", "colony/lifecycle/advance",
        "builder/patchset", "builder/prompt-pack", "rewards/transaction", "manifestator/patch-plan",
        "manifestator/prompt-pack"}) {
    CHECK(post("/operator/inee/" + path, R"({"n":1})").status == 200);
    CHECK(sent().method == "POST");
    CHECK(sent().target == "/hormiguero/inee/extended/" + path);
    CHECK(sent().body == R"({"n":1})");
  }
  CHECK(post("/operator/inee/colony/explode", "{}").status == 404);
}

TEST_CASE_FIXTURE(Inee, "INEE: the colony is in query and body, wherever it was given") {
  awake();
  post("/operator/inee/colony/heartbeat", R"({"colony_id":"c/1","n":1})");
  CHECK(sent().target == "/hormiguero/inee/extended/colony/heartbeat?colony_id=c%2F1");
  CHECK(sent().body == R"({"colony_id":"c/1","n":1})");
  post("/operator/inee/colony/heartbeat?x=1&colony_id=c%2F1", R"({"n":1})");
  CHECK(sent().target == "/hormiguero/inee/extended/colony/heartbeat?x=1&colony_id=c%2F1");
  CHECK(json::parse(sent().body) == json{{"n", 1}, {"colony_id", "c/1"}});
  post("/operator/inee/colony/heartbeat?colony_id=%22%5C%C3%BC", "{}");
  CHECK(json::parse(sent().body) == json{{"colony_id", "\"\\\u00fc"}});
  const auto calls = to_hormiguero->calls();
  CHECK(mistakes_of(post("/operator/inee/colony/heartbeat?colony_id=a", R"({"colony_id":"b"})")) ==
        json{{"query.colony_id", "value_error"}});
  for (const std::string query :
       {"colony_id=", "colony_id=a&colony_id=b", "colony_id=%zz", "colony_id", "colony_id=%0a",
        "colony_id=%7f", "colony_id=%ff", "colony_id=%c3"}) {
    CAPTURE(query);
    CHECK(mistakes_of(get("/operator/inee/status?" + query)) ==
          json{{"query.colony_id", "value_error"}});
  }
  for (const std::string account : {"%2e%2e", ".", "%zz", "%ff"}) {
    CHECK(get("/operator/inee/rewards/account/" + account).status == 422);
  }
  CHECK(mistakes_of(post("/operator/inee/colony/heartbeat", R"({"colony_id":5})")) ==
        json{{"body.colony_id", "string_type"}});
  CHECK(to_hormiguero->calls() == calls);
}

TEST_CASE_FIXTURE(Inee, "INEE: a hormiguero that sleeps, or may sleep, is never called") {
  to_power->then_json(kSoloMadre).then_fail(Errc::timeout);
  const HttpResponse asleep = post("/operator/inee/colony/heartbeat", "{}");
  CHECK(asleep.status == 503);
  CHECK(body_of(asleep) == json{{"status", "service_offline"},
                                {"module", "hormiguero"},
                                {"reason", "asleep"},
                                {"message", "INEE is temporarily unavailable"}});
  const HttpResponse unknown = get("/operator/inee/status");
  CHECK(unknown.status == 503);
  CHECK(body_of(unknown).at("reason") == "power_state_unknown");
  CHECK(to_hormiguero->calls() == 0);
  CHECK(breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Inee, "INEE: its refusals are passed on, and its failures open its own breaker") {
  awake();
  HttpResponse limited(429, "application/json", R"({"detail":"slow down"})");
  limited.headers.add("Retry-After", "9");
  to_hormiguero->then(limited).then(HttpResponse(500, "text/plain", "stack trace"));
  CHECK(get("/operator/inee/status").status == 200);
  const HttpResponse refused = get("/operator/inee/status");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "9");
  for (int i = 0; i < 3; ++i) {
    const HttpResponse failed = get("/operator/inee/status");
    CHECK(failed.status == 500);
    CHECK_FALSE(failed.headers.contains("Retry-After"));
    const json body = body_of(failed);
    CHECK(body.at("reason") == "error");
    CHECK(body.at("detail") == "HTTP status 500");
  }
  CHECK(breaker->state() == vx11::CircuitState::open);
  CHECK(body_of(get("/operator/inee/status")).at("reason") == "circuit_open");
  CHECK(madre_breaker->state() == vx11::CircuitState::closed);
}

TEST_CASE_FIXTURE(
    Inee, "INEE: its statuses are passed on, and those that are no failure open no breaker") {
  awake();
  HttpResponse limited(429, "text/plain", "slow down");
  limited.headers.add("Retry-After", "30");
  to_hormiguero->then(limited)
      .then(HttpResponse(204))
      .then(HttpResponse(204))
      .then(HttpResponse(501, "text/plain", "no"))
      .then(HttpResponse(404, "text/html", "<html>"));
  CHECK(get("/operator/inee/status").status == 200);
  const HttpResponse refused = get("/operator/inee/status");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "30");
  for (int i = 0; i < 2; ++i) {
    const HttpResponse done = get("/operator/inee/status");
    CHECK(done.status == 200);
    CHECK(body_of(done) == json::object());
  }
  const HttpResponse missing = get("/operator/inee/status");
  CHECK(missing.status == 501);
  CHECK(body_of(missing).at("detail") == "HTTP status 501");
  const HttpResponse absent = get("/operator/inee/status");
  CHECK(absent.status == 404);
  CHECK(body_of(absent).at("error") == "refused_by_upstream");
  CHECK(breaker->snapshot().failures == 0);
}
