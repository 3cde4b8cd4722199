// Login, logout, cookies and CSRF tokens, and tokens that the gateway confirms.

#include <vx11/http_handler.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "login_fakes.hpp"
#include "operator/logins/auth_routes.hpp"
#include "operator/logins/login_notes.hpp"
#include "operator/operator_backend.hpp"

namespace {

using namespace std::chrono_literals;
using backend::ApiAnswer;
using backend::ApiCall;
using nlohmann::json;
using vx11::Headers;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Task;

Task<ApiAnswer> echo(const ApiCall& call) {
  json body = {{"principal", call.caller.principal},
               {"token", call.caller.token},
               {"login", call.caller.login}};
  co_return ApiAnswer(std::move(body));
}

/// A backend whose parts are in memory, and one browser.
struct Backend {
  explicit Backend(bool has_tls = false, bool believes_proxies = false) {
    backend::AdmissionParts parts;
    parts.confirmations = std::make_shared<backend::Confirmations>(
        backend::ConfirmationOptions{.gateway = gateway, .clock = clock});
    logins = std::make_shared<backend::Logins>(
        backend::LoginOptions{.store = store, .per_principal = 3, .clock = clock});
    parts.logins = logins;
    parts.audit = audit;
    parts.events = events;
    parts.origins = {"https://console.example"};
    backend::OperatorBackendOptions options;
    options.authorizer = backend::make_gateway_authorizer(parts);
    options.routes = backend::auth_routes(
        {.parts = parts, .has_tls = has_tls, .believes_proxies = believes_proxies, .clock = clock});
    options.routes.push_back(backend::ApiRoute{"GET", "/echo", echo, {}});
    options.routes.push_back(backend::ApiRoute{"POST", "/echo", echo, {}});
    handler = backend::make_operator_backend(std::move(options)).value();
  }

  HttpResponse ask(const std::string& method, const std::string& path, const Headers& fields = {},
                   const std::string& body = {}) const {
    HttpRequest request(method, {}, "/operator/api" + path);
    request.headers = fields;
    request.headers.add("Host", "127.0.0.1:8011");
    request.body = body;
    request.peer = std::make_shared<const vx11::HttpPeer>("203.0.113.7");
    auto admission = handler->admit(request);
    if (!admission) return admission.error();
    auto opening = handler->open(request, *admission, {});
    return vx11::sync_wait(std::move(opening)).head;
  }
  HttpResponse log_in(const std::string& token, Headers fields = {}) const {
    fields.add("Content-Type", "application/json");
    const json body = {{"token", token}};
    return ask("POST", "/auth/login", fields, body.dump());
  }

  vx11::testing::ManualClock clock;
  std::shared_ptr<login_fakes::FakeGateway> gateway = std::make_shared<login_fakes::FakeGateway>();
  std::shared_ptr<login_fakes::MemoryLoginStore> store =
      std::make_shared<login_fakes::MemoryLoginStore>();
  std::shared_ptr<login_fakes::MemoryAudit> audit = std::make_shared<login_fakes::MemoryAudit>();
  std::shared_ptr<login_fakes::MemoryEvents> events = std::make_shared<login_fakes::MemoryEvents>();
  std::shared_ptr<backend::Logins> logins;
  std::shared_ptr<vx11::HttpHandler> handler;
};

json body_of(const HttpResponse& answer) {
  return json::parse(answer.body);
}
std::string word_of(const HttpResponse& answer) {
  return body_of(answer).value("error", std::string());
}

/// `name=value` of `Set-Cookie`.
std::string cookie_of(const HttpResponse& answer) {
  const std::string_view field = answer.headers.get("Set-Cookie");
  return std::string(field.substr(0, field.find(';')));
}

Headers token(const std::string& value) {
  return {{"x-vx11-token", value}};
}

/// A browser that has logged in.
struct Browser {
  explicit Browser(const HttpResponse& login)
      : cookie(cookie_of(login)), csrf(body_of(login)["csrf_token"].get<std::string>()) {}
  Headers reads() const { return {{"Cookie", cookie}}; }
  Headers writes() const { return {{"Cookie", cookie}, {"X-CSRF-Token", csrf}}; }
  std::string cookie;
  std::string csrf;
};

}  // namespace

TEST_CASE("a token in a header is confirmed by the gateway, once in a while") {
  Backend backend;
  for (const Headers& fields :
       {token("anna-token"), Headers{{"Authorization", "Bearer anna-token"}}}) {
    const HttpResponse answer = backend.ask("POST", "/echo", fields);
    CHECK(answer.status == 200);
    CHECK(body_of(answer)["principal"] == "anna");
    CHECK(body_of(answer)["token"] == "anna-token");
    CHECK(body_of(answer)["login"] == "");
  }
  CHECK(backend.gateway->asked.size() == 1);
  CHECK(backend.gateway->asked[0].target == "/operator/whoami");
  CHECK(backend.gateway->asked[0].headers.get("X-Forwarded-For") == "203.0.113.7");
  backend.clock.advance(6s);
  backend.gateway->good.clear();
  CHECK(backend.ask("GET", "/echo", token("anna-token")).status == 403);
}

TEST_CASE("nothing is forwarded for requests without a usable credential") {
  Backend backend;
  CHECK(word_of(backend.ask("GET", "/echo")) == "auth_required");
  CHECK(backend.ask("GET", "/echo", token("")).status == 401);
  CHECK(backend.ask("GET", "/echo", {{"Authorization", "Basic YTpi"}}).status == 401);
  CHECK(backend.ask("GET", "/echo", {{"x-vx11-token", "a"}, {"x-vx11-token", "b"}}).status == 403);
  CHECK(backend.ask("GET", "/echo", token("a\tb")).status == 403);
  CHECK(backend.ask("GET", "/echo", {{"Cookie", "vx11_login=x"}}).status == 401);
  CHECK(backend.ask("GET", "/echo", {{"Cookie", "vx11_login=x; vx11_login=y"}}).status == 403);
  CHECK(backend.gateway->asked.empty());
}

TEST_CASE("no caller is admitted while the gateway is away or answers nonsense") {
  Backend backend;
  backend.gateway->is_away = true;
  const HttpResponse answer = backend.ask("GET", "/echo", token("anna-token"));
  CHECK(answer.status == 503);
  CHECK(body_of(answer)["status"] == "service_offline");
  CHECK(body_of(answer)["module"] == "tentaculo_link");
  CHECK(answer.headers.contains("Retry-After"));
  CHECK(backend.log_in("anna-token").status == 503);
  backend.gateway->is_away = false;
  for (const char* odd : {"[]", "<html>", R"({"scopes":"chat"})", R"({"principal":"x"})",
                          R"({"principal":7,"scopes":["chat"]})",
                          R"({"principal":"x","scopes":["chat"],"expires":9})",
                          R"({"principal":"x","scopes":["chat"],"expires":"soon"})"}) {
    backend.gateway->odd = odd;
    CHECK(backend.ask("GET", "/echo", token("anna-token")).status == 503);
  }
  CHECK(backend.store->rows.empty());
}

TEST_CASE("guesses are limited by address, and do not lock out tokens that were right") {
  Backend backend;
  CHECK(backend.ask("GET", "/echo", token("anna-token")).status == 200);
  int judged = 0;
  for (int i = 0; i < 100; ++i) judged += backend.log_in("guess" + std::to_string(i)).status == 403;
  CHECK(judged >= 30);
  CHECK(judged <= 31);
  const HttpResponse refused = backend.log_in("guess");
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "10");
  CHECK(backend.ask("GET", "/echo", token("ben-token")).status == 429);
  backend.clock.advance(6s);
  CHECK(backend.ask("GET", "/echo", token("anna-token")).status == 200);
  backend.clock.advance(5s);
  CHECK(backend.ask("GET", "/echo", token("ben-token")).status == 200);
  CHECK(backend.audit->entries.size() == static_cast<std::size_t>(judged));
  CHECK(backend::network_of("2001:db8::1") == backend::network_of("2001:db8::2"));
  CHECK(backend::network_of("2001:db8::1") != backend::network_of("2001:db8:0:1::1"));
}

TEST_CASE("guesses at the same time do not pass their limit") {
  Backend backend;
  int judged = 0;
  int depth = 0;
  backend.gateway->on_asked = [&] {  // another guess comes while this one is being judged
    if (++depth < 64) backend.ask("GET", "/echo", token("guess" + std::to_string(depth)));
  };
  backend.ask("GET", "/echo", token("guess"));
  judged = static_cast<int>(backend.gateway->asked.size());
  CHECK(judged == 30);
  backend.gateway->on_asked = {};
  CHECK(backend.ask("GET", "/echo", token("ben-token")).status == 429);

  Backend other;  // what proves right was no guess
  for (int i = 0; i < 100; ++i) {
    other.clock.advance(6s);  // confirmed anew, and forgotten in between
    other.gateway->good = {{"t" + std::to_string(i), other.gateway->good.begin()->second}};
    CHECK(other.ask("GET", "/echo", token("t" + std::to_string(i))).status == 200);
  }
}

TEST_CASE("a login is a cookie that scripts cannot read, and a CSRF token") {
  Backend backend;
  const HttpResponse login = backend.log_in("anna-token");
  CHECK(login.status == 200);
  const std::string field(login.headers.get("Set-Cookie"));
  CHECK(field.ends_with("; Path=/operator; HttpOnly; SameSite=Strict; Max-Age=43200"));
  CHECK(body_of(login)["principal"] == "anna");
  CHECK(body_of(login)["scopes"] == json({"status", "power:write"}));
  CHECK(body_of(login)["read_only"] == false);
  const Browser browser(login);
  const json me = body_of(backend.ask("GET", "/me", browser.reads()));
  CHECK(me["csrf_token"] == browser.csrf);
  CHECK(me["expires_at"] == body_of(login)["expires_at"]);
  const json echoed = body_of(backend.ask("POST", "/echo", browser.writes()));
  CHECK(echoed["token"] == "anna-token");
  CHECK(echoed["login"].get<std::string>().size() == 16);
  CHECK(backend.audit->lines() == std::vector<std::string>{"login done"});
  CHECK(backend.events->types == std::vector<std::string>{"login"});
  CHECK(backend.audit->entries[0].address == "203.0.113.7");
  const json by_token = body_of(backend.ask("GET", "/me", token("ben-token")));
  CHECK(by_token["csrf_token"].is_null());
  CHECK(by_token["scopes"] == json({"status"}));
  CHECK(by_token["read_only"] == false);  // lacks a scope, which the scopes say
}

TEST_CASE("the database learns neither token nor secret") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  const backend::LoginRow& row = backend.store->rows.at(0);
  const std::string secret = browser.cookie.substr(browser.cookie.find('=') + 1);
  for (const std::string& stored : {row.digest, row.sealed_token, row.principal, row.address}) {
    CHECK(stored.find("anna-token") == std::string::npos);
    CHECK(stored.find(secret) == std::string::npos);
    CHECK(stored.find(browser.csrf) == std::string::npos);
  }
}

TEST_CASE("a sealed token that was changed opens nothing") {
  const auto secret = backend::LoginSecret::make().value();
  const auto other = backend::LoginSecret::make().value();
  const std::string sealed = secret.seal("token").value();
  CHECK(secret.unseal(sealed) == "token");
  CHECK(secret.seal("token").value() != sealed);
  CHECK(!other.unseal(sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(!secret.unseal(changed));
  }
  CHECK(!secret.unseal(sealed.substr(1)));
  CHECK(!secret.unseal({}));
}

TEST_CASE("writes by cookie need the CSRF token of that login, and a page of our own") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  const Browser other(backend.log_in("anna-token"));
  CHECK(word_of(backend.ask("POST", "/echo", browser.reads())) == "csrf_token");
  Headers fields = browser.reads();
  fields.add("X-CSRF-Token", other.csrf);
  CHECK(word_of(backend.ask("POST", "/echo", fields)) == "csrf_token");
  const auto from = [&](const char* origin) {
    Headers sent = browser.writes();
    sent.add("Origin", origin);
    return backend.ask("POST", "/echo", sent).status;
  };
  CHECK(from("http://127.0.0.1:8011") == 200);
  CHECK(from("https://console.example") == 200);
  CHECK(from("https://evil.example") == 403);
  CHECK(from("null") == 403);
  CHECK(backend.log_in("anna-token", {{"Origin", "https://evil.example"}}).status == 403);
  CHECK(backend.log_in("anna-token", {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
}

TEST_CASE("a login needs a body with one token") {
  Backend backend;
  const Headers json_type = {{"Content-Type", "application/json"}};
  const auto status = [&](const std::string& body) {
    return backend.ask("POST", "/auth/login", json_type, body).status;
  };
  CHECK(backend.ask("POST", "/auth/login", {}, R"({"token":"anna-token"})").status == 415);
  for (const char* body : {"", "{", "[]", "{}", R"({"token":1})", R"({"token":""})",
                           R"({"token":"a b"})", R"({"token":"a\u0000"})"}) {
    CHECK(status(body) == 422);
  }
  CHECK(status(json({{"token", std::string(9000, 'a')}}).dump()) == 422);
  CHECK(backend.gateway->asked.empty());
}

TEST_CASE("logout ends one login, or all of the same person") {
  Backend backend;
  std::vector<std::string> ended;
  const auto listening =
      backend.logins->listen([&](const std::string& id) { ended.push_back(id); });
  const Browser first(backend.log_in("anna-token"));
  const Browser second(backend.log_in("anna-token"));
  const Browser ben(backend.log_in("ben-token"));
  const std::string id = body_of(backend.ask("GET", "/echo", first.reads()))["login"];
  const HttpResponse logout = backend.ask("POST", "/auth/logout", first.writes());
  CHECK(body_of(logout)["ended"] == 1);
  CHECK(logout.headers.get("Set-Cookie").find("Max-Age=0") != std::string_view::npos);
  CHECK(ended == std::vector<std::string>{id});
  CHECK(word_of(backend.ask("GET", "/echo", first.reads())) == "login_expired");
  CHECK(backend.ask("POST", "/auth/logout", second.writes(), R"({"all":1})").status == 422);
  const Browser third(backend.log_in("anna-token"));
  CHECK(body_of(backend.ask("POST", "/auth/logout", second.writes(), R"({"all":true})"))["ended"] ==
        2);
  CHECK(backend.ask("GET", "/echo", third.reads()).status == 401);
  CHECK(backend.ask("GET", "/echo", ben.reads()).status == 200);
  CHECK(body_of(backend.ask("POST", "/auth/logout", token("ben-token")))["ended"] == 0);
  CHECK(body_of(backend.ask("POST", "/auth/logout", token("ben-token"),
                            R"({"all":true})"))["ended"] == 1);
  CHECK(ended.size() == 4);
}

TEST_CASE("logout by cookie does not wait for the gateway") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  backend.clock.advance(1min);  // its confirmation is not remembered any more
  backend.gateway->is_away = true;
  CHECK(backend.ask("GET", "/echo", browser.reads()).status == 503);
  CHECK(backend.ask("POST", "/auth/logout", browser.reads()).status == 403);  // no CSRF token
  CHECK(backend.ask("POST", "/auth/logout", token("anna-token")).status == 503);
  CHECK(body_of(backend.ask("POST", "/auth/logout", browser.writes(),
                            R"({"all":true})"))["ended"] == 1);
  backend.gateway->is_away = false;
  CHECK(word_of(backend.ask("GET", "/echo", browser.reads())) == "login_expired");
}

TEST_CASE("logging in again replaces the login of the browser, and logins are bounded") {
  Backend backend;
  const Browser first(backend.log_in("anna-token"));
  const Browser again(backend.log_in("anna-token", first.reads()));
  CHECK(backend.store->rows.size() == 1);
  for (int i = 0; i < 5; ++i) CHECK(backend.log_in("anna-token").status == 200);
  CHECK(backend.store->rows.size() == 3);
  CHECK(backend.ask("GET", "/echo", again.reads()).status == 401);
}

TEST_CASE("a login ends in time, not later than its token") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  const HttpResponse ben = backend.log_in("ben-token");
  CHECK(body_of(ben)["expires_at"] == "2025-12-28T13:34:56.000Z");
  backend.clock.advance(12h - 1s);
  CHECK(backend.ask("GET", "/me", browser.reads()).status == 200);
  backend.clock.advance(1s);
  CHECK(word_of(backend.ask("GET", "/me", browser.reads())) == "login_expired");
  auto expiring = backend::expire_logins(backend.logins, backend.audit, backend.events);
  CHECK(vx11::sync_wait(std::move(expiring)));
  CHECK(backend.store->rows.empty());
  CHECK(backend.events->types ==
        std::vector<std::string>{"login", "login", "login.expired", "login.expired"});
  CHECK(backend.audit->entries.back().principal == "ben");
  CHECK(backend.audit->entries.back().detail["reason"] == "expired");
}

TEST_CASE("a token that the gateway has revoked ends its login; a gateway that is away does not") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  backend.clock.advance(6s);
  backend.gateway->is_away = true;
  CHECK(backend.ask("GET", "/me", browser.reads()).status == 503);
  backend.gateway->is_away = false;
  CHECK(backend.ask("GET", "/me", browser.reads()).status == 200);
  backend.clock.advance(6s);
  backend.gateway->good.erase("anna-token");
  CHECK(word_of(backend.ask("GET", "/me", browser.reads())) == "login_expired");
  CHECK(backend.store->rows.empty());
  CHECK(backend.events->types == std::vector<std::string>{"login", "login.revoked"});
}

TEST_CASE("the cookie is for TLS alone where browsers connect by TLS") {
  const auto field = [](const Backend& backend, const Headers& headers) {
    return std::string(backend.log_in("anna-token", headers).headers.get("Set-Cookie"));
  };
  const Headers by_https = {{"X-Forwarded-Proto", "https"}};
  CHECK(field(Backend(true), {}).ends_with("; Secure"));
  CHECK(field(Backend(false, true), by_https).ends_with("; Secure"));
  CHECK(!field(Backend(false, true), {}).ends_with("; Secure"));
  CHECK(!field(Backend(), by_https).ends_with("; Secure"));
}

TEST_CASE("nothing is acknowledged that is not stored") {
  Backend backend;
  const Browser browser(backend.log_in("anna-token"));
  backend.store->is_broken = true;
  CHECK(body_of(backend.log_in("anna-token"))["module"] == "database");
  CHECK(backend.ask("POST", "/auth/logout", browser.writes()).status == 503);
  CHECK(backend.ask("GET", "/me", browser.reads()).status == 503);
  backend.store->is_broken = false;
  CHECK(backend.ask("GET", "/me", browser.reads()).status == 200);
  backend.audit->is_broken = true;
  CHECK(backend.log_in("anna-token").status == 503);
  CHECK(backend.store->rows.size() == 1);
  const HttpResponse logout = backend.ask("POST", "/auth/logout", browser.writes());
  CHECK(logout.status == 503);
  CHECK(body_of(logout)["message"] == "the login has ended, but the audit cannot be written");
  CHECK(logout.headers.get("Set-Cookie").find("Max-Age=0") != std::string_view::npos);
}
