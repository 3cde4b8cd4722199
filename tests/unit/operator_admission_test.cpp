// Authorization, and the refusal of unknown paths and methods.

#include <cstddef>
#include <string>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

struct Endpoint {
  std::string method;
  std::string target;
};

/// Every endpoint behind a credential.
const std::vector<Endpoint> kGuarded = {
    {"POST", "/operator/chat/ask"},
    {"POST", "/operator/chat"},
    {"GET", "/operator/status"},
    {"GET", "/operator/power/state"},
    {"GET", "/operator/session/any"},
    {"GET", "/operator/power/status"},
    {"GET", "/operator/power/policy/solo_madre/status"},
    {"POST", "/operator/power/policy/solo_madre/apply"},
    {"POST", "/operator/power/service/switch/start"},
    {"POST", "/operator/power/service/switch/stop"},
    {"POST", "/operator/power/service/switch/restart"},
    {"POST", "/operator/power/window/open"},
    {"POST", "/operator/power/window/close"},
    {"GET", "/vx11/circuit-breaker/status"},
    {"GET", "/metrics"},
};
const std::vector<std::string> kPublic = {"/health", "/livez", "/readyz"};

const json kAuthRequired = {{"error", "auth_required"}, {"status_code", 401}};
const json kForbidden = {{"error", "forbidden"}, {"status_code", 403}};

HttpRequest bare(const std::string& method, const std::string& target,
                 const std::string& body = {}) {
  HttpRequest request(method, {}, target);
  request.headers.add("Content-Type", "application/json");
  request.body = body;
  return request;
}

}  // namespace

TEST_CASE_FIXTURE(Site, "without a token every operator endpoint answers 401 and touches nothing") {
  for (const Endpoint& endpoint : kGuarded) {
    CAPTURE(endpoint.target);
    const HttpResponse answer = send(bare(endpoint.method, endpoint.target));
    CHECK(answer.status == 401);
    CHECK(body_of(answer) == kAuthRequired);
    CHECK(answer.headers.get("WWW-Authenticate") != "");
  }
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site,
                  "with a wrong token every operator endpoint answers 403, touching nothing") {
  for (const Endpoint& endpoint : kGuarded) {
    CAPTURE(endpoint.target);
    HttpRequest request = bare(endpoint.method, endpoint.target);
    request.headers.add("x-vx11-token", "wrong");
    const HttpResponse answer = send(request);
    CHECK(answer.status == 403);
    CHECK(body_of(answer) == kForbidden);
  }
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "several token headers that differ, and control bytes in one, are 403") {
  HttpRequest request = bare("GET", "/operator/status");
  request.headers.add("x-vx11-token", kToken);
  request.headers.add("X-VX11-TOKEN", "other");
  CHECK(send(request).status == 403);
  request.headers.set("x-vx11-token", kToken + std::string("\0", 1));
  CHECK(send(request).status == 403);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "the token is checked before the body is parsed, sized or typed") {
  HttpRequest request = bare("POST", "/operator/chat/ask", "{ not json");
  CHECK(send(request).status == 401);
  request.body = std::string(api().max_body_bytes() + 1, 'x');
  CHECK(send(request).status == 401);
  request.headers.set("Content-Type", "text/html");
  CHECK(send(request).status == 401);
  request.headers.add("x-vx11-token", "wrong");
  CHECK(send(request).status == 403);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "the token is checked before the method") {
  CHECK(send(bare("DELETE", "/operator/status")).status == 401);
  CHECK(send(bare("OPTIONS", "/operator/status")).status == 401);
}

TEST_CASE_FIXTURE(Site, "health, livez and readyz need no token") {
  for (const std::string& target : kPublic) {
    CAPTURE(target);
    CHECK(send(HttpRequest("GET", {}, target)).status == 200);
  }
}

TEST_CASE_FIXTURE(Site, "metrics are public only if configured") {
  CHECK(send(HttpRequest("GET", {}, "/metrics")).status == 401);
  CHECK(get("/metrics").status == 200);
  Site open;
  open.options.metrics = vx11::MetricsAccess::everyone;
  CHECK(open.send(HttpRequest("GET", {}, "/metrics")).status == 200);
}

TEST_CASE_FIXTURE(Site, "paths that are no endpoint's are 404, with or without a token") {
  for (const std::string target :
       {"//", "", "/operator", "/operator/", "/operator/chat//", "/operator/chat/ask/x",
        "/operator/status//", "//operator/status", "/Operator/Status", "/operator/session/",
        "/operator/session/a/b", "/operator/power/service/start", "/operator/power/service//start",
        "/operator/power/service/a/b/start", "**", "/operator/power/service/switch/kill",
        "http://other/operator/status"}) {
    CAPTURE(target);
    const HttpResponse answer = get(target);
    CHECK(answer.status == 404);
    CHECK(body_of(answer) == json{{"error", "not_found"}, {"status_code", 404}});
    CHECK(send(HttpRequest("GET", {}, target)).status == 404);
  }
}

TEST_CASE_FIXTURE(Site, "a query is of no matter to the route") {
  CHECK(get("/health?verbose=1").status == 200);
  CHECK(get("/operator/session/none?x=/y").status == 404);
  CHECK(body_of(get("/operator/session/none?x")).at("session_id") == "none");
  CHECK(get("/health?").status == 200);
}

TEST_CASE_FIXTURE(Site, "a method that does not fit is 405 and says which do") {
  for (const Endpoint& endpoint : kGuarded) {
    CAPTURE(endpoint.target);
    const bool is_get = endpoint.method == "GET";
    const HttpResponse answer = send(authorised(is_get ? "POST" : "GET", endpoint.target));
    CHECK(answer.status == 405);
    CHECK(body_of(answer) == json{{"error", "method_not_allowed"}, {"status_code", 405}});
    const bool is_session = endpoint.target == "/operator/session/any";
    const std::string of_get = is_session ? "GET, HEAD, DELETE, OPTIONS" : "GET, HEAD, OPTIONS";
    CHECK(answer.headers.get("Allow") == (is_get ? of_get : "POST, OPTIONS"));
  }
  CHECK(send(authorised("HEAD", "/operator/chat/ask")).status == 405);
  CHECK(send(authorised("get", "/operator/status")).status == 405);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "OPTIONS names the methods and does nothing") {
  const HttpResponse chat = send(authorised("OPTIONS", "/operator/chat/ask"));
  CHECK(chat.status == 204);
  CHECK(chat.headers.get("Allow") == "POST, OPTIONS");
  CHECK(chat.body.empty());
  CHECK(send(HttpRequest("OPTIONS", {}, "/health")).headers.get("Allow") == "GET, HEAD, OPTIONS");
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "HEAD answers as GET does, without the body") {
  for (const std::string target : {"/health", "/operator/status", "/vx11/circuit-breaker/status"}) {
    CAPTURE(target);
    const HttpResponse whole = get(target);
    HttpResponse head = send(authorised("HEAD", target));
    CHECK(head.status == whole.status);
    CHECK(head.body.empty());
    CHECK(head.headers.get("Content-Type") == whole.headers.get("Content-Type"));
    CHECK(head.headers.get("Content-Length") == std::to_string(whole.body.size()));
  }
  CHECK(send(HttpRequest("HEAD", {}, "/operator/status")).status == 401);
}

TEST_CASE_FIXTURE(Site, "a bearer token is taken wherever x-vx11-token is") {
  for (const Endpoint& endpoint : kGuarded) {
    CAPTURE(endpoint.target);
    HttpRequest request = bare(endpoint.method, endpoint.target);
    request.headers.add("Authorization", "Bearer " + kToken);
    const auto refused = refusal_of(request);
    CHECK((!refused || (refused->status != 401 && refused->status != 403)));
  }
}

TEST_CASE_FIXTURE(Site, "an expired token is 401 and says so, so that clients get a new one") {
  struct Expired final : vx11::Authenticator {
    vx11::Access check(const vx11::Headers&) const override { return vx11::Access::expired; }
    std::string_view challenge() const noexcept override { return "Bearer realm=\"operator\""; }
  };
  options.auth = std::make_shared<const Expired>();
  const HttpResponse answer = get("/operator/status");
  CHECK(answer.status == 401);
  CHECK(body_of(answer) == json{{"error", "invalid_token"}, {"status_code", 401}});
  CHECK(answer.headers.get("WWW-Authenticate") ==
        R"(Bearer realm="operator", error="invalid_token", error_description="expired")");
}

namespace {

struct Listening : Site {
  std::vector<std::string> events;
  Listening() {
    options.on_event = [this](const vx11::OperatorEvent& event) {
      events.push_back(std::string(to_string(event.kind)) + ": " + std::string(event.reason));
    };
  }
};

}  // namespace

TEST_CASE_FIXTURE(Listening,
                  "a refused credential is an event with its reason, a missing one is not") {
  HttpRequest guess = bare("GET", "/operator/status");
  CHECK(send(guess).status == 401);
  CHECK(events.empty());
  guess.headers.add("x-vx11-token", "guess");
  CHECK(send(guess).status == 403);
  REQUIRE(events.size() == 1);
  CHECK(events.front() == "credential refused: another token");
}

TEST_CASE_FIXTURE(Listening, "a refused type and a refused coding are events") {
  HttpRequest request = with_body("POST", "/operator/chat/ask", "{}");
  request.headers.set("Content-Type", "text/plain");
  CHECK(send(request).status == 415);
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Content-Encoding", "gzip");
  CHECK(send(request).status == 415);
  CHECK(events == std::vector<std::string>{"content type refused: ", "coding refused: "});
}

TEST_CASE_FIXTURE(Listening, "only the hosts on the list may be named, where there is a list") {
  options.hosts = {"localhost", "127.0.0.1", "[::1]", "gateway.example"};
  const auto status_for = [&](const char* host, const char* target = "/operator/status") {
    HttpRequest request = authorised("GET", target);
    request.headers.add("Host", host);
    return send(request).status;
  };
  for (const char* good : {"localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000", "[::1]", "",
                           "x", "container:8000", "gateway.example.", "Gateway.Example:443"}) {
    CAPTURE(good);
    CHECK(status_for(good) == 200);
  }
  CHECK(get("/operator/status").status == 200);  // HTTP/1.0 without a Host
  CHECK(events.empty());
  for (const char* bad : {"evil.example", "localhost.evil.example", "evil.example:8000",
                          "127.0.0.2", "[::1].evil.example", "[::2]:8000", "::1"}) {
    CAPTURE(bad);
    CHECK(status_for(bad) == 403);
    CHECK(status_for(bad, "/metrics") == 403);
    for (const std::string& target : kPublic) CHECK(status_for(bad, target.c_str()) == 200);
  }
  CHECK(events.front() == "host refused: ");
}

TEST_CASE_FIXTURE(Listening, "the host \"*\" allows every one") {
  options.hosts = {"*"};
  HttpRequest request = authorised("GET", "/operator/status");
  request.headers.add("Host", "anything.example");
  CHECK(send(request).status == 200);
}

TEST_CASE_FIXTURE(Listening, "a page of another origin cannot change state") {
  options.auth = vx11::make_open_authenticator();
  options.cors_origins = {"https://ui.example"};
  to_power->then_json("{}");
  struct Browser {
    const char* origin;
    const char* site;
    int status;
  };
  for (const Browser& from : {Browser{"", "", 200},
                              {"http://127.0.0.1:8000", "same-origin", 200},
                              {"https://behind.proxy", "same-origin", 200},
                              {"", "none", 200},
                              {"http://127.0.0.1:8000", "", 200},
                              {"https://ui.example", "cross-site", 200},
                              {"https://ui.example", "", 200},
                              {"https://evil.example", "cross-site", 403},
                              {"", "cross-site", 403},
                              {"http://127.0.0.1:3000", "same-site", 403},
                              {"http://127.0.0.1:3000", "", 403},
                              {"https://evil.example", "", 403},
                              {"null", "", 403}}) {
    CAPTURE(from.origin);
    CAPTURE(from.site);
    HttpRequest request("POST", {}, "/operator/power/service/hermes/stop");
    request.headers.add("Host", "127.0.0.1:8000");
    if (*from.origin != '\0') request.headers.add("Origin", from.origin);
    if (*from.site != '\0') request.headers.add("Sec-Fetch-Site", from.site);
    CHECK(send(request).status == from.status);
    request.method = "GET";
    request.target = "/operator/status";
    CHECK(send(request).status == 200);
  }
  CHECK(events.front() == "cross-site request refused: ");

  HttpRequest without_host("POST", {}, "/operator/power/service/hermes/stop");  // HTTP/1.0
  without_host.headers.add("Origin", "null");
  CHECK(send(without_host).status == 403);
}
