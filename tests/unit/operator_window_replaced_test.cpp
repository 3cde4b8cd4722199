// A window that is opened in place of another: how one is extended.

#include <string>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

constexpr const char* kOpen = R"({"policy":"windowed","window_id":"win-1",
    "created_at":"2025-12-28T12:00:00Z","ttl_remaining_sec":60,"active_services":["madre","switch"]})";

struct Replaced : Site {
  HttpResponse extend(const std::string& id = "win-1", const std::string& more = "") {
    return post("/operator/power/window/open",
                R"({"services":["switch"],"ttl_sec":600,"replaces":")" + id + "\"" + more + "}");
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> paths;
    for (const HttpRequest& each : to_power->requests()) {
      paths.push_back(each.target.substr(each.target.rfind('/') + 1));
    }
    return paths;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Replaced, "the window is closed by its id, and the new one opened") {
  to_power->then_json(kOpen).then_json(R"({"status":"closed"})");
  to_power->then_json(R"({"window_id":"win-2"})");
  const HttpResponse answer = extend();
  CHECK(answer.status == 200);
  CHECK(body_of(answer) == json{{"window_id", "win-2"}, {"closed_window_id", "win-1"}});
  CHECK(asked() == std::vector<std::string>{"state", "close", "open"});
  const auto sent = to_power->requests();
  CHECK(json::parse(sent.at(1).body) == json{{"window_id", "win-1"}});
  CHECK(json::parse(sent.at(2).body).at("ttl_sec") == 600);
  CHECK(!json::parse(sent.at(2).body).contains("replaces"));
}

TEST_CASE_FIXTURE(Replaced, "nothing is closed for a window that is not the open one") {
  to_power->then_json(kOpen);
  const HttpResponse answer = extend("win-0");
  CHECK(answer.status == 404);
  CHECK(body_of(answer).at("error") == "window_not_open");
  CHECK(body_of(answer).at("window").at("window_id") == "win-1");
  CHECK(asked() == std::vector<std::string>{"state"});
}

TEST_CASE_FIXTURE(Replaced, "nothing is closed while the state of madre is not known") {
  to_power->then(HttpResponse(500, "text/plain", "no"));
  CHECK(extend().status == 503);
  CHECK(asked() == std::vector<std::string>{"state"});
}

TEST_CASE_FIXTURE(Replaced, "no window is opened beside one whose close madre refuses") {
  to_power->then_json(kOpen).then(HttpResponse(403, "application/json", R"({"detail":"no"})"));
  const HttpResponse answer = extend();
  CHECK(answer.status == 403);
  CHECK(body_of(answer) == json{{"detail", "no"}});
  CHECK(asked() == std::vector<std::string>{"state", "close"});
}

TEST_CASE_FIXTURE(Replaced, "a new window that fails names the one that was closed") {
  to_power->then_json(kOpen).then_json(R"({"status":"closed"})");
  to_power->then(HttpResponse(400, "application/json", R"({"detail":"no room"})"));
  const HttpResponse answer = extend();
  CHECK(answer.status == 400);
  CHECK(body_of(answer).at("closed_window_id") == "win-1");
  CHECK(body_of(answer).at("detail") == "no room");
}

TEST_CASE_FIXTURE(Replaced,
                  "a madre who is gone after the close is 503 with the one that was closed") {
  to_power->then_json(kOpen).then_json(R"({"status":"closed"})");
  to_power->then(HttpResponse(503, "text/plain", "no"));
  const HttpResponse answer = extend();
  CHECK(answer.status == 503);
  CHECK(body_of(answer).at("closed_window_id") == "win-1");
}

TEST_CASE_FIXTURE(Replaced, "what a policy refuses closes nothing") {
  options.governor = vx11::PowerGovernor::create(
                         {.bounds = {.max_ttl = 5min}, .clock = clock, .wall_clock = clock})
                         .value();
  const HttpResponse answer = extend();
  CHECK(answer.status == 403);
  CHECK(body_of(answer).at("reason") == "ttl_too_long");
  CHECK(asked().empty());
}

TEST_CASE_FIXTURE(Replaced, "the id is a text") {
  CHECK(
      mistakes_of(post("/operator/power/window/open", R"({"services":["switch"],"replaces":7})")) ==
      json{{"body.replaces", "string_type"}});
  CHECK(asked().empty());
}
