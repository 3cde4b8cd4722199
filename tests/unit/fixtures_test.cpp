// The recorded shapes of madre's and switch's answers, through the endpoints that meet them.

#include <vx11/power_state_client.hpp>
#include <vx11/session.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;
using Names = std::vector<std::string>;

namespace {

std::string fixture(const std::string& name) {
  std::ifstream file(std::filesystem::path(VX11_FIXTURES) / name);
  REQUIRE_MESSAGE(file, name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// 15 s after the windows of the fixtures were opened.
const vx11::WallTime kNow = [] {
  const auto opened = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + 2h + 49min + 58794ms;
  return std::chrono::time_point_cast<vx11::WallTime::duration>(opened);
}();

vx11::PowerState state_of(const std::string& dialect, const std::string& window) {
  auto state =
      vx11::parse_power_state(fixture("madre/" + dialect + "/state_" + window + ".json"), kNow);
  REQUIRE(state);
  return *std::move(state);
}

}  // namespace

TEST_CASE("every state of a window means the same in both dialects") {
  struct Row {
    std::string window;
    std::optional<std::chrono::seconds> ttl;
    std::optional<std::chrono::seconds> remaining;
    Names services;
  };
  const std::vector<Row> rows = {{"ttl", 300s, 287s, {"tentaculo_link", "switch", "hermes"}},
                                 {"hold", std::nullopt, std::nullopt, {"switch"}},
                                 {"expired", 60s, std::nullopt, {"spawner"}}};
  for (const std::string dialect : {"deployed", "contract"}) {
    CAPTURE(dialect);
    CHECK(state_of(dialect, "none").windows.empty());
    CHECK(state_of(dialect, "none").policy == vx11::PowerPolicy::solo_madre);
    for (const Row& row : rows) {
      CAPTURE(row.window);
      const vx11::PowerState state = state_of(dialect, row.window);
      CHECK(state.policy == vx11::PowerPolicy::operative_core);
      REQUIRE(state.windows.size() == 1);
      CHECK(vx11::to_rfc3339(state.windows[0].created_at.value()) == "2026-01-01T02:49:43.794Z");
      CHECK(state.windows[0].ttl == row.ttl);
      if (row.window != "expired") CHECK(state.windows[0].remaining == row.remaining);
      CHECK(state.windows[0].services == row.services);
    }
  }
  CHECK(state_of("deployed", "expired").windows[0].remaining == 0s);
}

TEST_CASE_FIXTURE(Site,
                  "madre's answers to commands are passed on, with whether they were executed") {
  const auto answer_to = [&](const std::string& name, const std::string& target,
                             const std::string& body) {
    Site site;
    site.to_power->then_json(fixture("madre/deployed/" + name));
    return body_of(site.post(target, body));
  };
  const std::string stop = "/operator/power/service/switch/stop";
  json plan = json::parse(fixture("madre/deployed/service_plan.json"));
  plan["executed"] = false;
  CHECK(answer_to("service_plan.json", stop, "") == plan);
  json done = json::parse(fixture("madre/deployed/service_done.json"));
  done["steps"] = done["executed"];
  done["executed"] = true;
  CHECK(answer_to("service_done.json", stop, "") == done);
  CHECK(
      answer_to("window_open.json", "/operator/power/window/open", R"({"services":["switch"]})") ==
      json::parse(fixture("madre/deployed/window_open.json")));
  CHECK(answer_to("window_close.json", "/operator/power/window/close", "") ==
        json::parse(fixture("madre/deployed/window_close.json")));
}

TEST_CASE_FIXTURE(Site, "a chat that switch only queued is answered by madre") {
  to_switch->then_json(fixture("switch/queued.json"));
  to_madre->then_json(R"({"response":"here"})");
  const json body = body_of(chat(R"({"message":"m","metadata":{"prefer_cli":true}})"));
  CHECK(body.at("response") == "here");
  CHECK(body.at("metadata").at("reason") == "switch_invalid_reply");
}
