// Health, readiness and circuit breakers of the gateway.

#include <vx11/version.hpp>

#include <string>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

json breakers_of(Site& site) {
  const json body = body_of(site.get("/vx11/circuit-breaker/status"));
  return body.at("breakers");
}

}  // namespace

TEST_CASE_FIXTURE(Site, "health names the service and calls no upstream") {
  CHECK(body_of(send(HttpRequest("GET", {}, "/health"))) ==
        json{{"status", "ok"}, {"module", "tentaculo_link"}, {"version", VX11_VERSION_STRING}});
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "readiness ends with draining, liveness and work do not") {
  CHECK(get("/readyz").status == 200);
  api().drain();
  const HttpResponse ready = send(HttpRequest("GET", {}, "/readyz"));
  CHECK(ready.status == 503);
  CHECK(body_of(ready) == json{{"status", "draining"}});
  CHECK(get("/livez").status == 200);
  CHECK(get("/health").status == 200);
  CHECK(get("/operator/status").status == 200);
}

TEST_CASE_FIXTURE(Site, "not ready while sessions or what else is needed cannot be used") {
  bool has_keys = true;
  options.readiness = {{.name = "keys", .is_ready = [&] { return has_keys; }}};
  CHECK(get("/readyz").status == 200);
  has_keys = false;
  CHECK(get("/readyz").status == 503);
  CHECK(body_of(get("/readyz")) == json{{"status", "not_ready"}, {"reason", "keys"}});
  has_keys = true;
  store->fail_reads = true;
  CHECK(body_of(get("/readyz")) == json{{"status", "not_ready"}, {"reason", "sessions"}});
  CHECK(get("/livez").status == 200);
}

TEST_CASE_FIXTURE(Site, "a condition of the program takes the place of asking the store") {
  bool is_shared = true;
  options.readiness = {{.name = "sessions", .is_ready = [&] { return is_shared; }}};
  store->fail_reads = true;
  CHECK(get("/readyz").status == 200);
  is_shared = false;
  CHECK(body_of(get("/readyz")) == json{{"status", "not_ready"}, {"reason", "sessions"}});
}

TEST_CASE_FIXTURE(Site, "service levels are shown with a token, and no upstream is asked") {
  CHECK(body_of(get("/operator/slo")) ==
        json{{"objectives", json::array()}, {"timestamp", "2025-12-28T12:34:56.789Z"}});
  CHECK(send(HttpRequest("GET", {}, "/operator/slo")).status == 401);
  Site other;
  other.options.objectives =
      vx11::ServiceObjectives::create({{.name = "chats", .level = {.clock = other.clock}}}).value();
  const json shown = body_of(other.get("/operator/slo/"));
  CHECK(shown.at("objectives").at(0).at("name") == "chats");
  CHECK(shown.at("objectives").at(0).at("budget_remaining") == 1);
  CHECK(upstream_calls() + other.upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "circuit breakers: the contract's answer, field by field") {
  const HttpResponse answer = get("/vx11/circuit-breaker/status");
  CHECK(answer.status == 200);
  CHECK(body_of(answer) == json::parse(R"({"status":"ok","breakers":{
    "switch":{"state":"closed","failure_count":0,"last_failure":null,"mode":"automatic"},
    "madre":{"state":"closed","failure_count":0,"last_failure":null,"mode":"automatic"}},
    "timestamp":"2025-12-28T12:34:56.789Z"})"));
}

TEST_CASE_FIXTURE(Site, "a breaker is reported closed, open and half-open") {
  to_madre->then_json(R"({"response":"x"})");
  const std::string body = R"({"message":"m"})";
  chat(body);
  CHECK(breakers_of(*this).at("switch").at("state") == "closed");
  CHECK(breakers_of(*this).at("switch").at("failure_count") == 1);
  chat(body);
  chat(body);
  CHECK(breakers_of(*this).at("switch").at("state") == "open");
  CHECK(breakers_of(*this).at("switch").at("failure_count") == 3);
  CHECK(breakers_of(*this).at("madre").at("state") == "closed");
  clock.advance(60s);
  CHECK(breakers_of(*this).at("switch").at("state") == "half_open");
  CHECK(to_switch->calls() == 3);
}

TEST_CASE_FIXTURE(Site, "the last failure is given in wall-clock time, even if the clock is set") {
  trip(*switch_breaker);
  clock.advance(90s);
  CHECK(breakers_of(*this).at("switch").at("last_failure") == "2025-12-28T12:34:56.789Z");
  clock.set_wall(vx11::WallTime(1'000'000'000'000ms));
  CHECK(breakers_of(*this).at("switch").at("last_failure") == "2001-09-09T01:45:10.000Z");
}

TEST_CASE_FIXTURE(Site, "own breakers are reported instead of the router's") {
  options.breakers = {{.name = "odd \"name\"", .breaker = switch_breaker}};
  const json breakers = breakers_of(*this);
  CHECK(breakers.size() == 1);
  CHECK(breakers.contains("odd \"name\""));
}

namespace {

/// With breakers that operators may control.
struct Controlled : Site {
  Controlled() {
    options.breakers = {{.name = "switch", .breaker = switch_breaker, .control = switch_breaker},
                        {.name = "madre", .breaker = madre_breaker}};
    to_switch->then_json(R"({"response":"from switch"})");
    to_madre->then_json(R"({"response":"from madre"})");
  }
  HttpResponse order(const std::string& name, const std::string& what) {
    return post("/vx11/circuit-breaker/" + name + "/" + what);
  }
  std::string metrics() { return get("/metrics").body; }
};

}  // namespace

TEST_CASE_FIXTURE(Controlled, "an isolated breaker rejects every call until it is reset") {
  const HttpResponse isolated = order("switch", "isolate");
  CHECK(isolated.status == 200);
  CHECK(body_of(isolated) == json::parse(R"({"status":"ok","breakers":{
    "switch":{"state":"open","failure_count":0,"last_failure":null,"mode":"isolated"}},
    "timestamp":"2025-12-28T12:34:56.789Z"})"));
  CHECK(breakers_of(*this).at("switch").at("mode") == "isolated");
  CHECK(metrics().find(R"(vx11_circuit_mode{breaker="switch",mode="isolated"} 1)") !=
        std::string::npos);
  clock.advance(1h);
  const json chatted = body_of(chat(R"({"message":"m"})"));
  CHECK(chatted.at("metadata").at("reason") == "switch_circuit_open");
  CHECK(to_switch->calls() == 0);

  const json reset = body_of(order("switch", "reset")).at("breakers").at("switch");
  CHECK(reset.at("state") == "closed");
  CHECK(reset.at("mode") == "automatic");
  CHECK(body_of(chat(R"({"message":"m"})")).at("response") == "from switch");
}

TEST_CASE_FIXTURE(Controlled, "a reset closes an open breaker, and no counter goes backwards") {
  trip(*switch_breaker);
  CHECK(order("switch", "reset").status == 200);
  const json shown = breakers_of(*this).at("switch");
  CHECK(shown.at("state") == "closed");
  CHECK(shown.at("failure_count") == 0);
  CHECK(shown.at("last_failure") == "2025-12-28T12:34:56.789Z");
  CHECK(metrics().find(R"(vx11_circuit_failed_calls_total{breaker="switch"} 3)") !=
        std::string::npos);
  const auto generation = switch_breaker->snapshot().generation;
  CHECK(order("switch", "reset").status == 200);
  CHECK(switch_breaker->snapshot().generation == generation);  // there was nothing to do
  switch_breaker->try_acquire().value().failure();
  CHECK(order("switch", "reset").status == 200);
  CHECK(switch_breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Controlled, "breakers that cannot be controlled are refused, and by whom") {
  for (const std::string what : {"isolate", "reset"}) {
    CHECK(body_of(order("nothing", what)) ==
          json{{"error", "breaker_not_found"}, {"status_code", 404}});
    CHECK(order("%zz", what).status == 404);
    CHECK(body_of(order("madre", what)) ==
          json{{"error", "breaker_not_controllable"}, {"status_code", 409}});
    CHECK(send(HttpRequest("POST", {}, "/vx11/circuit-breaker/switch/" + what)).status == 401);
    CHECK(get("/vx11/circuit-breaker/switch/" + what).status == 405);
  }
  CHECK(switch_breaker->mode() == vx11::CircuitMode::automatic);
  Site other;
  other.options.breakers = {
      {.name = "switch", .breaker = switch_breaker, .control = madre_breaker}};
  CHECK(OperatorApi::create(other.complete_options())
            .error()
            .detail.find("control is another breaker") != std::string::npos);
}

namespace {

/// Every upstream is held open by hand, with breakers that would stay open for 228 years.
struct Isolated : Site {
  Isolated() {
    for (auto* breaker : {&switch_breaker, &madre_breaker}) {
      vx11::CircuitBreakerOptions longest;
      longest.open_for = std::chrono::hours(2'000'000);
      *breaker = std::make_shared<CircuitBreaker>(longest, clock);
      (*breaker)->isolate();
    }
    router.targets[0].breaker = switch_breaker;
    router.targets[1].breaker = madre_breaker;
    health.components[3].check = std::shared_ptr<const CircuitBreaker>(switch_breaker);
    options.breakers = {{.name = "switch", .breaker = switch_breaker, .control = switch_breaker},
                        {.name = "madre", .breaker = madre_breaker, .control = madre_breaker}};
    options.tasks = target("switch", to_switch, switch_breaker);
    options.intents = target("madre", to_madre, madre_breaker);
    options.inee = target("hormiguero", to_madre, madre_breaker);
  }
};

void check_isolated(const HttpResponse& answer, const std::string& module) {
  CAPTURE(answer.body);
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("Retry-After") == "3600");
  const json body = body_of(answer);
  CHECK(body.at("status") == "service_offline");
  CHECK(body.at("module") == module);
  CHECK(body.at("reason") == "isolated");
  CHECK(body.at("detail") == "an operator holds the circuit breaker open");
}

}  // namespace

TEST_CASE_FIXTURE(Isolated,
                  "what is held open by hand says so on every path, with a bounded wait") {
  check_isolated(chat(R"({"message":"m"})"), "switch");
  HttpRequest streamed = with_body("POST", "/operator/chat/ask", R"({"message":"m"})");
  streamed.headers.add("Accept", "text/event-stream");
  check_isolated(vx11::sync_wait(api().open(streamed)).head, "switch");
  check_isolated(post("/operator/task", R"({"task_type":"t"})"), "switch");
  check_isolated(post("/operator/manifestator/emit-intent", R"({"target":"hermes"})"), "madre");
  check_isolated(get("/operator/power/state"), "madre");
  check_isolated(get("/operator/power/status"), "madre");
  check_isolated(post("/operator/power/window/open", R"({"services":["switch"]})"), "madre");
  check_isolated(post("/operator/power/service/switch/start"), "madre");
  const json shown = body_of(get("/operator/status")).at("components").at("switch");
  CHECK(shown.at("status") == "offline");
  CHECK(shown.at("reason") == "isolated");
  CHECK(to_switch->calls() + to_madre->calls() + to_power->calls() == 0);
}

TEST_CASE_FIXTURE(Isolated, "hormiguero that is held open by hand is 503 like the others") {
  madre_breaker->automatic();
  to_power->then_json(R"({"policy":"operative_core","active_windows":[],"available_services":[],)"
                      R"("running_services":["madre","redis","hormiguero"]})");
  auto held = std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);
  held->isolate();
  options.inee->breaker = held;
  const HttpResponse answer = get("/operator/inee/status");
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("Retry-After") == "60");
  CHECK(body_of(answer).at("reason") == "isolated");
}

TEST_CASE_FIXTURE(Isolated, "of a chat the wait is that of the target that may come back") {
  auto soon = std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);
  trip(*soon);
  router.targets[1].breaker = soon;
  auto brief = vx11::CircuitBreakerOptions();
  brief.open_for = 1s;
  router.targets[0].breaker = std::make_shared<CircuitBreaker>(brief, clock);
  router.targets[0].breaker->isolate();
  clock.advance(15s);
  CHECK(chat(R"({"message":"m"})").headers.get("Retry-After") == "45");
}

TEST_CASE_FIXTURE(Site, "madre's Retry-After is passed on within an hour") {
  HttpResponse limited(429, "application/json", R"({"detail":"slowly"})");
  limited.headers.add("Retry-After", "99999999999999999");
  to_power->then(limited);
  const HttpResponse answer = post("/operator/power/service/switch/start");
  CHECK(answer.status == 429);
  CHECK(answer.headers.get("Retry-After") == "3600");
}
