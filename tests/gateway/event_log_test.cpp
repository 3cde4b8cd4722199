// The program's own log: events, texts, rates, and where lines are written.

#include "gateway/telemetry/event_log.hpp"

#include <vx11/event_counters.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "gateway/log/log.hpp"
#include "gateway/log/log_output.hpp"
#include "gateway/log/log_text.hpp"
#include "gateway/telemetry/chat_events.hpp"
#include "gateway/telemetry/request_lines.hpp"

using namespace gateway;
using namespace std::chrono_literals;
using nlohmann::json;
using vx11::OperatorEventKind;

namespace {

/// A line has no field that docs/observability.md leaves out.
void check_fields(LogEvent event, const json& members) {
  std::set<std::string_view> known = {"level", "event", "message", "left_out"};
  for (const std::string_view field : fields_of(info_of(event))) known.insert(field);
  for (const auto& [name, value] : members.items()) {
    CAPTURE(name);
    CHECK(known.contains(name));
  }
}

struct Logging {
  vx11::testing::ManualClock clock;
  std::vector<std::pair<LogLevel, std::string>> lines;
  std::vector<json> members;
  Log log{[this](const LogLine& line) {
            lines.emplace_back(line.level, text_of(line));
            members.push_back(json::parse("{" + json_members_of(line) + "}"));
            check_fields(line.event, members.back());
          },
          clock};

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& [level, text] : lines) all.push_back(text);
    return all;
  }
};

vx11::RequestRecord refused(int status, std::string_view error) {
  vx11::RequestRecord record;
  record.status = status;
  record.error = error;
  record.method = "POST";
  record.route = "/operator/chat/ask";
  record.target = "/operator/chat/ask?a=secret";
  record.peer = "203.0.113.7";
  record.request_id = "req-1";
  return record;
}

}  // namespace

TEST_CASE_FIXTURE(Logging, "a flood of events is one line a second for each kind, with a count") {
  for (int i = 0; i < 34'000; ++i) {
    note_event(log, {OperatorEventKind::session_not_stored, {}, "locked"});
  }
  note_event(log, {OperatorEventKind::session_not_read});
  CHECK(texts() == std::vector<std::string>{"session not stored: locked", "session not read"});
  CHECK(lines[0].first == LogLevel::warn);
  clock.advance(999ms);
  note_event(log, {OperatorEventKind::session_not_stored, {}, "locked"});
  CHECK(lines.size() == 2);
  clock.advance(1ms);
  note_event(log, {OperatorEventKind::session_not_stored, {}, "gone"});
  REQUIRE(lines.size() == 3);
  CHECK(lines[2].second == "session not stored: gone (34000 more before it)");
  CHECK(members[2].at("left_out") == 34'000);
  CHECK_FALSE(members[0].contains("left_out"));
}

TEST_CASE_FIXTURE(Logging, "lines that no other line follows are counted a second later") {
  for (int i = 0; i < 5; ++i) note_event(log, {OperatorEventKind::reply_refused, "switch", "no"});
  log.note_left_out();
  CHECK(lines.size() == 1);
  clock.advance(1s);
  log.note_left_out();
  log.note_left_out();
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].second == "4 more lines of chat.reply_refused were left out");
  CHECK(lines[1].first == LogLevel::warn);
}

TEST_CASE_FIXTURE(Logging,
                  "a target that fails leaves a line with its reason, one that is passed by none") {
  const auto counters = std::make_shared<vx11::EventCounters>();
  ChatEvents events(counters, log);
  const auto attempt = [&](std::string_view outcome, int status = 0, std::string_view cause = {}) {
    events.on_event({.kind = vx11::EventKind::router_attempt,
                     .name = "switch",
                     .detail = outcome,
                     .status = status,
                     .cause = cause});
    clock.advance(1s);
  };
  attempt("unreachable", 0, "connecting failed: Connection refused");
  attempt("error", 401, "HTTP status 401");
  attempt("timeout");
  attempt("invalid_reply", 0, std::string(255, 'x') + "\u00f1o");
  for (const auto outcome : {"answered", "circuit_open", "asleep", "cancelled", "overtaken"}) {
    attempt(outcome);
  }
  CHECK(texts() == std::vector<std::string>{
                       "target failed: switch: unreachable: connecting failed: Connection refused",
                       "target failed: switch: http_401: HTTP status 401",
                       "target failed: switch: timeout",
                       "reply refused: switch: invalid_reply: " + std::string(255, 'x')});
  CHECK(members[0].at("event") == "chat.target_failed");
  CHECK(members[0].at("detail") == "connecting failed: Connection refused");
  CHECK_FALSE(members[2].contains("detail"));
}

TEST_CASE_FIXTURE(Logging, "what the configuration causes has a hundred lines at once") {
  for (int i = 0; i < 150; ++i) log.note(LogEvent::config_mistake, {{"mistake", "a"}});
  CHECK(lines.size() == 100);
  clock.advance(1s);
  log.note(LogEvent::config_mistake, {{"mistake", "b"}});
  CHECK(lines.back().second == "not taken over: b (50 more before it)");
}

TEST_CASE_FIXTURE(Logging, "at the level debug every event is written") {
  log.set_level(LogLevel::debug);
  note_event(log, {OperatorEventKind::reply_refused, "switch", "invalid_reply"});
  note_event(log, {OperatorEventKind::reply_refused, "madre", "invalid_reply"});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].second == "reply refused: switch: invalid_reply");
  CHECK(lines[1].first == LogLevel::debug);
  CHECK(lines[1].second == "reply refused: madre: invalid_reply");
}

TEST_CASE_FIXTURE(Logging, "nothing is written below the level, and nothing at all at off") {
  log.set_level(LogLevel::error);
  log.note(LogEvent::breaker_changed, {{"breaker", "switch"}});
  log.set_level(LogLevel::off);
  log.note(LogEvent::config_refused, {{"mistakes", 1}});
  CHECK(lines.empty());
}

TEST_CASE_FIXTURE(Logging, "a refusal waits for its request, which says from where it came") {
  note_event(log, {OperatorEventKind::credential_refused, "ci", "an expired token"});
  CHECK(lines.empty());
  vx11::RequestRecord record = refused(403, "forbidden");
  note_request(log, record, take_refusal(record), {});
  CHECK(texts() ==
        std::vector<std::string>{"credential refused: ci: an expired token; status 403, POST "
                                 "/operator/chat/ask from 203.0.113.7, request req-1"});
  CHECK(members[0].at("event") == "auth.credential_refused");
  CHECK(members[0].at("principal") == "ci");
  CHECK(members[0].at("request_id") == "req-1");
  CHECK(members[0].at("status") == 403);
  CHECK(members[0].dump().find("secret") == std::string::npos);
  CHECK_FALSE(take_refusal(record).has_value());

  note_event(log, {OperatorEventKind::coding_refused});
  CHECK_FALSE(take_refusal(record).has_value());  // 403: not of this one
  record.status = 415;
  CHECK_FALSE(take_refusal(record).has_value());
}

TEST_CASE_FIXTURE(Logging, "a refusal that a setting would allow names the setting") {
  for (const auto kind : {OperatorEventKind::host_refused, OperatorEventKind::cross_site_refused}) {
    note_event(log, {kind});
    const vx11::RequestRecord record = refused(403, "forbidden");
    note_request(log, record, take_refusal(record), {});
  }
  CHECK(lines[0].second.starts_with("host refused; server.hosts lists further hosts; status"));
  CHECK(lines[1].second.starts_with(
      "cross-site request refused; server.cors_origins lists allowed origins; status"));
}

TEST_CASE_FIXTURE(Logging, "every answer of 4xx and 5xx has an event, and no other has") {
  const std::vector<std::pair<int, std::string>> cases = {
      {400, "request.invalid"},   {401, "request.unauthenticated"}, {403, "request.forbidden"},
      {404, "request.not_found"}, {405, "request.not_found"},       {408, "request.invalid"},
      {413, "request.too_large"}, {422, "request.invalid"},         {429, "request.rate_limited"},
      {431, "request.too_large"}, {500, "request.failed"},          {503, "request.unavailable"},
      {504, "request.failed"}};
  for (const auto& [status, event] : cases) {
    clock.advance(1s);
    note_request(log, refused(status, "why"), {}, {});
    CHECK(members.back().at("event") == event);
    CHECK(members.back().at("error") == "why");
  }
  CHECK(lines.size() == cases.size());
  note_request(log, refused(200, {}), {}, {});
  CHECK(lines.size() == cases.size());
}

TEST_CASE_FIXTURE(Logging,
                  "a stream that breaks off has a line, one whose client leaves has none") {
  vx11::RequestRecord record = refused(200, {});
  record.end = vx11::AnswerEnd::client_left;
  note_request(log, record, {}, {});
  CHECK(lines.empty());
  record.end = vx11::AnswerEnd::error;
  record.source = "switch";
  note_request(log, record, {}, {});
  REQUIRE(lines.size() == 1);
  CHECK(members[0].at("event") == "request.stream_broken");
  CHECK(members[0].at("upstream") == "switch");
}

TEST_CASE_FIXTURE(Logging, "actions are logged with their outcome, but not the id of a session") {
  vx11::RequestRecord record = refused(200, {});
  record.is_admitted = true;
  record.principal = "ops";
  record.route = "/operator/power/service/{}/stop";
  record.target = "/operator/power/service/redis/stop";
  note_request(log, record, {}, "power.service.stop");
  record.route = "/operator/session/{}";
  record.target = "/operator/session/a-secret";
  note_request(log, record, {}, "session.delete");
  note_request(log, record, {}, "session.read");
  record.status = 503;
  note_request(log, record, {}, "power.window.open");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].second.starts_with("power.service.stop done: redis by ops; status 200, POST"));
  CHECK(lines[1].second.starts_with("session.delete done by ops"));
  CHECK(lines[1].second.find("secret") == std::string::npos);
  CHECK(lines[2].second.starts_with("power.window.open failed"));
  CHECK(members[3].at("event") == "request.unavailable");
}

TEST_CASE_FIXTURE(Logging, "a value cannot forge a line or break the JSON") {
  log.note(LogEvent::config_mistake, {{"mistake", "a\n2026 info {forged} [x]\x7f\"\\ \xff"}});
  CHECK(lines[0].second == "not taken over: a\\x0a2026 info {forged} [x]\\x7f\"\\ \xff");
  CHECK(members[0].at("mistake") == "a\n2026 info {forged} [x]\x7f\"\\ \xEF\xBF\xBD");
}

TEST_CASE("the table of events: names are unique, and all fields have a meaning") {
  const std::set<std::string_view> of_line = {"time", "level", "event", "message", "left_out"};
  std::set<std::string_view> fields;
  for (const LogFieldInfo& field : log_fields()) {
    CHECK(fields.insert(field.name).second);
    CHECK_FALSE(of_line.contains(field.name));  // a member twice is no JSON
    CHECK_FALSE(field.meaning.empty());
  }
  std::set<std::string_view> names;
  for (const LogEventInfo& info : log_events()) {
    CAPTURE(info.name);
    CHECK(names.insert(info.name).second);
    CHECK(std::count(info.name.begin(), info.name.end(), '.') == 1);
    CHECK_FALSE(info.meaning.empty());
    for (const std::string_view name : fields_of(info)) {
      CAPTURE(name);
      CHECK(fields.contains(name));
    }
  }
}

TEST_CASE("a log that cannot be written does not stop its caller") {
  Log log([](const LogLine&) { throw std::runtime_error("disk full"); });
  CHECK_NOTHROW(log.note(LogEvent::gateway_stopped));
}

TEST_CASE("a pipe that is not read loses lines, which are counted, and blocks no thread") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  LogOutput output(ends[1]);
  const std::string text(1000, 'x');
  for (int i = 0; i < 200; ++i) {
    const LogField fields[] = {{"mistake", text}};
    output.write({.event = LogEvent::config_mistake, .fields = fields});
  }
  CHECK(output.written() > 10);
  CHECK(output.lost() > 50);
  CHECK(output.written() + output.lost() == 200);
  std::signal(SIGPIPE, SIG_IGN);
  ::close(ends[0]);  // and one that is closed
  const auto lost = output.lost();
  output.write({.event = LogEvent::gateway_stopped});
  CHECK(output.lost() == lost + 1);
  ::close(ends[1]);
}

TEST_CASE("a full disk loses lines, which are counted") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) return;
  LogOutput output(full);
  output.write({.event = LogEvent::gateway_stopped});
  CHECK(output.lost() == 1);
  ::close(full);
}
