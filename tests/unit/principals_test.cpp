// Sessions belong to the principal that began them: no other reads, continues or deletes them.

#include <vx11/auth.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "completions_site.hpp"
#include "operator_site.hpp"

using nlohmann::json;
using vx11::Access;
using vx11::AccessCheck;
using vx11::Headers;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Scope;
using vx11::Scopes;

namespace {

/// Whether principals are users, as those of JWTs, or services.
enum class Kind : unsigned char { services, users };

/// The principal is what the credential says; "anonymous" and "limited" have none. "auditor" reads
/// all sessions and may not chat, "root" may do everything.
class ByName final : public vx11::Authenticator {
 public:
  explicit ByName(Kind kind) : kind_(kind) {}
  Access check(const Headers& headers) const override { return explain(headers).access; }
  AccessCheck explain(const Headers& headers) const override {
    AccessCheck known(Access::granted);
    const std::string name(headers.get("X-Name"));
    known.scopes = Scopes{Scope::chat, Scope::power_write};
    if (name == "auditor") known.scopes = Scopes{Scope::sessions_read};
    if (name == "root" || name == "anonymous") known.scopes = Scopes::all();
    if (name != "anonymous" && name != "limited") {
      known.principal = std::make_shared<const std::string>(name);
    }
    return known;
  }
  bool names_users() const noexcept override { return kind_ == Kind::users; }

 private:
  Kind kind_;
};

struct Names : operator_site::Site {
  Names() {
    options.auth = std::make_shared<const ByName>(Kind::services);
    to_switch->then_json(R"({"response":"from switch"})");
  }

  static HttpRequest by(const std::string& name, const std::string& method,
                        const std::string& target) {
    HttpRequest request(method, {}, target);
    request.headers.add("X-Name", name);
    return request;
  }
  HttpResponse session(const std::string& name, const std::string& query = {},
                       const std::string& id = "s") {
    return send(by(name, "GET", "/operator/session/" + id + query));
  }
  HttpResponse remove(const std::string& name, const std::string& query = {}) {
    return send(by(name, "DELETE", "/operator/session/s" + query));
  }
  /// The answer of `route`, in the form of the operator API.
  HttpResponse say(const std::string& name, const std::string& message,
                   const std::string& more = {}, const std::string& route = "/operator/chat/ask") {
    HttpRequest request = by(name, "POST", route);
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"session_id":"s","message":")" + message + "\"" + more + "}";
    return send(request);
  }
  std::string last_summary() const {
    return json::parse(to_switch->requests().back().body).at("metadata").at("context_summary");
  }
};

struct Users : Names {
  Users() { options.auth = std::make_shared<const ByName>(Kind::users); }
};

std::string contents_of(const HttpResponse& answer) {
  std::string all;
  const json body = operator_site::body_of(answer);
  for (const json& message : body.at("messages")) {
    if (message.at("role") == "user") all += message.at("content").get<std::string>() + ";";
  }
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(Names, "the same id is another session for each principal") {
  say("alice", "secret");
  say("bob", "hello");
  CHECK(last_summary() == "user: hello");
  say("anonymous", "plain");
  CHECK(last_summary() == "user: plain");
  say("alice", "more");
  CHECK(last_summary() == "user: secret\nassistant: from switch\nuser: more");
  CHECK(contents_of(session("alice")) == "secret;more;");
  CHECK(contents_of(session("bob")) == "hello;");
  CHECK(contents_of(session("anonymous")) == "plain;");
  CHECK(operator_site::body_of(session("alice")).at("session_id") == "s");
}

TEST_CASE_FIXTURE(Names, "a streamed chat belongs to its principal, too") {
  HttpRequest request = by("alice", "POST", "/operator/chat/ask");
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "text/event-stream");
  request.body = R"({"session_id":"s","message":"streamed"})";
  vx11::StreamedResponse opened = vx11::sync_wait(api().open(request));
  while (opened.body) {
    const auto piece = vx11::sync_wait(opened.body->next({}));
    if (!piece || piece->empty()) break;
  }
  CHECK(contents_of(session("alice")) == "streamed;");
  CHECK(session("bob").status == 404);
  CHECK(session("anonymous").status == 404);
}

TEST_CASE_FIXTURE(Names, "another's session looks as if there were none") {
  say("alice", "secret");
  const HttpResponse missing = session("bob", {}, "none");
  REQUIRE(missing.status == 404);
  for (const std::string query : {"", "?principal=alice", "?principal=", "?principal=%zz",
                                  "?x=1&principal=alice", "?principal=alice&principal=bob"}) {
    CAPTURE(query);
    const HttpResponse answer = session("bob", query);
    CHECK(answer.status == 404);
    CHECK(answer.body == R"({"error":"session_not_found","session_id":"s"})");
    CHECK(answer.headers.size() == missing.headers.size());
  }
  CHECK(session("bob", "?principal=bob").status == 404);
  CHECK(session("alice", "?principal=alice").status == 200);
  // The key of alice's session, as an id.
  CHECK(session("bob", {}, "%1F5:alices").status == 404);
  CHECK(session("anonymous", {}, "%1F5:alices").status == 404);
}

TEST_CASE_FIXTURE(Names, "sessions:read reads those of everyone by the name of the principal") {
  say("alice", "secret");
  say("anonymous", "plain");
  CHECK(session("auditor").status == 404);
  CHECK(contents_of(session("auditor", "?principal=alice")) == "secret;");
  CHECK(contents_of(session("auditor", "?x=1&principal=alice&y")) == "secret;");
  CHECK(contents_of(session("auditor", "?principal=")) == "plain;");
  CHECK(session("auditor", "?principal=bob").status == 404);
  CHECK(contents_of(session("anonymous", "?principal=%61lice")) == "secret;");
}

TEST_CASE_FIXTURE(Names, "one's own session can be deleted, another's only by admin") {
  say("alice", "secret");
  CHECK(remove("bob").status == 404);
  CHECK(remove("bob", "?principal=alice").status == 404);
  CHECK(remove("auditor", "?principal=alice").status == 403);
  CHECK(session("alice").status == 200);
  const HttpResponse deleted = remove("alice");
  CHECK(deleted.status == 204);
  CHECK(deleted.body.empty());
  CHECK(session("alice").status == 404);
  CHECK(remove("alice").body == R"({"error":"session_not_found","session_id":"s"})");
  say("alice", "again");
  CHECK(contents_of(session("alice")) == "again;");
  CHECK(remove("root", "?principal=alice").status == 204);
  CHECK(session("alice").status == 404);
}

TEST_CASE_FIXTURE(Names, "a store that cannot delete is 503, and the session stays") {
  say("alice", "secret");
  store->fail_writes = true;
  CHECK(remove("alice").status == 503);
  CHECK(session("alice").status == 200);
}

TEST_CASE_FIXTURE(Names, "only sessions can be deleted, and a session says so") {
  CHECK(send(by("root", "DELETE", "/operator/status")).status == 405);
  CHECK(send(by("root", "PUT", "/operator/session/s")).headers.get("Allow") ==
        "GET, HEAD, DELETE, OPTIONS");
}

TEST_CASE_FIXTURE(Names, "who has no principal and may only chat owns no session") {
  say("limited", "plain");
  CHECK(session("limited").status == 404);
  CHECK(remove("limited").status == 404);
  CHECK(contents_of(session("anonymous")) == "plain;");
}

TEST_CASE_FIXTURE(Names, "the principal of a service sends chats of its users") {
  say("alice", "m", R"(,"user_id":"customer-7")");
  CHECK(operator_site::body_of(session("alice")).at("user_id") == "customer-7");
}

TEST_CASE_FIXTURE(Users, "the principal of a JWT is the user, whatever the body says") {
  say("alice", "m", R"(,"user_id":"bob")");
  CHECK(operator_site::body_of(session("alice")).at("user_id") == "alice");
  CHECK(to_switch->requests().back().body.find("bob") == std::string::npos);
  say("anonymous", "m", R"(,"user_id":"bob")");
  CHECK(operator_site::body_of(session("anonymous")).at("user_id") == "bob");
}

TEST_CASE_FIXTURE(Users, "a task is that of the user who sent it") {
  const auto to_tasks = std::make_shared<operator_site::ScriptedTransport>();
  to_tasks->then_json(R"({"status":"done"})");
  options.tasks = vx11::RouterTarget{.name = "switch",
                                     .url = "http://switch:8002",
                                     .transport = to_tasks,
                                     .breaker = switch_breaker};
  HttpRequest request = by("alice", "POST", "/operator/task");
  request.headers.add("Content-Type", "application/json");
  request.body = R"({"task_type":"t","user_id":"bob","payload":{"user_id":"bob","n":1}})";
  CHECK(send(request).status == 200);
  const json sent = json::parse(to_tasks->requests().back().body);
  CHECK(sent.at("payload").at("user_id") == "alice");
  CHECK(sent.at("payload").at("n") == 1);
  CHECK(to_tasks->requests().back().body.find("bob") == std::string::npos);
}

namespace {

struct Completions : completions_site::Site {
  Completions() {
    options.auth = std::make_shared<const ByName>(Kind::users);
    to_switch->then_json(completions_site::kSwitchSays);
  }
  HttpResponse say(const std::string& name, const std::string& more) {
    HttpRequest asked = request("POST", completions_site::kPath, chat(more));
    asked.headers.add("X-Name", name);
    return send(asked);
  }
  std::string last_summary() const {
    return json::parse(to_switch->requests().back().body).at("metadata").at("context_summary");
  }
};

}  // namespace

TEST_CASE_FIXTURE(Completions, "sessions of the OpenAI API belong to principals, too") {
  const std::string in_session = R"(,"metadata":{"session_id":"s"})";
  const std::vector<std::string> forms = {"", R"(,"stream":true)"};
  for (const std::string& more : forms) {
    CAPTURE(more);
    const std::string alice = "alice" + more.substr(0, 1);
    CHECK(say(alice, in_session + more).status == 200);
    CHECK(say("bob" + more.substr(0, 1), in_session + more).status == 200);
    CHECK(last_summary() == "user: hello");
    CHECK(say(alice, in_session + more).status == 200);
    CHECK(last_summary() == "user: hello\nassistant: from switch\nuser: hello");
    const auto kept = vx11::sync_wait(store->find(vx11::session_key(&alice, "s")));
    REQUIRE(kept.value());
    CHECK((*kept)->user_id == alice);
  }
  CHECK_FALSE(vx11::sync_wait(store->find("s")).value());
}

TEST_CASE_FIXTURE(Completions, "the user of a completion is the principal of its JWT") {
  CHECK(say("alice", R"(,"user":"bob","metadata":{"session_id":"s"})").status == 200);
  const std::string alice = "alice";
  CHECK(vx11::sync_wait(store->find(vx11::session_key(&alice, "s"))).value()->user_id == "alice");
}

TEST_CASE_FIXTURE(Names, "whoami says who a credential is and what it may do") {
  const auto whoami = [this](const std::string& name) {
    const HttpResponse answer = send(by(name, "GET", "/operator/whoami"));
    CHECK(answer.status == 200);
    return json::parse(answer.body);
  };
  CHECK(whoami("ana") ==
        json{{"principal", "ana"}, {"scopes", {"chat", "power:write"}}, {"names_users", false}});
  CHECK(whoami("auditor").at("scopes") == json{"sessions:read"});
  CHECK(whoami("anonymous") ==
        json{{"principal", nullptr}, {"scopes", {"admin"}}, {"names_users", false}});
  Names users;
  users.options.auth = std::make_shared<const ByName>(Kind::users);
  const HttpResponse answer = users.send(by("ana", "GET", "/operator/whoami"));
  CHECK(json::parse(answer.body).at("names_users") == true);
}

TEST_CASE_FIXTURE(operator_site::Site, "whoami needs a credential, and asks no upstream") {
  CHECK(get("/operator/whoami").status == 200);
  CHECK(get("/operator/whoami/").status == 200);
  CHECK(send(HttpRequest("GET", {}, "/operator/whoami")).status == 401);
  HttpRequest wrong("GET", {}, "/operator/whoami");
  wrong.headers.add("x-vx11-token", "wrong");
  CHECK(send(wrong).status == 403);
  CHECK(post("/operator/whoami").status == 405);
  CHECK(upstream_calls() == 0);
}
