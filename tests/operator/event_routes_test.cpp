// The routes of events: list, streams, tokens, ingestion.
#include "stored_site.hpp"

using namespace stored_site;

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

TEST_CASE("what is ingested cannot pass for the backend's own") {
  for (const char* type :
       {"login", "Login.refused", "POWER.window_opened", " login", "login ", "login\n", "a\tb"}) {
    CAPTURE(type);
    Site site;
    json body = kIngested;
    body["type"] = type;
    CHECK(site.post("/events/ingest", body).status == 422);
    body = kIngested;
    body["source"] = std::string("switch") + '\x1b';
    CHECK(site.post("/events/ingest", body).status == 422);
  }
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
  const ApiAnswer many = site.post("/events/sse-token", json::object());
  CHECK(many.status == 429);
  CHECK(many.body.at("error") == "too_many_tokens");
  CHECK(many.headers.get("Retry-After") == "60");
}

TEST_CASE("one principal leaves room for the event streams of others") {
  Site site;
  site.feed->places()->limit({.all = 4, .per_principal = 2});
  const auto open = [&](const char* principal) {
    return site.get("/events/stream", "/events/stream", caller(vx11::Scopes::all(), principal));
  };
  const ApiAnswer one = open("anna");
  ApiAnswer two = open("anna");
  const ApiAnswer refused = open("anna");
  CHECK(refused.status == 429);
  CHECK(refused.body.at("error") == "too_many_streams");
  CHECK(refused.headers.get("Retry-After") == "5");
  const ApiAnswer third = open("ben");
  const ApiAnswer fourth = open("ben");
  CHECK_FALSE(fourth.is_json);
  const ApiAnswer full = open("carl");
  CHECK(full.status == 503);
  CHECK(full.headers.get("Retry-After") == "5");
  two.other.body.reset();
  CHECK_FALSE(open("anna").is_json);
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
