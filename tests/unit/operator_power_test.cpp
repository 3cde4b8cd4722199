// The power endpoints: madre's state and status, and orders to madre.

#include <string>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

struct Order {
  std::string method;
  std::string target;
  std::string at_madre;
};

/// The commands, and their paths at madre.
const std::vector<Order> kOrders = {
    {"POST", "/operator/power/policy/solo_madre/apply", "/madre/power/policy/solo_madre/apply"},
    {"POST", "/operator/power/service/switch/start", "/madre/power/service/switch/start"},
    {"POST", "/operator/power/service/hermes/stop", "/madre/power/service/hermes/stop"},
    {"POST", "/operator/power/service/operator-backend/restart",
     "/madre/power/service/operator-backend/restart"},
    {"POST", "/operator/power/window/open", "/madre/power/window/open"},
    {"POST", "/operator/power/window/close", "/madre/power/window/close"},
};

/// Every endpoint that asks madre.
std::vector<Order> all_orders() {
  std::vector<Order> all = kOrders;
  all.push_back({"GET", "/operator/power/state", "/madre/power/state"});
  all.push_back({"GET", "/operator/power/status", "/madre/power/status"});
  all.push_back(
      {"GET", "/operator/power/policy/solo_madre/status", "/madre/power/policy/solo_madre/status"});
  return all;
}

struct Power : Site {
  HttpResponse give(const Order& order) {
    if (order.method == "GET") return get(order.target);
    const bool opens = order.target.ends_with("open");
    return post(order.target, opens ? R"({"services":["switch"]})" : "");
  }
  HttpResponse open(const std::string& body) { return post("/operator/power/window/open", body); }
  json asked() const { return json::parse(to_power->requests().back().body); }
};

}  // namespace

TEST_CASE_FIXTURE(Power, "power state: the contract's answer, from its own dialect") {
  to_power->then_json(R"({"policy":"operative_core","active_windows":[{"window_id":"win-abc123",
    "created_at":"2025-12-28T12:34:56.789Z","ttl_seconds":300,"services":["switch","hermes"]}],
    "running_services":["madre","tentaculo_link","redis","switch","hermes"],
    "available_services":["hormiguero"]})");
  const HttpResponse answer = get("/operator/power/state");
  CHECK(answer.status == 200);
  CHECK(body_of(answer) == json::parse(R"({
    "policy":"operative_core",
    "active_windows":[{"window_id":"win-abc123","created_at":"2025-12-28T12:34:56.789Z",
                       "ttl_seconds":300,"ttl_remaining_sec":300,"services":["switch","hermes"]}],
    "running_services":["madre","tentaculo_link","redis","switch","hermes"],
    "available_services":["hormiguero","mcp","shubniggurath","spawner","manifestator",
                          "operator-backend","operator-frontend"],
    "checked_at":"2025-12-28T12:34:56.789Z","age_ms":0.0})"));
  REQUIRE(to_power->calls() == 1);
  CHECK(to_power->requests().front().target == "/madre/power/state");
}

TEST_CASE_FIXTURE(Power, "power state: the deployed dialect becomes the same") {
  to_power->then_json(kWindowed);
  const json body = body_of(get("/operator/power/state"));
  CHECK(body.at("policy") == "operative_core");
  CHECK(body.at("active_windows") ==
        json::parse(R"([{"window_id":"win-1","created_at":"2025-12-28T12:00:00.000Z",
                         "ttl_seconds":300,"ttl_remaining_sec":120,"services":["switch"]}])"));
  CHECK(body.at("running_services") ==
        json::parse(R"(["madre","tentaculo_link","redis","switch"])"));
}

TEST_CASE_FIXTURE(Power, "power state: a window held open has no ttl") {
  to_power->then_json(R"({"policy":"windowed","window_id":"w","created_at":"2025-12-28T12:00:00Z",
    "deadline":null,"ttl_remaining_sec":null,"active_services":["madre","redis","switch"]})");
  CHECK(body_of(get("/operator/power/state")).at("active_windows").at(0).at("ttl_seconds") ==
        nullptr);
}

TEST_CASE_FIXTURE(Power, "power status: madre's, with policy and windows as power state has them") {
  to_power->then_json(R"({"uptime":5,"policy":"theirs","windows":"theirs","services":{"a":[1]}})")
      .then_json(kWindowed);
  const HttpResponse answer = get("/operator/power/status");
  CHECK(answer.status == 200);
  const json body = body_of(answer);
  CHECK(body.at("uptime") == 5);
  CHECK(body.at("services") == json::parse(R"({"a":[1]})"));
  const json state = body_of(get("/operator/power/state"));
  CHECK(body.at("policy") == state.at("policy"));
  CHECK(body.at("windows") == state.at("active_windows"));
  CHECK(answer.body.find("theirs") == std::string::npos);
}

TEST_CASE_FIXTURE(Power, "power status: half of it is none") {
  to_power->then_json(R"({"uptime":5})").then_fail(Errc::timeout);
  const HttpResponse answer = get("/operator/power/status");
  CHECK(answer.status == 503);
  CHECK(body_of(answer).at("reason") == "timeout");
}

TEST_CASE_FIXTURE(Power, "power status: a refusal of madre's is passed on without a second call") {
  to_power->then(HttpResponse(404, "application/json", R"({"detail":"none"})"));
  const HttpResponse answer = get("/operator/power/status");
  CHECK(answer.status == 404);
  CHECK(body_of(answer) == json{{"detail", "none"}});
  CHECK(to_power->calls() == 1);
}

TEST_CASE_FIXTURE(Power, "orders go to madre under the same path, and its answers come back") {
  for (const Order& order : kOrders) {
    CAPTURE(order.target);
    Power site;
    site.to_power->then(HttpResponse(202, "application/json", R"({"done":[1,"x"]})"));
    const HttpResponse answer = site.give(order);
    CHECK(answer.status == 202);
    json body = body_of(answer);
    CHECK(body.at("executed") == nullptr);  // 202: she has only accepted it
    body.erase("executed");
    CHECK(body == json::parse(R"({"done":[1,"x"]})"));
    REQUIRE(site.to_power->calls() == 1);
    CHECK(site.to_power->requests().front().method == order.method);
    CHECK(site.to_power->requests().front().target == order.at_madre);
  }
}

TEST_CASE_FIXTURE(Power, "a refusal of madre's keeps its status and its words") {
  for (const Order& order : kOrders) {
    CAPTURE(order.target);
    Power site;
    site.to_power->then(HttpResponse(409, "application/json", R"({"detail":"already"})"));
    const HttpResponse answer = site.give(order);
    CHECK(answer.status == 409);
    CHECK(body_of(answer) == json{{"detail", "already"}});
    CHECK(site.madre_breaker->snapshot().failures == 0);
  }
}

TEST_CASE_FIXTURE(Power, "a madre that cannot be asked is 503 on every power endpoint, with why") {
  const std::vector<std::pair<vx11::Result<HttpResponse>, std::string>> faults = {
      {vx11::fail(Errc::unreachable), "unreachable"},
      {HttpResponse(500, "text/plain", "stack trace"), "error"},
      {HttpResponse(200, "text/html", "<html>stack trace"), "invalid_reply"}};
  for (const auto& [fault, reason] : faults) {
    for (const Order& order : all_orders()) {
      CAPTURE(reason);
      CAPTURE(order.target);
      Power site;
      site.to_power->then(fault);
      const HttpResponse answer = site.give(order);
      CHECK(answer.status == 503);
      CHECK(answer.headers.get("Retry-After") == "1");
      json body = body_of(answer);
      CHECK(body.contains("detail") == (reason == "error"));
      body.erase("detail");
      CHECK(body == json{{"status", "service_offline"},
                         {"module", "madre"},
                         {"reason", reason},
                         {"message", "Power management temporarily unavailable"}});
    }
  }
}

TEST_CASE_FIXTURE(Power,
                  "with madre's circuit open no call is made, and Retry-After says how long") {
  trip(*madre_breaker);
  clock.advance(500ms);
  for (const Order& order : all_orders()) {
    CAPTURE(order.target);
    const HttpResponse answer = give(order);
    CHECK(answer.status == 503);
    CHECK(body_of(answer).at("reason") == "circuit_open");
    CHECK(answer.headers.get("Retry-After") == "60");
  }
  CHECK(to_power->calls() == 0);
}

TEST_CASE_FIXTURE(Power, "chat and power share the circuit of madre") {
  for (int i = 0; i < 3; ++i) get("/operator/power/state");
  const json body = body_of(chat(R"({"message":"m"})"));
  CHECK(body.at("attempts").at(1).at("outcome") == "circuit_open");
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Power, "an unknown service is 422, without a call to madre") {
  for (const std::string name : {"nosuch", "SWITCH", "..", "switch%2f..", "%zz", "switch%00"}) {
    for (const std::string action : {"start", "stop", "restart"}) {
      CAPTURE(name);
      CHECK(mistakes_of(post("/operator/power/service/" + name + "/" + action)) ==
            json{{"path.name", "enum"}});
    }
  }
  CHECK(to_power->calls() == 0);
  to_power->then_json("{}");
  CHECK(post("/operator/power/service/sw%69tch/start").status == 200);
  CHECK(to_power->requests().front().target == "/madre/power/service/switch/start");
}

TEST_CASE_FIXTURE(Power, "a window is opened for services and a time, or held") {
  to_power->then_json("{}");
  open(R"({"services":["switch","hermes"],"ttl_sec":90,"mode":"ttl","reason":"demo"})");
  CHECK(
      asked() ==
      json::parse(R"({"services":["switch","hermes"],"mode":"ttl","ttl_sec":90,"reason":"demo"})"));
  open(R"({"services":["switch"]})");
  CHECK(asked().at("ttl_sec") == 300);
  CHECK(asked().at("mode") == "ttl");
  open(R"({"services":["switch"],"mode":"hold","ttl_sec":90})");
  CHECK(asked().at("mode") == "hold");
  CHECK_FALSE(asked().contains("ttl_sec"));
  open(R"({"services":["switch"],"mode":null,"ttl_sec":null,"reason":null,"extra":1})");
  CHECK(asked().at("ttl_sec") == 300);
}

TEST_CASE_FIXTURE(Power, "what is wrong with a window is listed, all of it") {
  CHECK(mistakes_of(open("{}")) == json{{"body.services", "missing"}});
  CHECK(mistakes_of(open(R"({"services":[],"ttl_sec":0,"mode":"x","reason":1})")) ==
        json{{"body.services", "too_short"},
             {"body.ttl_sec", "greater_than_equal"},
             {"body.mode", "literal_error"},
             {"body.reason", "string_type"}});
  CHECK(mistakes_of(open(R"({"services":["switch",1,"nosuch",null]})")) ==
        json{{"body.services.1", "string_type"},
             {"body.services.2", "enum"},
             {"body.services.3", "string_type"}});
  CHECK(mistakes_of(open(R"({"services":"switch"})")) == json{{"body.services", "list_type"}});
  CHECK(mistakes_of(open(R"({"services":["switch"],"mode":1})")) ==
        json{{"body.mode", "literal_error"}});
  CHECK(mistakes_of(open("[")).begin().value() == "json_invalid");
  CHECK(to_power->calls() == 0);
}

TEST_CASE_FIXTURE(Power, "however many mistakes a body has, the answer lists sixteen and a count") {
  const auto open_with = [&](std::size_t elements) {
    std::string body = R"({"services":[)";
    for (std::size_t i = 0; i < elements; ++i) body += i == 0 ? "1" : ",1";
    return post("/operator/power/window/open", body + "]}");
  };
  const HttpResponse few = open_with(16);
  CHECK(few.status == 422);
  CHECK(body_of(few).at("detail").size() == 16);
  const HttpResponse many = open_with(500'000);
  CHECK(many.status == 422);
  CHECK(many.body.size() < 4'096);
  const json detail = body_of(many).at("detail");
  REQUIRE(detail.size() == 17);
  CHECK(detail.back().at("type") == "too_many_errors");
  CHECK(detail.back().at("msg") == "49 more mistakes");  // of 64 elements, and that there are more
}

TEST_CASE_FIXTURE(Power, "a ttl is a whole number of seconds, up to a year") {
  for (const std::string wrong : {"1.5", "\"90\"", "true", "1e3", "[]", "99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK(mistakes_of(open(R"({"services":["switch"],"ttl_sec":)" + wrong + "}")) ==
          json{{"body.ttl_sec", "int_type"}});
  }
  CHECK(mistakes_of(open(R"({"services":["switch"],"ttl_sec":-1})")) ==
        json{{"body.ttl_sec", "greater_than_equal"}});
  CHECK(mistakes_of(open(R"({"services":["switch"],"ttl_sec":31536001})")) ==
        json{{"body.ttl_sec", "less_than_equal"}});
  to_power->then_json("{}");
  CHECK(open(R"({"services":["switch"],"ttl_sec":31536000})").status == 200);
}

TEST_CASE_FIXTURE(Power, "a window is refused while one is open, which is shown") {
  to_power->then(HttpResponse(409, "application/json", R"({"detail":"open already"})"))
      .then_json(kWindowed);
  const HttpResponse answer = open(R"({"services":["switch"]})");
  CHECK(answer.status == 409);
  const json body = body_of(answer);
  CHECK(body.at("detail") == "open already");
  CHECK(body.at("window").at("window_id") == "win-1");
  CHECK(body.at("window").at("services") == json{"switch"});
}

TEST_CASE_FIXTURE(Power, "while the id of a close is compared, no window is opened") {
  class Meanwhile final : public vx11::Transport {
   public:
    explicit Meanwhile(std::shared_ptr<vx11::PowerGovernor> governor)
        : governor_(std::move(governor)) {}
    vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest&, vx11::Deadline) override {
      const auto admitted = governor_->admit({.services = {"switch"}});
      reasons.push_back(admitted ? "" : admitted.error().reason);
      co_return HttpResponse(200, "application/json", kWindowed);
    }
    std::vector<std::string> reasons;

   private:
    std::shared_ptr<vx11::PowerGovernor> governor_;
  };
  vx11::OperatorApiOptions all = complete_options();
  all.governor = vx11::PowerGovernor::create({}).value();
  const auto madre = std::make_shared<Meanwhile>(all.governor);
  all.power = std::make_shared<const vx11::PowerStateClient>(madre, "http://madre:8001");
  const auto served = OperatorApi::create(all).value();
  const HttpRequest request =
      with_body("POST", "/operator/power/window/close", R"({"window_id":"win-1"})");
  CHECK(vx11::sync_wait(served.handle(request, {})).status == 200);
  REQUIRE(madre->reasons.size() == 2);
  CHECK(madre->reasons.front() == "command_in_progress");
  CHECK(madre->reasons.back() == "command_in_progress");
  CHECK(all.governor->admit({.services = {"switch"}}));
}

TEST_CASE_FIXTURE(Power, "a window that is not the open one is not closed") {
  to_power->then_json(kWindowed);
  const HttpResponse other = post("/operator/power/window/close", R"({"window_id":"win-0"})");
  CHECK(other.status == 404);
  CHECK(body_of(other).at("error") == "window_not_open");
  CHECK(body_of(other).at("window").at("window_id") == "win-1");
  CHECK(to_power->calls() == 1);
  CHECK(post("/operator/power/window/close", R"({"window_id":"win-1"})").status == 200);
  CHECK(to_power->requests().back().target == "/madre/power/window/close");
  Power none;
  none.to_power->then_json(kSoloMadre);
  const HttpResponse gone = none.post("/operator/power/window/close", R"({"window_id":"win-1"})");
  CHECK(gone.status == 404);
  CHECK(body_of(gone).at("window") == nullptr);
  Power unreadable;  // madre after a restart with a window open
  unreadable.to_power->then(HttpResponse(500, "text/plain", "x")).then_json("{}");
  CHECK(unreadable.post("/operator/power/window/close", R"({"window_id":"win-1"})").status == 200);
}

TEST_CASE_FIXTURE(Power, "the policy is active while the core alone runs, whatever madre says") {
  const auto status = [](const std::string& running, const std::string& policy = "solo_madre") {
    Power site;
    site.to_power->then_json(R"({"policy":"solo_madre","policy_active":"hers","n":[1]})")
        .then_json(R"({"policy":")" + policy + R"(","window_id":null,"active_services":)" +
                   running + "}");
    return body_of(site.get("/operator/power/policy/solo_madre/status"));
  };
  CHECK(status(R"(["madre","redis"])") == json::parse(R"({"policy_active":true,
    "extra_services":[],"missing_services":[],"policy":"solo_madre","n":[1],
    "madre":{"policy":"solo_madre","policy_active":"hers","n":[1]}})"));
  const json hermes = status(R"(["madre","redis","hermes"])");
  CHECK(hermes.at("policy_active") == false);
  CHECK(hermes.at("extra_services") == json{"hermes"});
  const json without = status(R"(["madre"])");
  CHECK(without.at("policy_active") == false);
  CHECK(without.at("missing_services") == json{"redis"});
  CHECK(status(R"(["madre","redis"])", "windowed").at("policy_active") == false);
  CHECK(status(R"(["madre","redis","ghost"])").at("policy_active") == false);
}

TEST_CASE_FIXTURE(Power, "every command passes the trace of its caller on") {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  to_power->then_json("{}");
  for (const Order& order : kOrders) {
    CAPTURE(order.target);
    HttpRequest request = with_body("POST", order.target, R"({"services":["switch"]})");
    request.headers.add("traceparent", parent);
    CHECK(send(request).status == 200);
    CHECK(to_power->requests().back().headers.get("traceparent") == parent);
  }
}

TEST_CASE_FIXTURE(Power, "a window is closed with or without saying which") {
  to_power->then_json("{}");
  CHECK(post("/operator/power/window/close").status == 200);
  CHECK(asked() == json::object());
  CHECK(post("/operator/power/window/close", "{}").status == 200);
  CHECK(post("/operator/power/window/close", R"({"window_id":"win-\"1"})").status == 200);
  CHECK(asked() == json{{"window_id", "win-\"1"}});
  CHECK(mistakes_of(post("/operator/power/window/close", R"({"window_id":1})")) ==
        json{{"body.window_id", "string_type"}});
}

TEST_CASE_FIXTURE(Power, "a command that madre only planned says that it was not executed") {
  to_power->then_json(R"({"status":"plan","apply":false,"service":"switch","executed":[],
    "plan":[{"cmd":["docker","compose","stop","switch"]}]})");
  const HttpResponse answer = post("/operator/power/service/switch/stop");
  CHECK(answer.status == 200);
  const json body = body_of(answer);
  CHECK(body.at("executed") == false);
  CHECK(body.at("status") == "plan");
  CHECK(body.at("plan").size() == 1);
}

namespace {

/// The answer to a command that madre answers so.
json stopped_with(const std::string& said) {
  Power site;
  site.to_power->then_json(said);
  return body_of(site.post("/operator/power/service/switch/stop"));
}

}  // namespace

TEST_CASE("a command that madre carried out says so, with her steps") {
  CHECK(stopped_with(R"({"status":"ok","executed":[{"rc":0,"cmd":["docker"]}]})") ==
        json::parse(R"({"executed":true,"status":"ok","steps":[{"rc":0,"cmd":["docker"]}]})"));
  CHECK(stopped_with(R"({"service":"switch","status":"stopped"})") ==
        json::parse(R"({"executed":true,"service":"switch","status":"stopped"})"));
}

TEST_CASE("a command of which a step failed was not executed") {
  for (const std::string steps :
       {R"([{"rc":0},{"rc":1}])", R"([{"cmd":["docker"],"returncode":137}])",
        R"([{"exit_code":-9}])", R"([{"ok":false}])", R"([{"error":"no such container"}])",
        R"([{"status":"failed"}])"}) {
    CAPTURE(steps);
    const json body = stopped_with(R"({"executed":)" + steps + "}");
    CHECK(body.at("executed") == false);
    CHECK(body.at("failed_steps") == 1);
    CHECK(body.at("steps") == json::parse(steps));
  }
  for (const std::string said :
       {R"({"status":"error"})", R"({"status":"partial","executed":[]})", R"({"apply":false})",
        R"({"executed":false})", R"({"error":"no such service"})", R"({"error":{"code":1}})",
        R"({"errors":["x"]})", R"({"ok":false})", R"({"success":false})", R"({"rc":1})",
        R"({"status":"OFF_BY_POLICY"})"}) {
    CAPTURE(said);
    CHECK(stopped_with(said).at("executed") == false);
  }
  const json body = stopped_with(R"({"status":"ok","steps":[{"cmd":["docker"],"rc":1},{"rc":0}]})");
  CHECK(body.at("executed") == false);
  CHECK(body.at("failed_steps") == 1);
  CHECK(body.at("steps").size() == 2);
}

TEST_CASE("an empty error is none, and a status in capitals is the same word") {
  for (const std::string said :
       {R"({"error":null,"errors":[],"ok":true,"rc":0.0})", R"({"error":""})", R"({"status":"OK"})",
        R"({"status":null})", R"({"steps":[{"rc":0}]})"}) {
    CAPTURE(said);
    CHECK(stopped_with(said).at("executed") == true);
  }
}

TEST_CASE("a command that madre will carry out later is not known to be executed") {
  CHECK(stopped_with(R"({"status":"queued"})").at("executed") == nullptr);
  CHECK(stopped_with(R"({"status":"pending"})").at("executed") == nullptr);
}

TEST_CASE("a status that is unknown does not say whether a command was carried out") {
  CHECK(stopped_with(R"({"status":"thinking"})").at("executed") == nullptr);
  CHECK(stopped_with(R"({"status":7})").at("executed") == nullptr);
}

TEST_CASE_FIXTURE(Power, "a service command passes on its body and the two power headers") {
  to_power->then_json("{}");
  const std::string body = R"({"apply":true,"confirm":"I_UNDERSTAND_THIS_STOPS_SERVICES"})";
  HttpRequest request = with_body("POST", "/operator/power/service/switch/stop", body);
  request.headers.add("x-vx11-power-key", "k");
  request.headers.add("X-VX11-POWER-TOKEN", "t");
  request.headers.add("X-Other", "o");
  CHECK(send(request).status == 200);
  const HttpRequest sent = to_power->requests().back();
  CHECK(sent.body == body);
  CHECK(sent.headers.get("X-VX11-Power-Key") == "k");
  CHECK(sent.headers.get("X-VX11-Power-Token") == "t");
  CHECK_FALSE(sent.headers.contains("X-Other"));
  CHECK(sent.headers.get("Content-Type") == "application/json");

  CHECK(post("/operator/power/service/switch/stop").status == 200);
  CHECK(to_power->requests().back().body == "{}");
  CHECK(post("/operator/power/service/switch/stop", "[1]").status == 422);
  CHECK(to_power->calls() == 2);
}

TEST_CASE_FIXTURE(Power, "a command without an answer in its time is 504 and pending") {
  for (const Order& order : kOrders) {
    if (order.method != "POST") continue;
    CAPTURE(order.target);
    Power site;
    site.to_power->then(HttpResponse(200, "application/json", "{}"), 12s);
    CHECK(site.give(order).status == 200);  // docker takes 12 s
    Power slow;
    slow.to_power->then(HttpResponse(200, "application/json", "{}"), 61s);
    const HttpResponse answer = slow.give(order);
    CHECK(answer.status == 504);
    CHECK(body_of(answer).at("status") == "pending");
    CHECK(body_of(answer).at("module") == "madre");
    CHECK(body_of(answer).at("executed") == nullptr);
  }
}

TEST_CASE_FIXTURE(Power, "a refusal's Retry-After is passed on") {
  HttpResponse refusal(429, "application/json", R"({"detail":"rate_limited"})");
  refusal.headers.add("Retry-After", "42");
  to_power->then(refusal);
  const HttpResponse answer = post("/operator/power/service/switch/stop");
  CHECK(answer.status == 429);
  CHECK(answer.headers.get("Retry-After") == "42");
}

TEST_CASE_FIXTURE(Power, "a madre that answers 500 is offline, with the status in the message") {
  to_power->then(HttpResponse(500, "text/plain", "Internal Server Error"));
  const json body = body_of(get("/operator/power/state"));
  CHECK(body.at("reason") == "error");
  CHECK(body.at("detail") == "HTTP status 500");
}

TEST_CASE_FIXTURE(Power, "a read without an answer in its time is 503 with why") {
  for (const std::string target : {"/operator/power/state", "/operator/power/status",
                                   "/operator/power/policy/solo_madre/status"}) {
    CAPTURE(target);
    Power site;
    site.to_power->then_fail(Errc::timeout);
    const HttpResponse answer = site.get(target);
    CHECK(answer.status == 503);
    CHECK(body_of(answer).at("reason") == "timeout");
  }
}

TEST_CASE_FIXTURE(
    Power, "a window that the policies do not admit is OFF_BY_POLICY, and madre is not asked") {
  options.governor =
      vx11::PowerGovernor::create(
          {.bounds = {.max_ttl = 1h, .services = {"switch"}}, .clock = clock, .wall_clock = clock})
          .value();
  HttpRequest request =
      with_body("POST", "/operator/power/window/open", R"({"services":["switch"],"ttl_sec":7200})");
  request.headers.add("X-Request-Id", "abc-1");
  const HttpResponse answer = send(request);
  CHECK(answer.status == 403);
  const json body = body_of(answer);
  CHECK(body.at("status") == "OFF_BY_POLICY");
  CHECK(body.at("service") == "switch");
  CHECK(body.at("reason") == "ttl_too_long");
  CHECK(body.at("correlation_id") == "abc-1");
  CHECK(body.at("max_ttl_sec") == 3600);
  CHECK(body.at("recommended_action") == "Open it with a ttl of at most 3600 seconds");
  CHECK(body_of(open(R"({"services":["hermes"]})")).at("reason") == "service_not_allowed");
  CHECK(to_power->calls() == 0);
  const json shown = body_of(get("/operator/power/policies"));
  CHECK(shown.at("decisions").size() == 2);
  CHECK(shown.at("decisions").at(0).at("source") == "caller");
}

TEST_CASE_FIXTURE(Power, "a second window is refused while a command is in progress") {
  options.governor =
      vx11::PowerGovernor::create({.alert_before = 1min, .clock = clock, .wall_clock = clock})
          .value();
  to_power->then_json(R"({"window_id":"win-7"})");
  {
    const auto command = options.governor->begin();
    const HttpResponse answer = open(R"({"services":["switch"]})");
    CHECK(answer.status == 409);
    CHECK(answer.headers.get("Retry-After") == "5");
    CHECK(body_of(answer).at("error") == "command_in_progress");
    CHECK(to_power->calls() == 0);
  }
  CHECK(open(R"({"services":["switch"],"ttl_sec":60})").status == 200);
  CHECK(options.governor->take_change());
  const json window = body_of(get("/operator/power/policies")).at("windows").at(0);
  CHECK(window.at("window_id") == "win-7");
  CHECK(window.at("source") == "caller");
}

TEST_CASE_FIXTURE(Power,
                  "without a governor the policies are empty, and callers open windows as ever") {
  to_power->then_json(R"({"window_id":"win-7"})");
  CHECK(open(R"({"services":["switch"],"mode":"hold"})").status == 200);
  const json shown = body_of(get("/operator/power/policies"));
  CHECK(shown.at("active") == false);
  CHECK(shown.at("schedules").empty());
}

TEST_CASE_FIXTURE(Power, "a window that madre only planned, or did not open, is none") {
  options.governor =
      vx11::PowerGovernor::create({.power_aware = true, .clock = clock, .wall_clock = clock})
          .value();
  for (const std::string said :
       {R"({"status":"plan","window_id":"win-7"})", R"({"apply":false,"window_id":"win-7"})",
        R"({"status":"error","window_id":"win-7"})", R"({"error":"docker","window_id":"win-7"})"}) {
    CAPTURE(said);
    to_power->then_json(said);
    const HttpResponse answer = open(R"({"services":["switch"]})");
    CHECK(answer.status == 200);
    CHECK(body_of(answer).at("executed") == false);
    CHECK(body_of(get("/operator/power/policies")).at("windows").empty());
  }
}

TEST_CASE_FIXTURE(Power, "a window that madre opens later is not known to be open") {
  options.governor =
      vx11::PowerGovernor::create({.power_aware = true, .clock = clock, .wall_clock = clock})
          .value();
  to_power->then(HttpResponse(202, "application/json", R"({"window_id":"win-7"})"));
  CHECK(body_of(open(R"({"services":["switch"]})")).at("executed") == nullptr);
  CHECK(body_of(get("/operator/power/policies")).at("windows").empty());
}
