// Windows that callers open and close.
#include <string>
#include <vector>

#include "operator_power_site.hpp"

using namespace operator_power_site;

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
