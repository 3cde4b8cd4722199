// What became of a command: in the answer, in logs, and for the commands after it.
#include <vx11/http_request_log.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "held_transport.hpp"
#include "operator_power_site.hpp"

using namespace operator_power_site;

namespace {

/// The answer to a command that madre answers so.
json stopped_with(const std::string& said) {
  Power site;
  site.to_power->then_json(said);
  return body_of(site.post("/operator/power/service/switch/stop"));
}

}  // namespace

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

namespace {

/// The API in a log of requests, which keeps the outcome of the last one.
struct Logged : Power {
  std::string outcome_of(const std::string& path, const std::string& body = {}) {
    std::string seen;
    vx11::RequestLogOptions log;
    log.sink = [&](const vx11::RequestRecord& record) { seen = record.outcome; };
    const auto handler =
        std::make_shared<OperatorApi>(OperatorApi::create(complete_options()).value());
    const auto logged = vx11::make_request_log(handler, log).value();
    const HttpRequest request = with_body("POST", path, body);
    const auto admission = logged->admit(request);
    REQUIRE(admission);
    vx11::sync_wait(logged->open(request, *admission, {}));
    return seen;
  }
  std::string outcome_of_stop() { return outcome_of("/operator/power/service/switch/stop"); }
};

}  // namespace

TEST_CASE("logs say what became of a command, not only that it was answered") {
  for (const auto& [said, outcome] :
       std::vector<std::pair<std::string, std::string>>{{R"({"status":"ok"})", "done"},
                                                        {R"({"status":"plan"})", "planned"},
                                                        {R"({"status":"failed"})", "failed"},
                                                        {R"({"executed":[{"rc":1}]})", "failed"},
                                                        {R"({"status":"queued"})", "pending"},
                                                        {R"({"status":"perhaps"})", "unknown"}}) {
    Logged site;
    site.to_power->then_json(said);
    const std::string& answer = said;  // clang 14 captures no structured binding
    CHECK_MESSAGE(site.outcome_of_stop() == outcome, answer);
  }
  const auto answered = [](vx11::Result<HttpResponse> answer) {
    Logged site;
    site.to_power->then(std::move(answer));
    return site.outcome_of_stop();
  };
  CHECK(answered(HttpResponse(202, "application/json", "{}")) == "pending");
  CHECK(answered(HttpResponse(429, "application/json", "{}")) == "refused");
  CHECK(answered(HttpResponse(500)) == "unknown");
  CHECK(answered(vx11::fail(Errc::timeout)) == "pending");
  CHECK(answered(vx11::fail(Errc::unreachable)) == "unknown");
  CHECK(answered(vx11::fail(Errc::exhausted)) == "failed");
}

TEST_CASE_FIXTURE(Logged, "a window that the policies refuse is a refusal in logs") {
  options.governor =
      vx11::PowerGovernor::create({.bounds = {.max_ttl = 60s}, .clock = clock, .wall_clock = clock})
          .value();
  CHECK(outcome_of("/operator/power/window/open", R"({"services":["switch"]})") == "refused");
  CHECK(outcome_of("/operator/power/window/open", "{}").empty());  // no command
}

TEST_CASE_FIXTURE(Power, "a command counts as in progress until it ends, also without its caller") {
  vx11::OperatorApiOptions all = complete_options();
  all.governor = vx11::PowerGovernor::create({.power_aware = true}).value();
  const auto madre = std::make_shared<vx11::fakes::HeldTransport>();
  all.power = std::make_shared<const vx11::PowerStateClient>(madre, "http://madre:8001");
  const auto served = OperatorApi::create(all).value();
  std::size_t calls = 0;
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/operator/power/window/open", R"({"services":["switch"],"ttl_sec":60})"},
           {"/operator/power/window/close", ""},
           {"/operator/power/policy/solo_madre/apply", ""},
           {"/operator/power/service/switch/stop", ""}}) {
    const auto& case_path = path;  // clang 14 captures no structured binding
    CAPTURE(case_path);
    std::stop_source caller;
    const HttpRequest request = with_body("POST", path, body);
    vx11::fakes::Running<HttpResponse> running(
        served.handle(request, vx11::Deadline(vx11::TimePoint::max(), caller.get_token())));
    REQUIRE(madre->calls() == ++calls);
    caller.request_stop();
    running.result();
    const auto other = all.governor->admit({.services = {"switch"}});
    REQUIRE_FALSE(other);
    CHECK(other.error().is_busy());
    madre->answer(calls - 1, R"({"status":"ok","window_id":"win-1"})");
    CHECK(all.governor->admit({.services = {"switch"}}));
  }
  CHECK(json::parse(all.governor->to_json()).at("decisions").at(0).at("source") == "caller");
}
