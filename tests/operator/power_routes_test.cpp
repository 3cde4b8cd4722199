// Windows and commands for services: what is sent, what is refused, what is recorded.

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "gateway_site.hpp"

using namespace gateway_site;

TEST_CASE("a window is opened with a time or held, and not otherwise") {
  Site site;
  const auto open = [&](const json& body) { return site.call("POST", "/chat/window/open", body); };
  for (const json& body :
       {json{{"services", {"switch"}}}, json{{"services", {"switch"}}, {"ttl_sec", nullptr}},
        json{{"services", {"switch"}}, {"ttl_sec", 0}},
        json{{"services", {"switch"}}, {"ttl_sec", -5}},
        json{{"services", {"switch"}}, {"ttl_sec", 3601}},
        json{{"services", {"switch"}}, {"ttl_sec", 1.5}},
        json{{"services", {"switch"}}, {"ttl_sec", "60"}},
        json{{"services", {"switch"}}, {"ttl_sec", true}},
        json{{"services", {"switch"}}, {"ttl_sec", 18446744073709551615U}},
        json{{"services", {"switch"}}, {"ttl_sec", 60}, {"mode", "forever"}}, json::array(),
        json("{")}) {
    CAPTURE(body.dump());
    const ApiAnswer refused = open(body);
    CHECK(refused.status == 422);
    CHECK(refused.body["detail"][0]["msg"].is_string());
  }
  const ApiAnswer longer = open({{"services", {"switch"}}, {"ttl_sec", 3601}});
  CHECK(longer.body["detail"][0]["ctx"] == json{{"ge", 1}, {"le", 3600}});
  CHECK(site.gateway->requests.empty());

  site.gateway->answers("POST /operator/power/window/open", 200,
                        {{"window_id", "win-1"}, {"state", "open"}});
  site.gateway->answers(kState, 200, with_window());
  const ApiAnswer opened =
      open({{"services", {"switch", "hermes"}}, {"ttl_sec", 300}, {"reason", "shift"}});
  CHECK(opened.status == 200);
  CHECK(opened.body["status"] == "open");
  CHECK(opened.body["mode"] == "window_active");
  CHECK(opened.body["window_id"] == "win-1");
  CHECK(opened.body["ttl_seconds"] == 300);
  CHECK(opened.body["deadline"] == "2025-12-28T12:39:56.789Z");
  CHECK(opened.body["services"] == json({"switch", "hermes"}));
  CHECK(opened.body["active_services"].size() == 5);
  CHECK(opened.body["read_only"] == false);
  const json sent = json::parse(site.gateway->last("POST /operator/power/window/open").body);
  CHECK(sent == json{{"services", {"switch", "hermes"}},
                     {"ttl_sec", 300},
                     {"mode", "ttl"},
                     {"reason", "shift"}});
  CHECK(site.events->news() == std::vector<std::string>{"power.window_opened"});
  CHECK(site.events->last().correlation_id == "corr-1");
  CHECK(site.events->last().payload["principal"] == "ana");
  REQUIRE(site.audit->all.size() == 2);
  CHECK(site.audit->all[0].outcome == "pending");  // before it was sent
  CHECK(site.audit->all[1].action == "power.window_open");
  CHECK(site.audit->all[1].object == "win-1");
  CHECK(site.audit->all[1].outcome == "done");

  CHECK(open({{"services", {"switch"}}, {"mode", "hold"}}).status == 200);
  CHECK_FALSE(
      json::parse(site.gateway->last("POST /operator/power/window/open").body).contains("ttl_sec"));
}

TEST_CASE("a second window is refused with the one that is open") {
  Site site;
  site.gateway->answers(kState, 200, with_window("win-7", 120));
  site.gateway->answers("POST /operator/power/window/open", 409,
                        {{"detail", "open"}, {"window_id", "win-7"}});
  const ApiAnswer answer =
      site.call("POST", "/chat/window/open", {{"services", {"switch"}}, {"ttl_sec", 60}});
  CHECK(answer.status == 409);
  CHECK(answer.body["error"] == "window_open");
  CHECK(answer.body["window"]["window_id"] == "win-7");
  CHECK(answer.body["window"]["ttl_remaining_sec"] == 120);
  CHECK(site.audit->all.back().outcome == "refused");
  CHECK(site.events->last().type == "power.window_open_refused");

  const std::string path = "POST /operator/power/window/open";
  const json order = {{"services", {"switch"}}, {"ttl_sec", 60}};
  site.gateway->answers(path, 409, {{"error", "command_in_progress"}, {"status_code", 409}});
  CHECK(site.call("POST", "/chat/window/open", order).body["error"] == "command_in_progress");
  site.gateway->answers(path, 403, {{"status", "OFF_BY_POLICY"}, {"reason", "budget_spent"}});
  CHECK(site.call("POST", "/chat/window/open", order).body["reason"] == "budget_spent");
}

TEST_CASE("a window is closed by its id, or as the open one") {
  Site site;
  site.gateway->answers("POST /operator/power/window/close", 200,
                        {{"state", "closed"}, {"window_id", "win-1"}});
  CHECK(site.call("POST", "/chat/window/close").body["error"] == "no_open_window");
  site.gateway->answers(kState, 200, with_window());
  const ApiAnswer other = site.call("POST", "/chat/window/close", {{"window_id", "win-0"}});
  CHECK(other.status == 409);
  CHECK(other.body["error"] == "window_mismatch");
  CHECK(other.body["window"]["window_id"] == "win-1");
  CHECK(site.gateway->last("POST /operator/power/window/close").method.empty());
  CHECK(site.call("POST", "/chat/window/close", {{"window_id", 7}}).status == 422);

  site.gateway->on_request = [&](const HttpRequest& request) {
    if (request.target == "/operator/power/window/close")
      site.gateway->answers(kState, 200, solo_madre());
  };
  const ApiAnswer closed = site.call("POST", "/chat/window/close");
  CHECK(closed.status == 200);
  CHECK(closed.body["status"] == "none");
  CHECK(closed.body["mode"] == "solo_madre");
  // By id, although none was given: a window that was opened meanwhile stays.
  CHECK(json::parse(site.gateway->last("POST /operator/power/window/close").body)["window_id"] ==
        "win-1");
  CHECK(site.events->last().type == "power.window_closed");
}

TEST_CASE("read-only backends and callers who may only look change nothing") {
  backend::GatewayRouteOptions options;
  options.read_only = true;
  Site closed(options);
  Site site;
  site.caller.scopes = {Scope::status, Scope::power_read, Scope::chat};
  for (Site* each : {&closed, &site}) {
    const json body = {{"services", {"switch"}}, {"ttl_sec", 60}};
    for (const ApiAnswer& answer :
         {each->call("POST", "/chat/window/open", body), each->call("POST", "/chat/window/close"),
          each->call("POST", "/service/{name}/stop", json::object(), "switch"),
          each->call("POST", "/breakers/{name}/isolate", json::object(), "switch")}) {
      CHECK(answer.status == 403);
      CHECK(answer.body["status"] == "OFF_BY_POLICY");
      CHECK_FALSE(answer.body["recommended_action"].get<std::string>().empty());
    }
    CHECK(each->gateway->requests.empty());
    REQUIRE(each->audit->all.size() == 4);
    CHECK(each->audit->all[0].action == "power.window_open");
    CHECK(each->audit->all[2].action == "service.stop");
    CHECK(each->audit->all[2].object == "switch");
    CHECK(each->audit->all[3].action == "breaker.isolate");
    for (const auto& entry : each->audit->all) CHECK(entry.outcome == "refused");
    CHECK(each->audit->all[0].detail["reason"] ==
          (each == &closed ? "read_only" : "missing_scope"));
    CHECK(each->call("GET", "/chat/window/status").body["read_only"] == true);
  }
}

TEST_CASE("a plan is not executed, and what madre does is") {
  Site site;
  const std::string path = "POST /operator/power/service/hermes/restart";
  site.gateway->answers(path, 200,
                        {{"status", "plan"}, {"executed", false}, {"plan", json::array()}});
  const ApiAnswer planned = site.call("POST", "/service/{name}/restart", json::object(), "hermes");
  CHECK(planned.status == 200);
  CHECK(planned.body["executed"] == false);
  CHECK(planned.body["status"] == "plan");
  CHECK(planned.body["service"] == "hermes");
  CHECK(planned.body["action"] == "restart");
  CHECK(site.audit->all.back().outcome == "planned");
  CHECK(site.events->last().type == "service.restart_planned");

  site.gateway->answers(path, 200, {{"status", "running"}, {"service", "hermes"}});
  site.headers.add("X-VX11-Power-Key", "key-1");
  site.headers.add("User-Agent", "browser");
  const json order = {
      {"apply", true}, {"confirm", "I_UNDERSTAND_THIS_STOPS_SERVICES"}, {"reason", "stuck"}};
  const ApiAnswer done = site.call("POST", "/service/{name}/restart", order, "hermes");
  CHECK(done.body["executed"] == true);
  CHECK(done.body["madre"]["service"] == "hermes");
  CHECK(json::parse(site.gateway->last(path).body) == order);
  CHECK(site.gateway->last(path).headers.get("X-VX11-Power-Key") == "key-1");
  CHECK(site.gateway->last(path).headers.get("User-Agent") == "browser");
  CHECK(site.audit->all.back().outcome == "done");
  CHECK(site.audit->all.back().detail["reason"] == "stuck");
  CHECK(site.audit->all.back().detail.dump().find("I_UNDERSTAND") == std::string::npos);

  // A step failed; and what became of it is not known.
  site.gateway->answers(path, 200, {{"status", "done"}, {"executed", false}, {"failed_steps", 1}});
  CHECK(site.call("POST", "/service/{name}/restart", order, "hermes").body["executed"] == false);
  CHECK(site.audit->all.back().outcome == "failed");
  site.gateway->answers(path, 200, {{"status", "accepted"}, {"executed", nullptr}});
  CHECK(site.call("POST", "/service/{name}/restart", order, "hermes").body["executed"] == false);
  CHECK(site.audit->all.back().outcome == "pending");
}

TEST_CASE("refusals, rates and unfinished commands of madre are passed on") {
  Site site;
  const std::string path = "POST /operator/power/service/switch/stop";
  const auto stop = [&] {
    return site.call("POST", "/service/{name}/stop", json::object(), "switch");
  };
  HttpResponse busy(429, "application/json", R"({"detail":"six a minute"})");
  busy.headers.add("Retry-After", "11");
  site.gateway->responds(path, busy);
  const ApiAnswer limited = stop();
  CHECK(limited.status == 429);
  CHECK(limited.headers.get("Retry-After") == "11");
  CHECK(limited.body["message"] == "six a minute");
  CHECK(limited.body["status_code"] == 429);
  site.gateway->answers(
      path, 504,
      {{"status", "pending"}, {"module", "madre"}, {"reason", "timeout"}, {"message", "m"}});
  const ApiAnswer pending = stop();
  CHECK(pending.status == 504);
  CHECK(pending.body["status"] == "pending");
  CHECK(site.audit->all.back().outcome == "pending");
  site.gateway->answers(path, 409, {{"detail", "a core service is not stopped"}});
  CHECK(stop().body["message"] == "a core service is not stopped");
  site.gateway->answers(path, 403, {{"status", "OFF_BY_POLICY"}, {"service", "switch"}});
  CHECK(stop().body["status"] == "OFF_BY_POLICY");
  site.gateway->responds(path, vx11::fail(Errc::unreachable, "refused"));
  CHECK(stop().status == 503);
  CHECK(site.audit->all.back().outcome == "failed");
  CHECK(site.call("POST", "/service/{name}/stop", json::object(), "nonsense").status == 422);
}

TEST_CASE("a command continues when its caller has left, and is in the audit") {
  Site site;
  site.gateway->answers("POST /operator/power/service/switch/start", 200, {{"status", "running"}});
  std::stop_source left;
  left.request_stop();
  site.deadline = vx11::Deadline(vx11::TimePoint::max(), left.get_token());
  CHECK(site.call("POST", "/service/{name}/start", json::object(), "switch").status == 200);
  REQUIRE(site.audit->all.size() == 2);
  CHECK(site.audit->all[1].outcome == "done");
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).status == 503);
  CHECK(site.audit->all.size() == 2);  // a chat ends with its caller
}

TEST_CASE("what became of a command that the gateway may have carried out is not known") {
  const vx11::Result<HttpResponse> answers[] = {
      vx11::fail(Errc::timeout, "late"),
      vx11::fail(Errc::unreachable, "connection closed before an answer"),
      HttpResponse(200, "text/html", "<html>"), HttpResponse(502, "text/html", "<html>")};
  for (const auto& answer : answers) {
    Site site;
    site.gateway->responds("POST /operator/power/service/switch/stop", answer);
    const ApiAnswer pending = site.call("POST", "/service/{name}/stop", json::object(), "switch");
    CHECK(pending.status == 504);
    CHECK(pending.body["status"] == "pending");
    CHECK(site.audit->all.back().outcome == "pending");
    CHECK(site.events->last().type == "service.stop_pending");
  }
}

TEST_CASE("what is sent is what was understood, and audited") {
  Site site;
  const std::string path = "POST /operator/power/service/switch/stop";
  site.gateway->answers(path, 200, {{"status", "plan"}});
  site.call("POST", "/service/{name}/stop", R"({"apply":true,"apply":false})", "switch");
  CHECK(site.gateway->last(path).body == R"({"apply":false})");
  CHECK(site.audit->all.back().detail["apply"] == false);
}

TEST_CASE("a command whose audit cannot be written is not sent") {
  Site site;
  site.gateway->answers("POST /operator/power/service/switch/start", 200, {{"status", "running"}});
  site.audit->fails = true;
  const ApiAnswer answer = site.call("POST", "/service/{name}/start", json::object(), "switch");
  CHECK(answer.status == 503);
  CHECK(answer.body["module"] == "database");
  CHECK(site.gateway->requests.empty());
}
