#include "event_log.hpp"

#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace gateway;
using namespace std::chrono_literals;
using vx11::OperatorEventKind;

namespace {

struct Logging {
  vx11::testing::ManualClock clock;
  std::vector<std::pair<LogLevel, std::string>> lines;

  EventLog log(LogLevel level = LogLevel::info) {
    return EventLog([level] { return level; },
                    [this](LogLevel at, const std::string& line) { lines.emplace_back(at, line); },
                    clock);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Logging, "a flood of events is one line a second for each kind, with a count") {
  auto events = log();
  for (int i = 0; i < 34'000; ++i) {
    events.note({OperatorEventKind::credential_refused, {}, "another token"});
  }
  events.note({OperatorEventKind::coding_refused});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].second == "credential refused: another token");
  CHECK(lines[0].first == LogLevel::warn);
  CHECK(lines[1].second == "coding refused");
  clock.advance(999ms);
  events.note({OperatorEventKind::credential_refused, {}, "another token"});
  CHECK(lines.size() == 2);
  clock.advance(1ms);
  events.note({OperatorEventKind::credential_refused, {}, "exp: in the past"});
  REQUIRE(lines.size() == 3);
  CHECK(lines[2].second == "credential refused: exp: in the past (34000 more before it)");
}

TEST_CASE_FIXTURE(Logging, "at the level debug every event is written") {
  auto events = log(LogLevel::debug);
  events.note({OperatorEventKind::reply_refused, "switch", "invalid_reply"});
  events.note({OperatorEventKind::reply_refused, "madre", "invalid_reply"});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].second == "reply refused: switch: invalid_reply");
  CHECK(lines[1].first == LogLevel::debug);
  CHECK(lines[1].second == "reply refused: madre: invalid_reply");
}

TEST_CASE_FIXTURE(Logging, "a refusal that a setting would allow names the setting") {
  auto events = log();
  events.note({OperatorEventKind::host_refused});
  events.note({OperatorEventKind::cross_site_refused});
  CHECK(lines[0].second == "host refused; server.hosts lists further hosts");
  CHECK(lines[1].second == "cross-site request refused; server.cors_origins lists allowed origins");
}
