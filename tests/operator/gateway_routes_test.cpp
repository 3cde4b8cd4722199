// What the backend asks of the gateway, and what it makes of the answers.

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "gateway_site.hpp"

using namespace gateway_site;

TEST_CASE("a request is sent with the caller's token and the correlation id") {
  Site site;
  CHECK(site.call("GET", "/status").status == 200);
  for (const HttpRequest& sent : site.gateway->requests) {
    CHECK(sent.headers.get("Authorization") == "Bearer token-of-ana");
    CHECK(sent.headers.get("X-Request-Id") == "corr-1");
    CHECK(sent.origin == "http://gateway.test:8000");
  }
  // Evidence alone: nothing else is asked.
  REQUIRE(site.gateway->requests.size() == 2);
  CHECK(site.gateway->requests[0].target == "/operator/status");
  CHECK(site.gateway->requests[1].target == "/operator/power/state");
}

TEST_CASE("status shows every service with its evidence") {
  Site site;
  const json body = site.call("GET", "/status").body;
  CHECK(body["status"] == "ok");
  CHECK(body["policy"] == "solo_madre");
  CHECK(body["degraded"] == false);
  CHECK(body["window"]["mode"] == "solo_madre");
  CHECK(body["window"]["services"] == json::array());
  CHECK(body["core_services"].size() == 3);
  CHECK(body["core_services"]["madre"]["status"] == "ok");
  CHECK(body["core_services"]["madre"]["reason"].is_null());
  CHECK(body["core_services"]["madre"]["source"] == "probe");
  // A closed breaker does not show that a service runs which madre has asleep.
  CHECK(body["optional_services"]["switch"]["status"] == "asleep");
  CHECK(body["optional_services"]["hermes"]["reason"] == "off_by_policy");
  CHECK(body["optional_services"]["operator-backend"]["source"] == "self");

  site.gateway->answers(kState, 200, with_window());
  const json open = site.call("GET", "/status").body;
  CHECK(open["policy"] == "operative_core");
  CHECK(open["window"]["mode"] == "window_active");
  CHECK(open["window"]["services"] == json({"switch", "hermes"}));
  CHECK(open["optional_services"]["switch"]["status"] == "available");
}

TEST_CASE("a core service that does not answer is degraded, and an unknown madre never full") {
  Site site;
  json status = healthy_status();
  status["status"] = "degraded";
  status["components"]["madre"] = {{"status", "unreachable"}, {"port", 8001}};
  status["windows"]["policy"] = "unknown";
  site.gateway->answers(kStatus, 200, status);
  site.gateway->answers(
      kState, 503, {{"status", "service_offline"}, {"module", "madre"}, {"reason", "timeout"}});
  const json body = site.call("GET", "/status").body;
  CHECK(body["degraded"] == true);
  CHECK(body["policy"] == "unknown");
  CHECK(body["window"]["mode"] == "degraded");
  CHECK(body["optional_services"]["hermes"]["reason"] == "timeout");
  const json modules = site.call("GET", "/modules").body["modules"];
  CHECK(modules["madre"]["status"] == "DEGRADED");
  CHECK(modules["hermes"]["status"] == "UNKNOWN");
  const json window = site.call("GET", "/chat/window/status").body;
  CHECK(window["mode"] == "degraded");
  CHECK(window["degraded"] == true);
  CHECK(window["reason"] == "timeout");
  CHECK(window["policy"] == "unknown");
}

TEST_CASE("modules and topology have the words that pages test") {
  Site site;
  const json modules = site.call("GET", "/modules").body["modules"];
  CHECK(modules["madre"] == json({{"status", "UP"},
                                  {"port", 8001},
                                  {"category", "core"},
                                  {"reason", nullptr},
                                  {"checked_at", "2025-12-28T12:34:56.789Z"},
                                  {"source", "probe"}}));
  CHECK(modules["hermes"]["status"] == "OFF_BY_POLICY");
  CHECK(modules["hermes"]["reason"] == "solo_madre");
  CHECK(modules["hermes"]["port"] == 8003);
  CHECK(modules["operator-backend"]["status"] == "UP");
  CHECK(modules["operator-backend"]["category"] == "operator");
  CHECK(modules["operator-frontend"]["status"] == "UP");
  CHECK(modules["manifestator"]["port"].is_null());
  const json topology = site.call("GET", "/topology").body;
  CHECK(topology["nodes"].size() == modules.size());
  for (const json& edge : topology["edges"]) {
    CHECK(modules.contains(edge["from"].get<std::string>()));
    CHECK(modules.contains(edge["to"].get<std::string>()));
  }
}

TEST_CASE("a gateway that is away is 503, and its return shows within a second") {
  Site site;
  site.gateway->responds(kStatus, vx11::fail(Errc::unreachable, "refused"));
  site.gateway->responds(kState, vx11::fail(Errc::unreachable, "refused"));
  for (int i = 0; i < 4; ++i) {
    const ApiAnswer answer = site.call("GET", "/status");
    CHECK(answer.status == 503);
    CHECK(answer.body["status"] == "service_offline");
    CHECK(answer.body["module"] == "tentaculo_link");
    CHECK(answer.headers.get("Retry-After") == "1");
  }
  const std::size_t sent = site.gateway->requests.size();
  CHECK(sent == 5);  // the third status opened the breaker between its two calls
  CHECK(site.call("GET", "/slo").body["reason"] == "circuit_open");
  CHECK(site.gateway->requests.size() == sent);
  site.clock.advance(std::chrono::seconds(1));
  site.gateway->answers("GET /operator/slo", 200, {{"objectives", json::array()}});
  CHECK(site.call("GET", "/slo").status == 200);
}

TEST_CASE("the rules of the gateway are passed on, and what has none is no gateway") {
  Site site;
  const std::string path = "GET /operator/power/policies";
  site.gateway->answers(path, 200, {{"bounds", {{"max_ttl_sec", 60}}}});
  CHECK(site.call("GET", "/power/policies").body["bounds"]["max_ttl_sec"] == 60);
  site.gateway->answers(path, 200, {{"status", "ok"}});
  CHECK(site.call("GET", "/power/policies").body["reason"] == "invalid_reply");
  site.gateway->answers(path, 404, {{"error", "not_found"}, {"status_code", 404}});
  CHECK(site.call("GET", "/power/policies").status == 404);
}

TEST_CASE("a long chat that finds the gateway again keeps nothing else from it") {
  Site site;
  site.gateway->responds("GET /operator/slo", vx11::fail(Errc::unreachable, "refused"));
  for (int i = 0; i < 5; ++i) site.call("GET", "/slo");
  CHECK(site.call("GET", "/slo").body["reason"] == "circuit_open");
  site.clock.advance(std::chrono::seconds(1));
  site.gateway->answers("GET /operator/slo", 200, {{"objectives", json::array()}});
  site.gateway->answers(kAsk, 200, answer_of_switch());
  int status = 0;
  site.gateway->on_request = [&](const HttpRequest& request) {
    if (request.method == "POST") status = site.call("GET", "/slo").status;
  };
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).status == 200);
  CHECK(status == 200);
}

TEST_CASE("what is not the gateway is said to be none") {
  Site site;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const HttpResponse& nonsense :
       {HttpResponse(200, "text/html", "<html>sign in</html>"),
        HttpResponse(200, "application/json", "[]"),
        HttpResponse(200, "application/json", R"({"status":"ok"})"),
        HttpResponse(200, "application/json", R"({"status":"ok","components":[],"windows":{}})"),
        HttpResponse(200, "application/json", "{\"status\":\"\xFF\"}"),
        HttpResponse(200, "application/json", deep), HttpResponse(200, "application/json", ""),
        HttpResponse(302, "text/html", ""), HttpResponse(404, "text/plain", "no")}) {
    CAPTURE(nonsense.body.substr(0, 80));
    site.gateway->responds(kStatus, nonsense);
    const ApiAnswer answer = site.call("GET", "/status");
    CHECK(answer.status == 503);
    CHECK(answer.body["reason"] == "invalid_reply");
  }
  site.gateway->responds(kStatus, vx11::fail(Errc::too_large, "10 MB"));
  CHECK(site.call("GET", "/status").body["reason"] == "invalid_reply");
  // A proxy that has no gateway behind it.
  site.gateway->responds(kStatus, HttpResponse(502, "text/html", "<html>bad gateway</html>"));
  CHECK(site.call("GET", "/status").body["reason"] == "unreachable");
  // Members of other types do not matter.
  site.gateway->answers(kStatus, 200,
                        {{"status", "ok"},
                         {"components",
                          {{"madre", 7},
                           {"redis",
                            {{"status", json::array()},
                             {"reason", {{"deep", 1}}},
                             {"port", "6379"},
                             {"checked_at", 5}}}}},
                         {"windows", {{"policy", 3}}}});
  site.gateway->answers(kState, 200, {{"policy", json::object()}});
  const ApiAnswer odd = site.call("GET", "/status");
  CHECK(odd.status == 200);
  CHECK(odd.body["policy"] == "unknown");
  CHECK(odd.body["degraded"] == true);
  CHECK(odd.body["core_services"]["redis"] == json({{"status", "unknown"}, {"reason", nullptr}}));
}

TEST_CASE("no member of another type than it should have is more than an answer without sense") {
  const std::vector<json> odd = {nullptr,
                                 true,
                                 -1,
                                 1e308,
                                 std::uint64_t{18'446'744'073'709'551'615U},
                                 std::string(3'000, 'x'),
                                 json::array({json::array()}),
                                 json::object({{"a", 1}})};
  const std::vector<std::pair<const char*, json>> answers = {{kStatus, healthy_status()},
                                                             {kState, with_window()}};
  for (const auto& [question, good] : answers) {
    const json leaves = good.flatten();
    for (const auto& [pointer, value] : leaves.items()) {
      for (const json& other : odd) {
        CAPTURE(pointer);
        CAPTURE(other.type_name());
        Site site;
        json changed = good;
        changed[json::json_pointer(pointer)] = other;
        site.gateway->answers(question, 200, changed);
        for (const char* route : {"/status", "/modules", "/topology", "/chat/window/status"}) {
          const int status = site.call("GET", route).status;
          CHECK((status == 200 || status == 503));
        }
      }
    }
  }
}

TEST_CASE("what the gateway refuses is passed on") {
  Site site;
  site.gateway->answers(kStatus, 401, {{"error", "auth_required"}, {"status_code", 401}});
  CHECK(site.call("GET", "/status").status == 401);
  HttpResponse busy(429, "application/json", R"({"error":"too_many_requests","status_code":429})");
  busy.headers.add("Retry-After", "7");
  site.gateway->responds(kStatus, busy);
  const ApiAnswer answer = site.call("GET", "/status");
  CHECK(answer.status == 429);
  CHECK(answer.headers.get("Retry-After") == "7");
}

TEST_CASE("breakers are listed, isolated and reset") {
  Site site;
  const json closed = {
      {"state", "closed"}, {"failure_count", 0}, {"last_failure", nullptr}, {"mode", "automatic"}};
  site.gateway->answers("GET /vx11/circuit-breaker/status", 200,
                        {{"status", "ok"}, {"breakers", {{"switch", closed}}}, {"timestamp", "t"}});
  const json list = site.call("GET", "/breakers").body;
  CHECK(list == json{{"breakers", {{"switch", closed}}}, {"timestamp", "t"}});
  json isolated = closed;
  isolated["state"] = "open";
  isolated["mode"] = "isolated";
  site.gateway->answers("POST /vx11/circuit-breaker/a%2Fb/isolate", 200,
                        {{"status", "ok"}, {"breakers", {{"a/b", isolated}}}, {"timestamp", "t"}});
  const ApiAnswer answer = site.call("POST", "/breakers/{name}/isolate", json::object(), "a%2Fb");
  CHECK(answer.body == json{{"name", "a/b"}, {"state", "open"}, {"mode", "isolated"}});
  CHECK(site.events->last().type == "breaker.isolate_done");
  const ApiAnswer unknown = site.call("POST", "/breakers/{name}/reset", json::object(), "x");
  CHECK(unknown.status == 404);
  CHECK(site.audit->all.back().outcome == "refused");
}
