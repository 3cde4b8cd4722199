#include <vx11/power_state_client.hpp>
#include <vx11/session.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::parse_power_state;
using vx11::PowerPolicy;
using vx11::PowerState;
using Names = std::vector<std::string>;

namespace {

const Names kCore = {"madre", "tentaculo_link", "redis"};
const Names kSleepers = {"switch",       "hermes",           "hormiguero",
                         "mcp",          "shubniggurath",    "spawner",
                         "manifestator", "operator-backend", "operator-frontend"};

PowerState parsed(std::string_view text) {
  auto state = parse_power_state(text);
  REQUIRE(state);
  return std::move(*state);
}

/// In the deployed dialect, with one open window.
PowerState parsed_window(const std::string& times) {
  return parsed(R"({"policy":"windowed","window_id":"win-1","active_services":["madre","redis"],)" +
                times + "}");
}

/// A window's time as answers print it; empty for none.
std::string text_of(const std::optional<vx11::WallTime>& time) {
  return time ? vx11::to_rfc3339(*time) : std::string();
}

std::string created_at(const std::string& text) {
  const PowerState state = parsed_window(R"("deadline":null,"created_at":")" + text + "\"");
  REQUIRE(state.windows.size() == 1);
  return text_of(state.windows[0].created_at);
}

std::string refusal(std::string_view text) {
  const auto state = parse_power_state(text);
  if (state) return "accepted";
  CHECK(state.error().code == vx11::Errc::invalid_reply);
  return state.error().detail;
}

}  // namespace

TEST_CASE("the services of VX11 are known in the order of the topology") {
  CHECK(vx11::known_services() == Names{"madre", "tentaculo_link", "redis", "switch", "hermes",
                                        "hormiguero", "mcp", "shubniggurath", "spawner",
                                        "manifestator", "operator-backend", "operator-frontend"});
  for (const std::string& name : vx11::known_services()) CHECK(vx11::is_known_service(name));
  for (const char* name : {"", "Madre", "madre ", "operator", "../madre"}) {
    CHECK_FALSE(vx11::is_known_service(name));
  }
}

TEST_CASE("policies have the words of the contract") {
  CHECK(vx11::to_string(PowerPolicy::solo_madre) == "solo_madre");
  CHECK(vx11::to_string(PowerPolicy::operative_core) == "operative_core");
  CHECK(vx11::to_string(PowerPolicy::full) == "full");
}

TEST_CASE("the contract's dialect is understood") {
  const PowerState state = parsed(R"({
    "policy":"operative_core",
    "active_windows":[{"window_id":"win-abc123","created_at":"2025-12-28T12:34:56.789Z",
                       "ttl_seconds":300,"services":["switch","hermes"]}],
    "running_services":["madre","tentaculo_link","redis","switch","hermes"],
    "available_services":["hormiguero"]})");
  CHECK(state.policy == PowerPolicy::operative_core);
  REQUIRE(state.windows.size() == 1);
  CHECK(state.windows[0].id == "win-abc123");
  CHECK(text_of(state.windows[0].created_at) == "2025-12-28T12:34:56.789Z");
  CHECK(state.windows[0].ttl == 300s);
  CHECK(state.windows[0].services == Names{"switch", "hermes"});
  CHECK(state.running == Names{"madre", "tentaculo_link", "redis", "switch", "hermes"});
  CHECK(state.available == Names{"hormiguero", "mcp", "shubniggurath", "spawner", "manifestator",
                                 "operator-backend", "operator-frontend"});
}

TEST_CASE("the contract's three policies are understood") {
  const auto policy = [](const std::string& name) {
    return parsed(R"({"policy":")" + name + R"(","active_windows":[],"running_services":[]})")
        .policy;
  };
  CHECK(policy("solo_madre") == PowerPolicy::solo_madre);
  CHECK(policy("operative_core") == PowerPolicy::operative_core);
  CHECK(policy("full") == PowerPolicy::full);
}

TEST_CASE("several windows keep their order, one held open has no ttl") {
  const PowerState state = parsed(R"({"policy":"full","running_services":[],"active_windows":[
    {"window_id":"b","created_at":null,"ttl_seconds":null,"services":[]},
    {"window_id":"a","ttl_seconds":1.6,"services":["mcp","mcp"]}]})");
  REQUIRE(state.windows.size() == 2);
  CHECK(state.windows[0].id == "b");
  CHECK_FALSE(state.windows[0].created_at);
  CHECK_FALSE(state.windows[0].ttl);
  CHECK(state.windows[1].id == "a");
  CHECK(state.windows[1].ttl == 2s);
  CHECK(state.windows[1].services == Names{"mcp"});
}

TEST_CASE("the deployed dialect without a window is solo_madre") {
  const PowerState state = parsed(
      R"({"policy":"solo_madre","window_id":null,"created_at":null,"deadline":null,
          "ttl_remaining_sec":null,"active_services":["madre","redis"]})");
  CHECK(state.policy == PowerPolicy::solo_madre);
  CHECK(state.windows.empty());
  CHECK(state.running == kCore);
  CHECK(state.available == kSleepers);
}

TEST_CASE("the deployed dialect's windowed is operative_core with one window") {
  const PowerState state = parsed(
      R"({"policy":"windowed","window_id":"win-7","created_at":"2025-12-28T12:00:00Z",
          "deadline":"2025-12-28T12:05:00Z","ttl_remaining_sec":12,
          "active_services":["redis","hermes","madre","switch"]})");
  CHECK(state.policy == PowerPolicy::operative_core);
  REQUIRE(state.windows.size() == 1);
  CHECK(state.windows[0].id == "win-7");
  CHECK(text_of(state.windows[0].created_at) == "2025-12-28T12:00:00.000Z");
  CHECK(state.windows[0].ttl == 300s);
  CHECK(state.windows[0].services == Names{"switch", "hermes"});
  CHECK(state.running == Names{"madre", "tentaculo_link", "redis", "switch", "hermes"});
  CHECK(state.available.front() == "hormiguero");
}

TEST_CASE("a window held open has no ttl in the deployed dialect") {
  const PowerState state = parsed_window(
      R"("created_at":"2025-12-28T12:00:00Z","deadline":null,"ttl_remaining_sec":null)");
  REQUIRE(state.windows.size() == 1);
  CHECK_FALSE(state.windows[0].ttl);
}

TEST_CASE("the ttl is what lies between both times, else what is said to remain") {
  const auto ttl = [](const std::string& times) { return parsed_window(times).windows[0].ttl; };
  CHECK(ttl(R"("created_at":"2025-12-28T12:00:00.900Z","deadline":"2025-12-28T12:01:00.900Z")") ==
        60s);
  CHECK(ttl(R"("created_at":"2025-12-28T12:00:00.400","deadline":"2025-12-28T12:01:00.399999")") ==
        60s);
  CHECK(ttl(R"("created_at":"2025-12-28T14:00:00+02:00","deadline":"2025-12-28T12:01:00")") == 60s);
  CHECK(ttl(R"("created_at":"long ago","deadline":"2025-12-28T12:01:00","ttl_remaining_sec":9)") ==
        9s);
  CHECK(ttl(R"("created_at":"2025-12-28T12:00:00","ttl_remaining_sec":59.7)") == 60s);
  CHECK(ttl(R"("created_at":"2025-12-28T12:00:00","deadline":"2025-12-28T11:00:00",)"
            R"("ttl_remaining_sec":0)") == 0s);
  CHECK(ttl(R"("ttl_remaining_sec":-0.2)") == 0s);
  CHECK(ttl(R"("ttl_remaining_sec":1e300)") == 1'000'000'000s);
}

TEST_CASE("times of creation become RFC 3339 in UTC with milliseconds") {
  const std::string wanted = "2025-12-28T12:34:56.789Z";
  for (const char* text : {"2025-12-28T12:34:56.789Z", "2025-12-28t12:34:56.789z",
                           "2025-12-28 12:34:56.789", "2025-12-28T12:34:56.789123",
                           "2025-12-28T12:34:56.789999999Z", "2025-12-28T12:34:56.789+00:00",
                           "2025-12-28T13:34:56.789+01:00", "2025-12-28T07:04:56.789-05:30",
                           "2025-12-28T14:34:56.789+0200", "2025-12-29T00:34:56.789+12",
                           "2025-12-28T12:34:56.789307+00:00Z", "2025-12-28T12:34:56.789+00Z"}) {
    CAPTURE(text);
    CHECK(created_at(text) == wanted);
  }
  CHECK(created_at("2025-12-28T12:34:56") == "2025-12-28T12:34:56.000Z");
  CHECK(created_at("2025-12-28T12:34:56.7") == "2025-12-28T12:34:56.700Z");
  CHECK(created_at("2025-12-28T12:34:56.07Z") == "2025-12-28T12:34:56.070Z");
  CHECK(created_at("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
  CHECK(created_at("2025-01-01T00:30:00+01:00") == "2024-12-31T23:30:00.000Z");
  CHECK(created_at("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
}

TEST_CASE("a time that cannot be read is left out, the rest is kept") {
  for (const char* text : {"",
                           "now",
                           "2025-12-28",
                           "2025-12-28T12:34",
                           "2025-12-28T12:34:56.",
                           "2025-13-01T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "2025-12-28T24:00:00Z",
                           "2025-12-28T12:60:00Z",
                           "2025-12-28T12:34:61Z",
                           "2025-12-28T12:34:56Zx",
                           "2025-12-28T12:34:56+1",
                           "2025-12-28T12:34:56+01:",
                           "2025-12-28T12:34:56+01:00Z",
                           "2025-12-28T12:34:56+00:00ZZ",
                           "2025-12-28T12:34:56+24:00",
                           "2025-12-28T12:34:56 Z",
                           "+025-12-28T12:34:56Z",
                           "25-12-28T12:34:56Z",
                           "2025-12-28T12:34:-6Z"}) {
    CAPTURE(text);
    CHECK(created_at(text).empty());
  }
  CHECK_FALSE(parsed_window(R"("created_at":1766925296)").windows[0].created_at);
}

TEST_CASE("running services stand in the order of the topology, unknown ones behind, each once") {
  const PowerState state = parsed(R"({"policy":"solo_madre","active_windows":[],"running_services":
                 ["zeta","operator-frontend","redis","alpha","redis","madre","zeta"]})");
  CHECK(state.running ==
        Names{"madre", "tentaculo_link", "redis", "operator-frontend", "zeta", "alpha"});
  CHECK(state.available.size() == 8);
  CHECK(state.available.back() == "operator-backend");
}

TEST_CASE("the list of available services is ours, whatever madre says") {
  const PowerState state = parsed(R"({"policy":"solo_madre","active_windows":[],
      "running_services":["madre"],"available_services":"none"})");
  CHECK(state.available == Names{"redis", "switch", "hermes", "hormiguero", "mcp", "shubniggurath",
                                 "spawner", "manifestator", "operator-backend",
                                 "operator-frontend"});
}

TEST_CASE("unknown members are tolerated everywhere") {
  const PowerState state = parsed(R"({"policy":"solo_madre","version":[1],"running_services":[],
      "active_windows":[{"window_id":"w","services":[],"mode":"hold","by":{"a":1}}]})");
  CHECK(state.windows.size() == 1);
}

TEST_CASE("where both lists are given the contract's dialect is read") {
  const PowerState state = parsed(R"({"policy":"full","active_windows":[],
      "running_services":["mcp"],"active_services":["switch"]})");
  CHECK(state.running == Names{"tentaculo_link", "mcp"});
}

TEST_CASE("what is neither dialect is refused, with the first member that is not right") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "<html>"sv, "[]"sv, "null"sv, "1"sv, R"({"policy":)"sv,
                                      "{}\0{}"sv, "{\"policy\":\"\xFF\"}"sv}) {
    CHECK(refusal(text) == "not a JSON object");
  }
  CHECK(refusal("{}") == "power state without a valid policy");
  CHECK(refusal(R"({"error":"auth_required","status_code":401})") ==
        "power state without a valid policy");
  CHECK(refusal(R"({"policy":1,"running_services":[],"active_windows":[]})") ==
        "power state without a valid policy");
  CHECK(refusal(R"({"policy":"windowed","running_services":[],"active_windows":[]})") ==
        "power state without a valid policy");
  CHECK(refusal(R"({"policy":"full","active_services":[]})") ==
        "power state without a valid policy");
  CHECK(refusal(R"({"policy":"full","active_windows":[]})") ==
        "power state without a valid running_services");
  CHECK(refusal(R"({"policy":"full","running_services":["a",1],"active_windows":[]})") ==
        "power state without a valid running_services");
  CHECK(refusal(R"({"policy":"full","running_services":[]})") ==
        "power state without a valid active_windows");
  CHECK(refusal(R"({"policy":"full","running_services":[],"active_windows":["w"]})") ==
        "power state without a valid active_windows");
  CHECK(refusal(R"({"policy":"full","running_services":[],"active_windows":[{"services":[]}]})") ==
        "power state without a valid window_id");
  CHECK(
      refusal(R"({"policy":"full","running_services":[],"active_windows":[{"window_id":"w"}]})") ==
      "power state without a valid services");
  CHECK(refusal(R"({"policy":"full","running_services":[],"active_windows":
                    [{"window_id":"w","services":[],"ttl_seconds":"300"}]})") ==
        "power state without a valid ttl_seconds");
  CHECK(refusal(R"({"policy":"windowed","active_services":{}})") ==
        "power state without a valid active_services");
  CHECK(refusal(R"({"policy":"windowed","active_services":[],"window_id":7})") ==
        "power state without a valid window_id");
  CHECK(refusal(R"({"policy":"windowed","active_services":[],"window_id":"w",)"
                R"("ttl_remaining_sec":"9"})") == "power state without a valid ttl_remaining_sec");
}

TEST_CASE("the deployed madre's times, which end in +00:00Z, are read") {
  const PowerState state = parsed(
      R"({"policy":"windowed","window_id":"f6a3","created_at":"2026-01-01T02:49:43.794307+00:00Z",
          "deadline":"2026-01-01T02:54:43.794307+00:00Z","ttl_remaining_sec":171,
          "active_services":["hermes","switch","madre","redis"]})");
  CHECK(text_of(state.windows.at(0).created_at) == "2026-01-01T02:49:43.794Z");
  CHECK(state.windows[0].ttl == 300s);
  CHECK(state.windows[0].remaining == 171s);
}

TEST_CASE("the granted ttl does not shrink while the window is open; what is left does") {
  const auto at = [](const std::string& left) {
    return parsed_window(R"("created_at":"2026-01-01T02:49:43.794307+00:00Z",)"
                         R"("deadline":"2026-01-01T02:54:43.794307+00:00Z","ttl_remaining_sec":)" +
                         left)
        .windows.at(0);
  };
  for (const auto& [left, seconds] : {std::pair{"299", 299s}, {"1", 1s}, {"0", 0s}}) {
    CHECK(at(left).ttl == 300s);
    CHECK(at(left).remaining == seconds);
  }
}

TEST_CASE("a window's state: none, ttl, held, expired, in both dialects") {
  CHECK(parsed(R"({"policy":"solo_madre","window_id":null,"active_services":["madre","redis"]})")
            .windows.empty());
  const PowerState held = parsed_window(
      R"("created_at":"2026-01-01T02:49:43+00:00Z","deadline":null,"ttl_remaining_sec":null)");
  CHECK_FALSE(held.windows.at(0).ttl);
  CHECK_FALSE(held.windows[0].remaining);
  const PowerState expired = parsed_window(
      R"("created_at":"2026-01-01T02:49:43+00:00Z","deadline":"2026-01-01T02:49:44+00:00Z",)"
      R"("ttl_remaining_sec":0)");
  CHECK(expired.windows.at(0).ttl == 1s);
  CHECK(expired.windows[0].remaining == 0s);

  const auto contract = [](const std::string& times, vx11::WallTime now) {
    const auto state = parse_power_state(
        R"({"policy":"operative_core","running_services":["madre"],"active_windows":[)"
        R"({"window_id":"w","services":["mcp"],)" +
            times + "}]}",
        now);
    REQUIRE(state);
    return state->windows.at(0).remaining;
  };
  const std::string begun = R"("created_at":"1970-01-01T00:01:00Z","ttl_seconds":300)";
  CHECK(contract(begun, vx11::WallTime(60s)) == 300s);
  CHECK(contract(begun, vx11::WallTime(61s + 1ms)) == 298s);
  CHECK(contract(begun, vx11::WallTime(1000s)) == 0s);
  CHECK(contract(begun + R"(,"ttl_remaining_sec":7)", vx11::WallTime(60s)) == 7s);
  CHECK(contract(R"("created_at":"1970-01-01T00:01:00Z","ttl_seconds":null)",
                 vx11::WallTime(60s)) == std::nullopt);
}

TEST_CASE("the deployed window's services are passed on whole, also one of the core") {
  const PowerState state = parsed(
      R"({"policy":"windowed","window_id":"w","active_services":
          ["tentaculo_link","hermes","switch","zeta","madre","redis"]})");
  CHECK(state.windows.at(0).services == Names{"tentaculo_link", "switch", "hermes", "zeta"});
}
