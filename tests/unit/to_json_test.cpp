#include <vx11/to_json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Errc;
using vx11::to_json;

TEST_CASE("an error says when to retry if that is known") {
  vx11::Error error(Errc::timeout, "connection timeout after 2s", "madre");
  CHECK(to_json(error) ==
        R"({"code":"timeout","upstream":"madre","detail":"connection timeout after 2s"})");
  error.retry_after = 1500ms;
  CHECK(to_json(error).ends_with(R"(,"retry_after_ms":1500.0})"));
}

TEST_CASE("a health report has every component and no power if that is unknown") {
  vx11::HealthReport report;
  report.overall = vx11::Health::degraded;
  vx11::ComponentHealth& redis = report.components.emplace_back();
  redis.name = "redis";
  redis.health = vx11::Health::degraded;
  redis.reason = "loading";
  const std::string json = to_json(report);
  CHECK(json.starts_with(R"({"overall":"degraded","components":[{"name":"redis",)"));
  CHECK(json.find(R"("reason":"loading")") != std::string::npos);
  CHECK(json.ends_with(R"("power":null})"));
}

TEST_CASE("text that is not UTF-8 has a replacement character in its place") {
  const std::vector<vx11::Message> messages = {vx11::Message("user", "a\xff")};
  CHECK(to_json(messages).find("a\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("a session that is not there is null") {
  CHECK(to_json(std::optional<vx11::Session>()) == "null");
}
