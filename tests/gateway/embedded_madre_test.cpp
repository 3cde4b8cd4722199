#include "gateway/power/embedded_madre.hpp"

#include <vx11/chat.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/transport/in_process.hpp>

#include <algorithm>
#include <memory>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace gateway;
using nlohmann::json;
using Redis = EmbeddedMadre::Redis;

namespace {

vx11::HttpResponse ask(const char* method, const char* target, Redis redis = Redis::absent) {
  const EmbeddedMadre madre(redis);
  auto answer = madre(vx11::HttpRequest(method, "", target), {});
  REQUIRE(answer);
  return *answer;
}

std::shared_ptr<vx11::Transport> transport() {
  return std::make_shared<vx11::InProcessTransport>(EmbeddedMadre(Redis::absent));
}

bool contains(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("health reports ok and the service's name") {
  const auto health = ask("GET", "/health");
  CHECK(health.status == 200);
  CHECK(json::parse(health.body) ==
        json{{"status", "ok"}, {"module", "madre"}, {"mode", "embedded"}});
}

TEST_CASE("its power state is solo_madre, as the library reads it") {
  const vx11::PowerStateClient client(transport(), "http://madre:8001");
  const auto state = client.state();
  REQUIRE(state);
  CHECK(state->policy == vx11::PowerPolicy::solo_madre);
  CHECK(state->windows.empty());
  CHECK(state->running == std::vector<std::string>{"madre", "tentaculo_link"});
  CHECK(contains(state->available, "switch"));
  CHECK(contains(state->available, "redis"));
}

TEST_CASE("a redis that is there runs") {
  const auto state = vx11::parse_power_state(ask("GET", "/madre/power/state", Redis::runs).body);
  REQUIRE(state);
  CHECK(contains(state->running, "redis"));
  CHECK_FALSE(contains(state->available, "redis"));
}

TEST_CASE("status and policy are JSON that agrees with the state") {
  const auto status = json::parse(ask("GET", "/madre/power/status").body);
  CHECK(status["window_open"] == false);
  CHECK(status["services"]["madre"] == "running");
  CHECK(status["services"]["switch"] == "stopped");
  const auto policy = json::parse(ask("GET", "/madre/power/policy/solo_madre/status").body);
  CHECK(policy["policy"] == "solo_madre");
  CHECK(policy["active"] == true);
  CHECK(json::parse(ask("POST", "/madre/power/policy/solo_madre/apply").body)["status"] ==
        "applied");
}

TEST_CASE("it refuses what it cannot do, and says so") {
  const vx11::PowerStateClient client(transport(), "http://madre:8001");
  const auto opened = client.open_window({.services = {"switch"}});
  REQUIRE(opened);
  CHECK(opened->status == 409);
  CHECK(json::parse(opened->json)["error"] == "embedded_madre");
  const auto started = client.start("switch");
  REQUIRE(started);
  CHECK(started->status == 409);
  CHECK(client.close_window()->status == 404);
}

TEST_CASE("its chat answer names madre, and does not repeat the message") {
  auto router = vx11::Router::create(
      {.targets = {{.name = "madre", .url = "http://madre:8001", .transport = transport()}}});
  REQUIRE(router);
  const auto reply = router->ask(vx11::ChatRequest("<script>alert(1)</script>", "s"));
  REQUIRE(reply);
  CHECK(reply->source == "madre");
  CHECK(reply->text.find("embedded") != std::string::npos);
  CHECK(reply->text.find("script") == std::string::npos);
}

TEST_CASE("other paths and methods are refused") {
  CHECK(ask("GET", "/nothing").status == 404);
  CHECK(ask("POST", "/health").status == 405);
  CHECK(ask("GET", "/madre/chat").status == 405);
  CHECK(ask("GET", "/madre/chat").headers.get("Allow") == "POST");
  CHECK(ask("GET", "/health?x=1").status == 200);
}
