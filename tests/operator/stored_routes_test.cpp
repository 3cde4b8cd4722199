// The routes of events, audit, sessions and settings.

#include "stored_routes.hpp"

#include <vx11/net/timer.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <SQLiteCpp/Transaction.h>
#include <doctest/doctest.h>

#include "api_answers.hpp"
#include "gateway_fakes.hpp"
#include "scratch_folder.hpp"
#include "sqlite_event_store.hpp"

namespace {

using namespace std::chrono_literals;
using backend::ApiAnswer;
using backend::ApiCall;
using backend::ApiRoutes;
using backend::Caller;
using backend::Database;
using nlohmann::json;
using vx11::Deadline;
using vx11::HttpRequest;
using vx11::sync_wait;

Caller caller(vx11::Scopes scopes = vx11::Scopes::all(), std::string principal = "anna") {
  Caller known;
  known.principal = std::move(principal);
  known.token = "a token";
  known.scopes = scopes;
  known.address = "127.0.0.1";
  return known;
}

/// Confirms every credential until its login has ended.
class FakeAuthorizer final : public backend::Authorizer {
 public:
  std::optional<ApiAnswer> refusal_of(const HttpRequest&, bool) const override {
    return std::nullopt;
  }
  vx11::Task<backend::Confirmation> confirm(const HttpRequest&, Deadline) override {
    if (has_ended) co_return tl::unexpected(backend::refusal(401, "login_expired"));
    Caller known = caller();
    known.login = "l-1";
    co_return known;
  }
  bool has_ended = false;
};

struct Site {
  explicit Site(bool read_only = false) {
    gateway->answers("DELETE /operator/session/one", 200, {{"deleted", true}});
    database = Database::open({.path = path(), .busy_timeout = 0ms}).value();
    parts.gateway =
        backend::make_gateway_client({.url = "http://gateway:8000", .transport = gateway}).value();
    parts.events =
        backend::make_sqlite_event_store(database, {.clock = clock, .wall_clock = clock});
    const auto audit = backend::make_sqlite_audit_store(database, {.wall_clock = clock});
    parts.audit = audit;
    transcripts = backend::make_sqlite_transcript_store(database, {}, clock);
    parts.transcripts = transcripts;
    feed = backend::EventFeed::make(parts.events, {.timer = timer, .clock = clock});
    backend::EventRouteOptions options;
    options.feed = feed;
    options.tokens = std::make_shared<backend::SocketTokens>(clock, "events");
    options.authorizer = authorizer;
    options.read_only = read_only;
    options.ingest_rate.calls = 1;
    options.ingest_rate.burst = 3;
    options.clock = clock;
    append(backend::event_routes(parts, options));
    append(backend::audit_routes(audit));
    append(backend::session_routes(parts, transcripts, audit, read_only));
    append(backend::settings_routes(
        parts, std::make_shared<backend::SettingsStore>(database, clock), audit, read_only));
  }
  void append(ApiRoutes more) {
    for (auto& route : more) routes.push_back(std::move(route));
  }
  std::string path() const { return folder / "operator.db"; }

  ApiAnswer call(const std::string& method, const std::string& pattern, HttpRequest request,
                 Caller from = caller()) {
    request.method = method;
    const Deadline deadline;
    ApiCall admitted(request, deadline, std::move(from), "c-1");
    admitted.pattern = pattern;
    for (const auto& route : routes) {
      if (route.method == method && route.pattern == pattern) {
        return sync_wait(route.answer(admitted));
      }
    }
    FAIL("no such route");
    return ApiAnswer();
  }
  ApiAnswer get(const std::string& target, const std::string& pattern, Caller from = caller()) {
    return call("GET", pattern, HttpRequest("GET", "", "/operator/api" + target), std::move(from));
  }
  ApiAnswer get(const std::string& target) {
    return get(target, target.substr(0, target.find('?')));
  }
  ApiAnswer post(const std::string& target, const json& body, Caller from = caller()) {
    HttpRequest request("POST", "", "/operator/api" + target);
    request.body = body.dump();
    request.headers.add("Content-Type", "application/json");
    return call("POST", target, std::move(request), std::move(from));
  }
  ApiAnswer remove(const std::string& id) {
    return call("DELETE", "/sessions/{id}",
                HttpRequest("DELETE", "", "/operator/api/sessions/" + id));
  }
  void say(const std::string& session, const std::string& principal = "anna") {
    backend::Turn turn;
    turn.principal = principal;
    turn.session_id = session;
    turn.question = "What is up?";
    turn.answer = "All";
    turn.metadata = {{"source", "switch"}};
    REQUIRE(sync_wait(transcripts->add(std::move(turn))));
  }

  ScratchFolder folder;
  vx11::testing::ManualClock clock;
  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
  std::shared_ptr<gateway_fakes::FakeGateway> gateway =
      std::make_shared<gateway_fakes::FakeGateway>();
  std::shared_ptr<Database> database;
  backend::Parts parts;
  std::shared_ptr<backend::TranscriptStore> transcripts;
  std::shared_ptr<FakeAuthorizer> authorizer = std::make_shared<FakeAuthorizer>();
  std::shared_ptr<backend::EventFeed> feed;
  ApiRoutes routes;
};

const json kIngested = {{"source", "hermes"},
                        {"type", "hermes.ready"},
                        {"severity", "warn"},
                        {"payload", {{"jobs", 3}}}};

}  // namespace

TEST_CASE("what is ingested is listed, with filters and cursor") {
  Site site;
  const ApiAnswer received = site.post("/events/ingest", kIngested);
  CHECK(received.status == 200);
  CHECK(received.body == json{{"status", "received"}, {"event_id", "1"}});
  site.post("/events/ingest", kIngested);
  const ApiAnswer all = site.get("/events?limit=1&severity=warn&module=hermes");
  CHECK(all.status == 200);
  CHECK(all.body.at("total") == 2);
  CHECK(all.body.at("has_more") == true);
  CHECK(all.body.at("next_cursor") == "2");
  CHECK(all.body.at("events").at(0).at("payload") == json{{"jobs", 3}});
  CHECK(all.body.at("events").at(0).at("correlation_id") == "c-1");
  const ApiAnswer next = site.get("/events?limit=1&cursor=2");
  CHECK(next.body.at("events").at(0).at("id") == 1);
  CHECK(next.body.at("next_cursor") == nullptr);
  CHECK(site.get("/events?since=2025-12-28T13:34:57%2B01:00").body.at("total") == 0);
  CHECK(site.get("/events?since=2025-12-28T12:34:56Z").body.at("total") == 2);
}

TEST_CASE("a wrong parameter of a list is named") {
  Site site;
  for (const char* wrong :
       {"limit=0", "limit=501", "limit=x", "limit=-1", "cursor=x", "cursor=0", "cursor=-5",
        "severity=loud", "since=yesterday", "module=%00", "module=%FF"}) {
    CAPTURE(wrong);
    const ApiAnswer refused = site.get(std::string("/events?") + wrong);
    CHECK(refused.status == 422);
    const std::string name = std::string(wrong).substr(0, std::string(wrong).find('='));
    CHECK(refused.body.at("detail").at(0).at("loc") == json::array({"query", name}));
  }
  CHECK(site.get("/events?cursor=99999999999999999999999").status == 200);  // above all ids
  CHECK(site.get("/audit?cursor=x").status == 422);
  CHECK(site.get("/sessions?cursor=1.x").status == 422);
  CHECK(site.get("/sessions?q=" + std::string(300, 'q')).status == 422);
}

TEST_CASE("what is ingested is checked and limited, each caller by itself") {
  Site site;
  const auto changed = [](const char* member, json value) {
    json body = kIngested;
    body[member] = std::move(value);
    return body;
  };
  CHECK(site.post("/events/ingest", changed("severity", "loud")).status == 422);
  CHECK(site.post("/events/ingest", changed("payload", 3)).status == 422);
  CHECK(site.post("/events/ingest", changed("source", "")).status == 422);
  const ApiAnswer rejected = site.post("/events/ingest", kIngested);
  CHECK(rejected.status == 429);
  CHECK(rejected.body == json{{"status", "rejected"}, {"reason", "rate_limited"}});
  CHECK(rejected.headers.get("Retry-After") == "1");
  CHECK(site.post("/events/ingest", kIngested, caller(vx11::Scopes::all(), "bob")).status == 200);
  site.clock.advance(1s);
  CHECK(site.post("/events/ingest", kIngested).status == 200);
  for (const auto& route : site.routes) {
    if (route.pattern == "/events/ingest") CHECK(route.options.max_body_bytes == 16'384);
  }
}

TEST_CASE("an ephemeral token opens one stream within a minute, and a lasting one none") {
  Site site;
  const auto issue = [&] {
    const ApiAnswer issued = site.post("/events/sse-token", json::object());
    CHECK(issued.body.at("expires_in_sec") == 60);
    CHECK(issued.body.at("ttl_sec") == 60);
    return issued.body.at("sse_token").get<std::string>();
  };
  const auto open = [&](const std::string& token) {
    return site.get("/events/stream?token=" + token, "/events/stream", Caller());
  };
  const std::string token = issue();
  const ApiAnswer opened = open(token);
  CHECK_FALSE(opened.is_json);
  CHECK(opened.other.head.headers.get("Content-Type") == "text/event-stream");
  CHECK(opened.other.head.headers.get("X-Accel-Buffering") == "no");
  CHECK(open(token).status == 403);
  const std::string late = issue();
  site.clock.advance(61s);
  CHECK(open(late).status == 403);
  const ApiAnswer lasting = open("a-lasting-token");
  CHECK(lasting.status == 403);
  CHECK(lasting.body.at("error") == "forbidden");
  CHECK(lasting.body.at("message").get<std::string>().find("sse-token") != std::string::npos);
  CHECK(site.get("/events/stream", "/events/stream", Caller()).body.at("error") == "auth_required");
  for (int i = 0; i < 100; ++i) issue();
  CHECK(site.post("/events/sse-token", json::object()).status == 503);
}

TEST_CASE("a stream ends with the login that it was opened by") {
  Site site;
  const auto token = [&] {
    return site.post("/events/sse-token", json::object()).body.at("sse_token").get<std::string>();
  };
  const auto open = [&](const std::string& with) {
    return site.get("/events/stream?token=" + with, "/events/stream", Caller());
  };
  ApiAnswer by_token = open(token());
  Caller other = caller();
  other.login = "l-2";
  ApiAnswer by_cookie = site.get("/events/stream", "/events/stream", other);
  const auto next = [](ApiAnswer& answer) {
    return sync_wait(answer.other.body->next(Deadline())).value();
  };
  CHECK_FALSE(next(by_token).empty());
  CHECK_FALSE(next(by_cookie).empty());
  site.feed->end_login("l-1");
  CHECK(next(by_token).empty());
  CHECK(site.post("/events/ingest", kIngested).status == 200);
  CHECK_FALSE(next(by_cookie).empty());
  site.feed->end_login("l-2");
  CHECK(next(by_cookie).empty());
  const std::string unused = token();
  site.authorizer->has_ended = true;
  CHECK(open(unused).body.at("error") == "login_expired");
}

TEST_CASE("a stream resumes by header or parameter, and from the list by Accept") {
  Site site;
  site.post("/events/ingest", kIngested);
  site.post("/events/ingest", kIngested);
  const auto second = [](ApiAnswer answer) {
    REQUIRE_FALSE(answer.is_json);
    REQUIRE(sync_wait(answer.other.body->next(Deadline())));
    return sync_wait(answer.other.body->next(Deadline())).value();
  };
  HttpRequest request("GET", "", "/operator/api/events");
  request.headers.add("Accept", "text/event-stream");
  request.headers.add("Last-Event-ID", "1");
  CHECK(second(site.call("GET", "/events", request)).starts_with("id: 2\n"));
  CHECK(second(site.get("/events/stream?last_event_id=0")).starts_with("id: 2\ndata: {\"type\""));
  CHECK(site.get("/events/stream?last_event_id=abc").status == 422);
  CHECK(site.get("/events/stream?severity=loud").status == 422);
}

TEST_CASE("audit entries are listed, shown and downloaded") {
  Site site;
  backend::AuditEntry entry(caller(), "service.restart", "switch", "c-7");
  entry.outcome = "done";
  REQUIRE(sync_wait(site.parts.audit->add(entry)));
  const ApiAnswer list = site.get("/audit");
  CHECK(list.body.at("total") == 1);
  CHECK(list.body.at("next_cursor") == nullptr);
  const json& first = list.body.at("entries").at(0);
  CHECK(first.at("address") == "127.0.0.1");
  CHECK(site.get("/audit/1", "/audit/{id}").body.at("entry") == first);
  const ApiAnswer file = site.get("/audit/1/download", "/audit/{id}/download");
  CHECK(file.other.head.headers.get("Content-Disposition") ==
        "attachment; filename=\"vx11-audit-1.jsonl\"");
  CHECK(file.other.head.headers.get("Content-Type") == "application/x-ndjson");
  CHECK(file.other.head.body.back() == '\n');
  CHECK(json::parse(file.other.head.body) == first);
  for (const char* none : {"2", "0", "x", "-1", "99999999999999999999", "1%00"}) {
    CAPTURE(none);
    CHECK(site.get(std::string("/audit/") + none, "/audit/{id}").status == 404);
    CHECK(site.get("/audit/" + std::string(none) + "/download", "/audit/{id}/download").status ==
          404);
  }
}

TEST_CASE("a user sees the own sessions, and with sessions:read those of all") {
  Site site;
  site.say("one");
  site.say("two", "bob");
  const Caller own = caller({vx11::Scope::chat});
  const Caller all = caller({vx11::Scope::sessions_read});
  CHECK(site.get("/sessions", "/sessions", own).body.at("total") == 1);
  CHECK(site.get("/sessions", "/sessions", all).body.at("total") == 2);
  CHECK(site.get("/sessions", "/sessions", caller({vx11::Scope::status})).status == 403);
  CHECK(site.get("/sessions/two", "/sessions/{id}", own).status == 404);
  const ApiAnswer shown = site.get("/sessions/two", "/sessions/{id}", all);
  CHECK(shown.body.at("message_count") == 2);
  CHECK(shown.body.at("title") == "What is up?");
  CHECK(shown.body.at("messages").at(0) == json{{"role", "user"},
                                                {"content", "What is up?"},
                                                {"timestamp", "2025-12-28T12:34:56.789Z"},
                                                {"metadata", json::object()}});
  CHECK(shown.body.at("messages").at(1).at("metadata") == json{{"source", "switch"}});
}

TEST_CASE("a session is deleted at the gateway and here, with the caller's token, and recorded") {
  Site site;
  site.say("one");
  CHECK(site.remove("one").status == 204);
  CHECK(site.gateway->last("DELETE /operator/session/one").headers.get("Authorization") ==
        "Bearer a token");
  CHECK(site.get("/sessions/one", "/sessions/{id}").status == 404);
  CHECK(site.get("/audit").body.at("entries").at(0).at("action") == "session.delete");
  CHECK(site.remove("unknown").status == 404);  // there neither
  site.say("a b/c");
  CHECK(site.remove("a%20b%2Fc").status == 204);
}

TEST_CASE("what the gateway could not delete stays here") {
  Site site;
  site.say("one");
  site.gateway->responds("DELETE /operator/session/one",
                         vx11::Result<vx11::HttpResponse>(vx11::fail(vx11::Errc::unreachable)));
  const ApiAnswer offline = site.remove("one");
  CHECK(offline.status == 503);
  CHECK(offline.body.at("module") == "tentaculo_link");
  site.gateway->answers("DELETE /operator/session/one", 403, json::object());
  CHECK(site.remove("one").status == 403);
  site.gateway->answers("DELETE /operator/session/one", 500, json::object());
  CHECK(site.remove("one").status == 503);
  CHECK(site.get("/sessions").body.at("total") == 1);
  CHECK(site.get("/audit").body.at("entries").at(0).at("outcome") == "failed");
}

TEST_CASE("settings have defaults, are checked, and a change is recorded") {
  Site site;
  const json defaults = {
      {"theme", "system"}, {"density", "comfortable"}, {"times", "local"}, {"refresh_sec", 5}};
  const ApiAnswer before = site.get("/settings");
  CHECK(before.body.at("settings") == defaults);
  CHECK(before.body.at("policy") == "unknown");
  CHECK(before.body.at("read_only") == false);
  const json change = {{"settings", {{"theme", "dark"}, {"refresh_sec", 30}}}};
  const ApiAnswer after = site.post("/settings", change);
  CHECK(after.body.at("settings").at("theme") == "dark");
  CHECK(after.body.at("settings").at("density") == "comfortable");
  CHECK(site.get("/settings").body == after.body);
  const json entry = site.get("/audit").body.at("entries").at(0);
  CHECK(entry.at("action") == "settings.change");
  CHECK(entry.at("detail") == change.at("settings"));
  const json wrong = {{"settings", {{"theme", "loud"}, {"refresh_sec", 0}, {"unknown", 1}}}};
  const ApiAnswer refused = site.post("/settings", wrong);
  CHECK(refused.status == 422);
  CHECK(refused.body.at("detail").size() == 3);
  CHECK(site.post("/settings", json::object()).status == 422);
  CHECK(site.post("/settings", {{"settings", 1}}).status == 422);
  CHECK(site.get("/settings").body == after.body);
}

TEST_CASE("the audit is read by the beginnings of actions") {
  Site site;
  const auto add = [&](const char* action) {
    backend::AuditEntry entry;
    entry.action = action;
    REQUIRE(sync_wait(site.parts.audit->add(std::move(entry))));
  };
  for (const char* action : {"power.window_open", "service.restart", "login"}) add(action);
  for (int i = 0; i < 60; ++i) add("settings.change");
  const json page = site.get("/audit?action=power.,service.").body;
  CHECK(page.at("total") == 2);
  CHECK(page.at("has_more") == false);
  CHECK(page.at("entries").at(0).at("action") == "service.restart");
  CHECK(page.at("entries").at(1).at("action") == "power.window_open");
  const json first = site.get("/audit?action=settings.&limit=40").body;
  CHECK(first.at("total") == 60);
  const std::string cursor = first.at("next_cursor");
  const json rest = site.get("/audit?action=settings.&limit=40&cursor=" + cursor).body;
  CHECK(rest.at("entries").size() == 20);
  CHECK(rest.at("next_cursor").is_null());
  CHECK(site.get("/audit?action=power%25").body.at("total") == 0);
  CHECK(site.get("/audit?action=1,2,3,4,5,6,7,8,9").status == 422);
}

TEST_CASE("a change is stored with its entry in the audit, or not at all") {
  Site site;
  site.say("one");
  auto breaking = site.database->write([](backend::Connection& connection) {
    connection.run(
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no'); END");
  });
  REQUIRE(sync_wait(std::move(breaking)));
  CHECK(site.post("/settings", {{"settings", {{"theme", "dark"}}}}).status == 503);
  CHECK(site.get("/settings").body.at("settings").at("theme") == "system");
  const ApiAnswer answer = site.remove("one");
  CHECK(answer.status == 503);
  CHECK(answer.body.at("message").get<std::string>().find("gateway has deleted it") !=
        std::string::npos);
  CHECK(site.get("/sessions").body.at("total") == 1);
  auto mending = site.database->write(
      [](backend::Connection& connection) { connection.run("DROP TRIGGER full"); });
  REQUIRE(sync_wait(std::move(mending)));
  CHECK(site.remove("one").status == 204);
  CHECK(site.get("/audit").body.at("total") == 1);
}

TEST_CASE("a backend that is read-only changes nothing, and says so by policy") {
  Site site(true);
  site.say("one");
  const json change = {{"settings", {{"theme", "dark"}}}};
  for (const ApiAnswer& refused : {site.post("/settings", change), site.remove("one"),
                                   site.post("/events/ingest", kIngested)}) {
    CHECK(refused.status == 403);
    CHECK(refused.body.at("status") == "OFF_BY_POLICY");
    CHECK(refused.body.at("reason") == "read_only");
  }
  CHECK(site.get("/settings").body.at("read_only") == true);
  CHECK(site.get("/sessions").body.at("total") == 1);
}

TEST_CASE("while the database is locked, what needs it is 503, and nothing is acknowledged") {
  Site site;
  {
    SQLite::Database other(site.path(), SQLite::OPEN_READWRITE);
    SQLite::Transaction lock(other, SQLite::TransactionBehavior::IMMEDIATE);
    const json change = {{"settings", {{"theme", "dark"}}}};
    for (const ApiAnswer& refused :
         {site.post("/events/ingest", kIngested), site.post("/settings", change)}) {
      CHECK(refused.status == 503);
      CHECK(refused.body.at("module") == "database");
      CHECK(refused.body.at("detail").get<std::string>().find("locked") != std::string::npos);
      CHECK(refused.headers.contains("Retry-After"));
    }
    CHECK(site.get("/events").body.at("total") == 0);  // queries are answered
  }
  CHECK(site.post("/events/ingest", kIngested).status == 200);
  CHECK(site.get("/events").body.at("total") == 1);
}
