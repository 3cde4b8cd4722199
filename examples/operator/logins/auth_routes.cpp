#include "operator/logins/auth_routes.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/page_origin.hpp"
#include "operator/logins/login_notes.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;
using Shared = std::shared_ptr<const AuthRouteOptions>;

constexpr std::size_t kLongestToken = 8192;

json names_of(vx11::Scopes scopes) {
  json names = json::array();
  for (std::size_t i = 0; i < vx11::kScopes; ++i) {
    const auto scope = static_cast<vx11::Scope>(i);
    if (scopes.contains(scope)) names.push_back(vx11::to_string(scope));
  }
  return names;
}

json described(const AuthRouteOptions& options, const Caller& caller) {
  json body = {{"principal", caller.principal},
               {"scopes", names_of(caller.scopes)},
               {"read_only", options.read_only}};
  return body;
}

bool is_by_tls(const AuthRouteOptions& options, const vx11::HttpRequest& request) {
  return options.has_tls ||
         (options.believes_proxies && request.headers.get("X-Forwarded-Proto") == "https");
}

/// \param seconds 0: browsers remove it
std::string cookie_of(const AuthRouteOptions& options, const vx11::HttpRequest& request,
                      const std::string& value, std::int64_t seconds) {
  return std::string(kLoginCookie) + "=" + value + "; Path=/operator; HttpOnly; SameSite=Strict" +
         "; Max-Age=" + std::to_string(seconds) + (is_by_tls(options, request) ? "; Secure" : "");
}

/// The token of the body, or what is wrong with it.
tl::expected<std::string, ApiAnswer> token_of(const ApiCall& call) {
  if (!call.request.headers.contains("Content-Type")) {  // a page elsewhere can send that
    return tl::unexpected(refusal(415, "unsupported_media_type", "send application/json"));
  }
  auto body = json_object(call);
  if (!body) return tl::unexpected(std::move(body.error()));
  const auto token = body->find("token");
  if (token == body->end())
    return tl::unexpected(unprocessable("token", "Field required", "missing"));
  if (!token->is_string()) {
    return tl::unexpected(unprocessable("token", "Input should be a valid string", "string_type"));
  }
  auto text = token->get<std::string>();
  const bool is_visible =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127; });
  if (!text.empty() && text.size() <= kLongestToken && is_visible) return text;
  return tl::unexpected(
      unprocessable("token", "A token has 1 to 8192 visible characters", "value_error"));
}

/// What was refused is noted; attempts beyond the limit are not, so that they fill no disk.
Task<ApiAnswer> refused_login(Shared options, const ApiCall& call, ApiAnswer refused) {
  if (refused.status != 401 && refused.status != 403) co_return refused;
  LoginNote note(call.caller, LoginNote::What::refused, call.correlation_id);
  note.reason = refused.body.value("error", std::string());
  auto noting = note_login(options->parts.audit, options->parts.events, std::move(note));
  const auto noted = co_await std::move(noting);
  if (!noted) co_return storage_offline(noted.error());
  co_return refused;
}

/// A browser that logs in again has one login, not two.
Task<vx11::Result<bool>> end_earlier(Shared options, const ApiCall& call) {
  const auto credential = credential_of(call.request.headers);
  if (!credential || !credential->login) co_return false;
  auto ending = options->parts.logins->end(*credential->login);
  auto ended = co_await std::move(ending);
  co_return ended;
}

Task<ApiAnswer> begin_login(Shared options, const ApiCall& call, Caller caller,
                            std::optional<vx11::WallTime> token_expires) {
  auto ending = end_earlier(options, call);
  const auto ended = co_await std::move(ending);
  if (!ended) co_return storage_offline(ended.error());
  auto beginning = options->parts.logins->begin(caller, token_expires);
  const auto login = co_await std::move(beginning);
  if (!login) co_return storage_offline(login.error());
  LoginNote note(caller, LoginNote::What::begun, call.correlation_id);
  auto noting = note_login(options->parts.audit, options->parts.events, std::move(note));
  const auto noted = co_await std::move(noting);
  if (!noted) {
    auto undoing = options->parts.logins->end(login->secret);
    co_await std::move(undoing);  // if that fails, too: its secret is lost with this answer
    co_return storage_offline(noted.error());
  }
  json body = described(*options, caller);
  body["csrf_token"] = login->secret.csrf_token();
  body["expires_at"] = vx11::to_rfc3339(login->expires);
  ApiAnswer answer(std::move(body));
  const auto left = std::chrono::ceil<std::chrono::seconds>(login->expires - options->clock.now());
  answer.headers.add("Set-Cookie",
                     cookie_of(*options, call.request, login->secret.text(), left.count()));
  co_return answer;
}

Task<ApiAnswer> log_in(Shared options, const ApiCall& call) {
  if (is_cross_site(call.request.headers, options->parts.origins))
    co_return refusal(403, "cross_site");
  auto token = token_of(call);
  if (!token) co_return std::move(token.error());
  auto confirming = options->parts.confirmations->confirm(*token, call.caller.address,
                                                          call.correlation_id, call.deadline);
  auto confirmed = co_await std::move(confirming);
  if (!confirmed) {
    auto refusing = refused_login(options, call, std::move(confirmed.error()));
    ApiAnswer refused = co_await std::move(refusing);
    co_return refused;
  }
  Caller caller = call.caller;
  caller.principal = std::move(confirmed->principal);
  caller.scopes = confirmed->scopes;
  caller.token = *std::move(token);
  auto beginning = begin_login(options, call, std::move(caller), confirmed->expires);
  ApiAnswer answer = co_await std::move(beginning);
  co_return answer;
}

/// One login, or all of the principal.
Task<vx11::Result<std::size_t>> end_logins(Shared options, const ApiCall& call, bool all) {
  if (all) {
    auto ending = options->parts.logins->end_all(call.caller.principal);
    auto ended = co_await std::move(ending);
    co_return ended;
  }
  const auto credential = credential_of(call.request.headers);
  if (!credential || !credential->login) co_return std::size_t{0};
  auto ending = options->parts.logins->end(*credential->login);
  const auto ended = co_await std::move(ending);
  if (!ended) co_return vx11::fail(ended.error());
  co_return std::size_t{*ended ? 1U : 0U};
}

/// The browser forgets the cookie all the same.
ApiAnswer unrecorded_logout(const AuthRouteOptions& options, const ApiCall& call) {
  ApiAnswer answer = service_offline("database", "storage",
                                     "the login has ended, but the audit cannot be written");
  answer.headers.add("Set-Cookie", cookie_of(options, call.request, {}, 0));
  return answer;
}

Task<ApiAnswer> log_out(Shared options, const ApiCall& call) {
  auto body = json_object(call);
  if (!body) co_return std::move(body.error());
  const json all = body->value("all", json(false));
  if (!all.is_boolean()) {
    co_return unprocessable("all", "Input should be a valid boolean", "bool_type");
  }
  auto ending = end_logins(options, call, all.get<bool>());
  const auto ended = co_await std::move(ending);
  if (!ended) co_return storage_offline(ended.error());
  if (*ended != 0) {
    LoginNote note(call.caller, LoginNote::What::ended, call.correlation_id);
    note.count = *ended;
    auto noting = note_login(options->parts.audit, options->parts.events, std::move(note));
    const auto noted = co_await std::move(noting);
    if (!noted) co_return unrecorded_logout(*options, call);
  }
  json answered = {{"status", "logged_out"}, {"ended", *ended}};
  ApiAnswer answer(std::move(answered));
  answer.headers.add("Set-Cookie", cookie_of(*options, call.request, {}, 0));
  co_return answer;
}

/// When the login of the cookie ends, and its CSRF token; null without one.
Task<ApiAnswer> with_login(Shared options, const ApiCall& call, json body, bool with_csrf) {
  body["expires_at"] = nullptr;
  if (with_csrf) body["csrf_token"] = nullptr;
  const auto credential = credential_of(call.request.headers);
  if (call.caller.login.empty() || !credential->login) co_return ApiAnswer(std::move(body));
  auto finding = options->parts.logins->find(*credential->login);
  const auto login = co_await std::move(finding);
  if (!login) co_return storage_offline(login.error());
  if (!login->has_value()) co_return refusal(401, "login_expired");
  body["expires_at"] = vx11::to_rfc3339((*login)->expires);
  if (with_csrf) body["csrf_token"] = credential->login->csrf_token();
  co_return ApiAnswer(std::move(body));
}

Task<ApiAnswer> show_me(Shared options, const ApiCall& call) {
  auto answering = with_login(options, call, described(*options, call.caller), true);
  ApiAnswer answer = co_await std::move(answering);
  co_return answer;
}

Task<ApiAnswer> verify(Shared options, const ApiCall& call) {
  json body = {{"valid", true},
               {"principal", call.caller.principal},
               {"scopes", names_of(call.caller.scopes)}};
  auto answering = with_login(options, call, std::move(body), false);
  ApiAnswer answer = co_await std::move(answering);
  co_return answer;
}

using Function = Task<ApiAnswer> (*)(Shared, const ApiCall&);

ApiRoute route(const char* method, const char* pattern, Function function, const Shared& options) {
  ApiRoute made;
  made.method = method;
  made.pattern = pattern;
  made.answer = [function, options](const ApiCall& call) { return function(options, call); };
  return made;
}

}  // namespace

ApiRoutes auth_routes(const AuthRouteOptions& options) {
  const auto shared = std::make_shared<const AuthRouteOptions>(options);
  ApiRoute login = route("POST", "/auth/login", log_in, shared);
  login.options.is_public = true;
  login.options.max_body_bytes = 2 * kLongestToken;
  ApiRoutes routes;
  routes.push_back(std::move(login));
  ApiRoute logout = route("POST", "/auth/logout", log_out, shared);
  logout.options.login_suffices = true;
  routes.push_back(std::move(logout));
  routes.push_back(route("GET", "/auth/verify", verify, shared));
  routes.push_back(route("GET", "/me", show_me, shared));
  return routes;
}

}  // namespace backend
