#pragma once

/// \file
/// The routes of what the database keeps, with a gateway that answers what the test says.

#include <vx11/net/timer.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "gateway_fakes.hpp"
#include "operator/api/api_answers.hpp"
#include "operator/events/sqlite_event_store.hpp"
#include "operator/records/stored_routes.hpp"
#include "scratch_folder.hpp"

namespace stored_site {

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

inline Caller caller(vx11::Scopes scopes = vx11::Scopes::all(), std::string principal = "anna") {
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

inline const json kIngested = {{"source", "hermes"},
                               {"type", "hermes.ready"},
                               {"severity", "warn"},
                               {"payload", {{"jobs", 3}}}};

}  // namespace stored_site
