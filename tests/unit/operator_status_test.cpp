// GET /operator/status: what it reports, and that it wakes no service.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

json status_of(Site& site) {
  const HttpResponse answer = site.get("/operator/status");
  CHECK(answer.status == 200);
  return body_of(answer);
}

}  // namespace

TEST_CASE_FIXTURE(Site, "all well: the contract's answer, field by field") {
  const json body = status_of(*this);
  CHECK(body.size() == 3);
  CHECK(body.at("status") == "ok");
  const json& parts = body.at("components");
  CHECK(parts.size() == 4);
  CHECK(parts.at("tentaculo_link").at("status") == "ok");
  CHECK(parts.at("tentaculo_link").at("port") == 8123);
  CHECK(parts.at("tentaculo_link").at("source") == "self");
  CHECK(parts.at("madre").at("status") == "ok");
  CHECK(parts.at("madre").at("port") == 8001);
  CHECK(parts.at("madre").at("source") == "probe");
  CHECK(parts.at("redis").at("status") == "unknown");
  CHECK(parts.at("redis").at("reason") == "not_configured");
  CHECK(parts.at("redis").at("port") == 6379);
  CHECK(parts.at("switch").at("status") == "available");
  CHECK(parts.at("switch").at("port") == 8002);
  CHECK(parts.at("switch").at("source") == "breaker");
  CHECK(body.at("windows") == json{{"policy", "solo_madre"}, {"active_count", 0}});
}

TEST_CASE_FIXTURE(Site, "every component says when and how long it was looked at") {
  const json parts = status_of(*this).at("components");
  for (const auto& [name, part] : parts.items()) {
    const auto& case_name = name;  // clang 14 captures no structured binding
    CAPTURE(case_name);
    CHECK(part.at("latency_ms").is_number());
    CHECK(part.at("checked_at") == "2025-12-28T12:34:56.789Z");
  }
}

TEST_CASE_FIXTURE(Site, "an open window is counted, in madre's other dialect too") {
  to_view = std::make_shared<ScriptedTransport>();
  to_view->then_json(kWindowed);
  health.power = view(to_view);
  CHECK(status_of(*this).at("windows") == json{{"policy", "operative_core"}, {"active_count", 1}});
}

TEST_CASE_FIXTURE(Site, "an unavailable power state is unknown, with no window") {
  health.power = nullptr;
  CHECK(status_of(*this).at("windows") == json{{"policy", "unknown"}, {"active_count", 0}});
}

TEST_CASE_FIXTURE(Site, "a madre that cannot be reached is unreachable, and the whole is not ok") {
  to_health = std::make_shared<ScriptedTransport>();
  to_health->then_fail(Errc::timeout);
  health.components[1].check = vx11::make_http_probe(to_health, "http://madre:8001").value();
  const json body = status_of(*this);
  CHECK(body.at("status") == "offline");
  CHECK(body.at("components").at("madre").at("status") == "unreachable");
  CHECK(body.at("components").at("madre").at("error") == "connection timeout after 2s");
  CHECK(body.at("components").at("madre").at("port") == 8001);
}

TEST_CASE_FIXTURE(Site, "an open circuit of switch is reported and alone leaves the whole ok") {
  trip(*switch_breaker);
  const json body = status_of(*this);
  CHECK(body.at("status") == "ok");
  const json& part = body.at("components").at("switch");
  CHECK(part.at("status") == "offline");
  CHECK(part.at("reason") == "circuit_open");
  CHECK(part.at("port") == 8002);
}

TEST_CASE_FIXTURE(Site, "a circuit whose time has passed reads as available without being probed") {
  trip(*switch_breaker);
  clock.advance(60s);
  CHECK(status_of(*this).at("components").at("switch").at("status") == "available");
  CHECK(switch_breaker->state() == vx11::CircuitState::half_open);
  CHECK(to_switch->calls() == 0);
}

TEST_CASE_FIXTURE(Site,
                  "hundreds of looks at status and power never call switch nor trip a breaker") {
  to_power->then_json(kSoloMadre);
  for (int i = 0; i < 300; ++i) {
    CHECK(get("/operator/status").status == 200);
    CHECK(get("/operator/power/state").status == 200);
    send(HttpRequest("GET", {}, "/operator/status"));
    get("/operator/power/status");
    get("/vx11/circuit-breaker/status");
    get("/metrics");
    get("/readyz");
  }
  CHECK(to_switch->calls() == 0);
  CHECK(to_madre->calls() == 0);
  CHECK(switch_breaker->snapshot().generation == 0);
  CHECK(switch_breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Site, "looking at a madre that is down does not count against its circuit") {
  to_health = std::make_shared<ScriptedTransport>();
  to_view = std::make_shared<ScriptedTransport>();
  health.components[1].check = vx11::make_http_probe(to_health, "http://madre:8001").value();
  health.power = view(to_view);
  for (int i = 0; i < 10; ++i) status_of(*this);
  CHECK(madre_breaker->state() == vx11::CircuitState::closed);
  CHECK(madre_breaker->snapshot().failures == 0);
}

TEST_CASE_FIXTURE(Site, "looks without a token start no round of checks") {
  for (int i = 0; i < 10; ++i) send(HttpRequest("GET", {}, "/operator/status"));
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "many threads may ask everything at once") {
  to_switch->then_json(R"({"response":"fine"})");
  to_power->then_json(kSoloMadre);
  api();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        good += get("/operator/status").status == 200;
        good += chat(R"({"message":"m","session_id":"shared"})").status == 200;
        good += get("/operator/session/shared").status == 200;
        good += get("/operator/power/state").status == 200;
        good += get("/metrics").status == 200;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 4 * 50 * 5);
}

TEST_CASE_FIXTURE(Site, "observe: operational or degraded, with every component, from evidence") {
  const json body = body_of(get("/operator/observe"));
  CHECK(body.at("status") == "operational");
  CHECK(body.at("timestamp") == "2025-12-28T12:34:56.789Z");
  CHECK(body.at("health").at("madre").at("status") == "ok");
  CHECK(body.at("health").at("switch").at("status") == "available");
  to_health = std::make_shared<ScriptedTransport>();
  Site down;
  down.health.components[1].check = vx11::make_http_probe(to_health, "http://madre:8001").value();
  std::vector<std::string> events;
  down.options.on_event = [&](const vx11::OperatorEvent& event) {
    events.push_back(std::string(to_string(event.kind)) + ": " + std::string(event.subject));
  };
  CHECK(body_of(down.get("/operator/observe")).at("status") == "degraded");
  CHECK(events == std::vector<std::string>{"component degraded: madre"});
  CHECK(to_switch->calls() + down.to_switch->calls() == 0);
}

TEST_CASE_FIXTURE(Site, "vx11/status: mode, policy and who is available, from evidence") {
  CHECK(body_of(get("/vx11/status")) == json::parse(R"({"mode":"solo_madre","policy":"solo_madre",
    "madre_available":true,"switch_available":true,"spawner_available":false,
    "timestamp":"2025-12-28T12:34:56.789Z"})"));
  Site windowed;
  windowed.to_view = std::make_shared<ScriptedTransport>();
  windowed.to_view->then_json(R"({"policy":"windowed","window_id":"w",
    "active_services":["madre","redis","spawner"]})");
  windowed.health.power = windowed.view(windowed.to_view);
  trip(*windowed.switch_breaker);
  const json body = body_of(windowed.get("/vx11/status"));
  CHECK(body.at("mode") == "windowed");
  CHECK(body.at("policy") == "operative_core");
  CHECK(body.at("switch_available") == false);
  CHECK(body.at("spawner_available") == true);
  CHECK(to_switch->calls() + windowed.to_switch->calls() == 0);
  Site blind;
  blind.health.power = nullptr;
  CHECK(body_of(blind.get("/vx11/status")).at("mode") == "unknown");
}

TEST_CASE_FIXTURE(Site, "an embedded madre is said in status, health and the metadata of chats") {
  health.components[1].embedded = true;
  options.embedded = {"madre"};
  to_madre->then_json(R"({"response":"canned"})");
  CHECK(status_of(*this).at("components").at("madre").at("source") == "embedded");
  CHECK(body_of(get("/health")).at("embedded") == true);
  const json answer = body_of(chat(R"({"message":"m","session_id":"s"})"));
  CHECK(answer.at("metadata").at("source") == "madre_fallback");
  CHECK(answer.at("metadata").at("embedded") == true);
  const json messages = body_of(get("/operator/session/s")).at("messages");
  CHECK(messages.at(1).at("metadata").at("embedded") == true);
}
