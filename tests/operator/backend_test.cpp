// The backend's handler: routes, ids, admission and errors.

#include <vx11/http_handler.hpp>
#include <vx11/task.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "login_fakes.hpp"
#include "operator/api/api_answers.hpp"
#include "operator/operator_backend.hpp"

namespace {

using backend::ApiAnswer;
using backend::ApiCall;
using backend::Caller;
using backend::Confirmation;
using nlohmann::json;
using vx11::Headers;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Task;

/// Admits the token "good" with the scope `status`.
class FakeAuthorizer final : public backend::Authorizer {
 public:
  std::optional<ApiAnswer> refusal_of(const HttpRequest& head, bool is_optional) const override {
    if (is_optional || head.headers.contains("x-vx11-token")) return std::nullopt;
    return backend::refusal(401, "auth_required");
  }
  Task<Confirmation> confirm(const HttpRequest& request, vx11::Deadline) override {
    ++confirmed;
    const std::string token(request.headers.get("x-vx11-token"));
    Caller caller;
    caller.token = token;
    caller.scopes = {vx11::Scope::status};
    if (token == "good" || token.empty()) co_return caller;
    co_return tl::unexpected(backend::refusal(403, "forbidden"));
  }
  int confirmed = 0;
};

Task<ApiAnswer> echo(const ApiCall& call) {
  json body = {{"id", call.path_argument("id")},
               {"q", call.query("q")},
               {"principal", call.caller.principal}};
  co_return ApiAnswer(std::move(body));
}

Task<ApiAnswer> read(const ApiCall& call) {
  auto body = backend::json_object(call);
  if (!body) co_return std::move(body.error());
  co_return ApiAnswer(201, *std::move(body));
}

Task<ApiAnswer> fail(const ApiCall& /*call*/) {
  throw std::runtime_error("secret detail");
  co_return ApiAnswer();
}

struct Backend {
  Backend() {
    using backend::ApiRoute;
    backend::OperatorBackendOptions options;
    options.authorizer = authorizer;
    options.hosts = {"127.0.0.1", "console.example"};
    options.audit = audit;
    options.on_defect = [this](const backend::Defect& defect) {
      defects.push_back(std::string(defect.reason) + " at " + std::string(defect.route) + " " +
                        std::string(defect.correlation_id));
    };
    options.readiness.push_back({"database", [this] { return is_ready; }});
    const vx11::Scopes status{vx11::Scope::status};
    const vx11::Scopes power{vx11::Scope::power_write};
    options.routes.push_back(ApiRoute{"GET", "/things/{id}", echo, {.scopes = status}});
    options.routes.push_back(ApiRoute{"POST", "/things", read, {.max_body_bytes = 64}});
    options.routes.push_back(ApiRoute{"POST", "/power", echo, {.scopes = power}});
    options.routes.push_back(ApiRoute{"DELETE", "/sessions/{id}", echo, {.scopes = power}});
    options.routes.push_back(ApiRoute{"GET", "/power", echo, {.scopes = power}});
    options.routes.push_back(ApiRoute{"GET", "/open", echo, {.is_public = true}});
    options.routes.push_back(ApiRoute{"GET", "/operator/ws", echo, {.is_optional = true}});
    options.routes.push_back(ApiRoute{"GET", "/fails", fail, {}});
    handler = backend::make_operator_backend(std::move(options)).value();
  }

  HttpResponse ask(const std::string& method, const std::string& target,
                   const std::string& token = "good", const Headers& more = {},
                   const std::string& body = {}) const {
    HttpRequest request(method, {}, target);
    request.headers = more;
    request.body = body;
    if (!token.empty()) request.headers.add("x-vx11-token", token);
    auto admission = handler->admit(request);
    if (!admission) return admission.error();
    auto opening = handler->open(request, *admission, {});
    return vx11::sync_wait(std::move(opening)).head;
  }

  bool is_ready = true;
  std::vector<std::string> defects = {};
  std::shared_ptr<login_fakes::MemoryAudit> audit = std::make_shared<login_fakes::MemoryAudit>();
  std::shared_ptr<FakeAuthorizer> authorizer = std::make_shared<FakeAuthorizer>();
  std::shared_ptr<vx11::HttpHandler> handler;
};

json body_of(const HttpResponse& answer) {
  return json::parse(answer.body);
}

}  // namespace

TEST_CASE("a route is found with and without /v1 and a trailing slash") {
  const Backend backend;
  for (const char* target :
       {"/operator/api/things/a%20b?q=x+y%21", "/operator/api/v1/things/a%20b?q=x+y%21",
        "/operator/api/v1/things/a%20b/?q=x+y%21"}) {
    const HttpResponse answer = backend.ask("GET", target);
    CHECK(answer.status == 200);
    CHECK(body_of(answer)["id"] == "a b");
    CHECK(body_of(answer)["q"] == "x y!");
    CHECK(backend.handler->route(target) == "/operator/api/things/{id}");
  }
  CHECK(backend.ask("GET", "/operator/api/v1").status == 404);
  CHECK(backend.ask("GET", "/operator/api/v2/things/1").status == 404);
  const HttpResponse answer = backend.ask("PUT", "/operator/api/v1/things/1");
  CHECK(answer.status == 405);
  CHECK(answer.headers.get("Allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("every answer has the id of its request") {
  const Backend backend;
  const Headers sent = {{"X-Correlation-Id", "abc-1"}};
  for (const char* target :
       {"/operator/api/things/1", "/operator/api/none", "/operator/api/fails"}) {
    const HttpResponse answer = backend.ask("GET", target, "good", sent);
    CHECK(answer.headers.get("X-Correlation-Id") == "abc-1");
    CHECK(answer.headers.get("X-Request-Id") == "abc-1");
    CHECK(body_of(answer)["correlation_id"] == "abc-1");
  }
  const Headers bad = {{"X-Correlation-Id", "a\"b"}};
  const HttpResponse answer = backend.ask("GET", "/operator/api/things/1", "", bad);
  CHECK(answer.status == 401);
  const std::string made(answer.headers.get("X-Correlation-Id"));
  CHECK(made.size() == 36);
  CHECK(body_of(answer)["correlation_id"] == made);
}

TEST_CASE("callers are admitted before anything is done for them") {
  const Backend backend;
  CHECK(backend.ask("GET", "/operator/api/things/1", "").status == 401);
  CHECK(backend.authorizer->confirmed == 0);
  CHECK(backend.ask("GET", "/operator/api/things/1", "bad").status == 403);
  const HttpResponse lacking = backend.ask("POST", "/operator/api/power");
  CHECK(lacking.status == 403);
  CHECK(body_of(lacking)["scope"] == "power:write");
  CHECK(backend.ask("GET", "/operator/api/open", "").status == 200);
  CHECK(backend.ask("GET", "/operator/ws", "").status == 200);
  CHECK(backend.ask("GET", "/operator/ws", "bad").status == 403);
}

TEST_CASE("bodies are JSON objects") {
  const Backend backend;
  const auto send = [&](const std::string& body, const Headers& fields = {}) {
    return backend.ask("POST", "/operator/api/things", "good", fields, body);
  };
  CHECK(send(R"({"a":1})").status == 201);
  CHECK(send("").status == 201);
  CHECK(send("[1]").status == 422);
  CHECK(send("{\"a\":\"\xff\"}").status == 422);
  CHECK(body_of(send("{"))["detail"][0]["type"] == "json_invalid");
  const auto nested = [](std::size_t levels) {
    return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  CHECK(send(nested(63)).status == 201);
  CHECK(body_of(send(nested(64)))["detail"][0]["type"] == "json_invalid");
  CHECK(send(nested(30'000)).status == 422);  // would overflow the stack when it is written
  const Headers form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  CHECK(send("a=1", form).status == 415);
  CHECK(send("a=1", form).headers.get("Accept") == "application/json");
  CHECK(send("{}", {{"Content-Type", "Application/JSON; charset=\"UTF-8\""}}).status == 201);
  CHECK(send("{}", {{"Content-Type", "application/json;charset=latin1"}}).status == 415);
  CHECK(send("{}", {{"Content-Encoding", "gzip"}}).headers.get("Accept-Encoding") == "identity");
}

TEST_CASE("an exception is answered 500 without its text, which is reported") {
  const Backend backend;
  const Headers sent = {{"X-Correlation-Id", "abc-1"}};
  const HttpResponse answer = backend.ask("GET", "/operator/api/fails", "good", sent);
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == std::string::npos);
  CHECK(backend.defects == std::vector<std::string>{"secret detail at /operator/api/fails abc-1"});
}

TEST_CASE("requests name a host of the backend, so that no foreign name leads a page here") {
  const Backend backend;
  const auto ask = [&](const std::string& host, const std::string& path) {
    return backend.ask("GET", path, "good", {{"Host", host}});
  };
  for (const char* host : {"127.0.0.1:8011", "Console.Example.", "localhost:1", "operator", ""}) {
    CHECK(ask(host, "/operator/api/things/1").status == 200);
  }
  for (const char* host : {"evil.example", "[::1]:8011", "127.0.0.1.evil.example:8011"}) {
    for (const char* path : {"/operator/api/v1/things/1", "/operator/api/open", "/operator/ws"}) {
      const HttpResponse refused = ask(host, path);
      CHECK(refused.status == 403);
      CHECK(body_of(refused)["error"] == "host_not_allowed");
    }
    CHECK(ask(host, "/livez").status == 200);
  }
}

TEST_CASE("a write that is refused for a missing scope is in the audit") {
  const Backend backend;
  CHECK(backend.ask("GET", "/operator/api/power").status == 403);
  CHECK(backend.audit->entries.empty());
  CHECK(backend.ask("DELETE", "/operator/api/sessions/one").status == 403);
  REQUIRE(backend.audit->lines() == std::vector<std::string>{"session.delete refused"});
  CHECK(backend.audit->entries[0].object == "one");
  CHECK(backend.audit->entries[0].detail["scope"] == "power:write");
  backend.audit->is_broken = true;
  CHECK(backend.ask("POST", "/operator/api/power").status == 403);
}

TEST_CASE("health says whether the backend is ready") {
  Backend backend;
  CHECK(body_of(backend.ask("GET", "/health", ""))["module"] == "operator_backend");
  CHECK(backend.ask("GET", "/readyz", "").status == 200);
  backend.is_ready = false;
  CHECK(body_of(backend.ask("GET", "/readyz", ""))["reason"] == "database");
  backend.handler->drain();
  CHECK(body_of(backend.ask("GET", "/readyz", ""))["status"] == "draining");
  CHECK(backend.ask("GET", "/livez", "").status == 200);
}
