// The power endpoints: madre's state and status, and orders to madre.
#include <string>
#include <vector>

#include "operator_power_site.hpp"

using namespace operator_power_site;

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
      const auto& case_reason = reason;  // clang 14 captures no structured binding
      CAPTURE(case_reason);
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
