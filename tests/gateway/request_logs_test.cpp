// What the audit log says, and that it is silent about the rest.

#include "gateway/telemetry/request_logs.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "gateway/log/log_members.hpp"

using gateway::audit_action;
using gateway::audit_line;
using nlohmann::json;
using vx11::RequestRecord;

namespace {

RequestRecord record(std::string_view method, std::string_view route, int status = 200) {
  RequestRecord made;
  made.method = method;
  made.route = route;
  made.target = route;
  made.status = status;
  made.is_admitted = status < 400;
  return made;
}

}  // namespace

TEST_CASE("commands, tasks, sessions and administration are logged") {
  const std::vector<std::pair<RequestRecord, std::string>> cases = {
      {record("POST", "/operator/power/window/open"), "power.window.open"},
      {record("POST", "/operator/power/service/{}/stop"), "power.service.stop"},
      {record("POST", "/operator/power/policy/solo_madre/apply"), "power.policy.solo_madre.apply"},
      {record("POST", "/operator/task"), "task"},
      {record("GET", "/operator/session/{}"), "session.read"},
      {record("DELETE", "/operator/session/{}"), "session.delete"},
      {record("POST", "/admin/reload"), "admin.reload"},
      {record("GET", "/operator/power/state"), ""},
      {record("GET", "/operator/power/policy/solo_madre/status"), ""},
      {record("OPTIONS", "/operator/session/{}"), ""},
      {record("POST", "/operator/session/{}"), ""},
      {record("POST", "/operator/power/window/close"), "power.window.close"},
      {record("POST", "/vx11/circuit-breaker/{}/isolate"), "circuit-breaker.isolate"},
      {record("GET", "/vx11/circuit-breaker/status"), ""},
      {record("POST", "/operator/manifestator/emit-intent"), "manifestator.emit-intent"},
      {record("POST", "/manifestator/builder/emit-intent"), "manifestator.emit-intent"},
      {record("POST", "/operator/inee/colony/register"), "inee.colony.register"},
      {record("POST", "/operator/inee/colony/heartbeat"), ""},
      {record("GET", "/operator/inee/status"), ""},
      {record("POST", "/operator/chat/ask"), ""},
      {record("GET", "/livez"), ""}};
  for (const auto& [each, action] : cases) CHECK(audit_action(each) == action);
}

TEST_CASE("refused credentials and scopes are logged everywhere, requests without one are not") {
  RequestRecord refused = record("POST", "/operator/chat/ask", 403);
  refused.error = "forbidden";
  CHECK(audit_action(refused) == "access");
  refused.status = 429;
  refused.error = "too_many_attempts";
  CHECK(audit_action(refused) == "access");
  refused.status = 401;
  refused.error = "auth_required";
  CHECK(audit_action(refused).empty());
  RequestRecord stop = record("POST", "/operator/power/service/{}/stop", 401);
  stop.error = "auth_required";
  CHECK(audit_action(stop).empty());
  refused.status = 404;
  CHECK(audit_action(refused).empty());
}

TEST_CASE("a line says who, what, from where and with which outcome") {
  RequestRecord stop = record("POST", "/operator/power/service/{}/stop");
  stop.target = "/operator/power/service/redis\"%0a/stop?token=secret";
  stop.principal = "op\u00e9rateur";
  stop.peer = "203.0.113.7";
  stop.request_id = "r-1";
  const std::string line = audit_line(stop, audit_action(stop), {});
  const json parsed = json::parse(line);
  CHECK(parsed.at("action") == "power.service.stop");
  CHECK(parsed.at("outcome") == "done");
  CHECK(parsed.at("principal") == "op\u00e9rateur");
  CHECK(parsed.at("peer") == "203.0.113.7");
  CHECK(parsed.at("object") == "redis\"%0a");
  CHECK(parsed.at("request_id") == "r-1");
  CHECK(parsed.at("status") == 200);
  CHECK(line.find("secret") == std::string::npos);

  RequestRecord refused = record("POST", "/operator/task", 403);
  refused.error = "insufficient_scope";
  const json missing = json::parse(
      audit_line(refused, "task", {.kind = {}, .principal = "ci", .reason = "power:write"}));
  CHECK(missing.at("outcome") == "refused");
  CHECK(missing.at("principal") == "ci");
  CHECK(missing.at("reason") == "power:write");

  RequestRecord failed = record("POST", "/operator/task", 503);
  failed.is_admitted = true;
  CHECK(json::parse(audit_line(failed, "task", {})).at("outcome") == "failed");
}

TEST_CASE("the members of both logs are those of their tables") {
  RequestRecord full = record("POST", "/operator/power/service/{}/stop", 403);
  full.target = "/operator/power/service/redis/stop";
  full.request_id = full.trace_id = full.principal = full.peer = full.source = full.error = "x";
  full.bytes_in = full.bytes_out = full.attempts = 1;
  full.end = vx11::AnswerEnd::done;
  std::string audited = audit_line(full, "action", {.kind = {}, .principal = {}, .reason = "x"});
  audited.insert(1, R"("by":"SIGHUP",)");
  for (const auto& [line, members] : {std::pair(to_json_line(full), gateway::access_log_members()),
                                      std::pair(audited, gateway::audit_log_members())}) {
    CAPTURE(line);
    CHECK(json::parse(line).size() == members.size());
    for (const auto& member : members) {
      CAPTURE(member.name);
      CHECK(json::parse(line).contains(member.name));
    }
  }
}
