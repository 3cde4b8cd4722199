// The routes of audit, sessions and settings, and what holds for all that is stored.
#include <SQLiteCpp/Transaction.h>

#include "stored_site.hpp"

using namespace stored_site;

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
