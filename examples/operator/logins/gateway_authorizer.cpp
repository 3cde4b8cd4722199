#include "operator/logins/gateway_authorizer.hpp"

#include <vx11/http_method.hpp>

#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/correlation.hpp"
#include "operator/api/page_origin.hpp"
#include "operator/logins/login_notes.hpp"

namespace backend {

namespace {

using vx11::HttpRequest;
using vx11::Task;

ApiAnswer wrong_csrf_token() {
  return refusal(403, "csrf_token",
                 "writes with the cookie of a login send X-CSRF-Token, as login and me answer it");
}

std::string address_of(const HttpRequest& request) {
  return request.peer != nullptr ? request.peer->address : std::string();
}

class GatewayAuthorizer final : public Authorizer {
 public:
  explicit GatewayAuthorizer(AdmissionParts parts) : parts_(std::move(parts)) {}

  std::optional<ApiAnswer> refusal_of(const HttpRequest& head, bool is_optional) const override {
    auto credential = credential_of(head.headers);
    if (!credential) return std::move(credential.error());
    if (credential->token) return std::nullopt;
    if (!credential->login) {
      return is_optional ? std::optional<ApiAnswer>() : refusal(401, "auth_required");
    }
    if (vx11::is_safe(head.method)) return std::nullopt;
    if (is_cross_site(head.headers, parts_.origins)) return refusal(403, "cross_site");
    const bool has_token = head.headers.count(kCsrfHeader) == 1;
    return has_token ? std::optional<ApiAnswer>() : wrong_csrf_token();
  }

  Task<Confirmation> confirm(const HttpRequest& request, vx11::Deadline deadline) override {
    auto credential = credential_of(request.headers);
    if (!credential) co_return tl::unexpected(std::move(credential.error()));
    if (!credential->token && !credential->login) {
      Caller anonymous;  // of a route that accepts another proof
      anonymous.address = address_of(request);
      co_return anonymous;
    }
    auto confirming = credential->token
                          ? confirm_token(*std::move(credential->token), request, deadline)
                          : confirm_open(*std::move(credential->login), request, deadline);
    Confirmation confirmed = co_await std::move(confirming);
    co_return confirmed;
  }

  Task<Confirmation> confirm_login(const HttpRequest& request, vx11::Deadline deadline) override {
    auto credential = credential_of(request.headers);
    if (!credential || !credential->login) {
      auto confirming = confirm(request, std::move(deadline));
      Confirmation confirmed = co_await std::move(confirming);
      co_return confirmed;
    }
    auto opening = open_login(*credential->login, request);
    auto login = co_await std::move(opening);
    if (!login) co_return tl::unexpected(std::move(login.error()));
    Caller caller;
    caller.principal = login->principal;
    caller.login = login->id;
    caller.address = address_of(request);
    co_return caller;
  }

 private:
  /// The login of a cookie; a write has to bring its CSRF token.
  Task<tl::expected<OpenLogin, ApiAnswer>> open_login(const LoginSecret& secret,
                                                      const HttpRequest& request) {
    const bool is_write = !vx11::is_safe(request.method);
    if (is_write && !is_equal_secret(request.headers.get(kCsrfHeader), secret.csrf_token())) {
      co_return tl::unexpected(wrong_csrf_token());
    }
    auto finding = parts_.logins->find(secret);
    auto login = co_await std::move(finding);
    if (!login) co_return tl::unexpected(storage_offline(login.error()));
    if (!login->has_value()) {
      co_return tl::unexpected(refusal(401, "login_expired", "the login has ended; log in again"));
    }
    co_return *std::move(*login);
  }

  Task<Confirmation> confirm_token(std::string token, const HttpRequest& request,
                                   vx11::Deadline deadline) {
    Caller caller;
    caller.token = std::move(token);
    caller.address = address_of(request);
    auto asking = parts_.confirmations->confirm(caller.token, caller.address,
                                                correlation_id_of(request.headers), deadline);
    auto confirmed = co_await std::move(asking);
    if (!confirmed) co_return tl::unexpected(std::move(confirmed.error()));
    caller.principal = std::move(confirmed->principal);
    caller.scopes = confirmed->scopes;
    co_return caller;
  }

  Task<Confirmation> confirm_open(LoginSecret secret, const HttpRequest& request,
                                  vx11::Deadline deadline) {
    auto opening = open_login(secret, request);
    auto login = co_await std::move(opening);
    if (!login) co_return tl::unexpected(std::move(login.error()));
    auto confirming = confirm_token(login->token, request, deadline);
    Confirmation confirmed = co_await std::move(confirming);
    if (confirmed) {
      confirmed->login = login->id;
      co_return confirmed;
    }
    const int status = confirmed.error().status;
    if (status != 401 && status != 403) co_return confirmed;
    auto ending = end_revoked(std::move(secret), *std::move(login), request);
    ApiAnswer refused = co_await std::move(ending);
    co_return tl::unexpected(std::move(refused));
  }

  Task<ApiAnswer> end_revoked(LoginSecret secret, OpenLogin login, const HttpRequest& request) {
    auto ending = parts_.logins->end(std::move(secret));
    const auto ended = co_await std::move(ending);
    if (!ended) co_return storage_offline(ended.error());
    if (*ended) {
      Caller caller;
      caller.principal = login.principal;
      caller.address = address_of(request);
      LoginNote note(std::move(caller), LoginNote::What::revoked,
                     correlation_id_of(request.headers));
      auto noting = note_login(parts_.audit, parts_.events, std::move(note));
      const auto noted = co_await std::move(noting);
      if (!noted) co_return storage_offline(noted.error());
    }
    co_return refusal(401, "login_expired", "the gateway refuses the token of this login now");
  }

  const AdmissionParts parts_;
};

}  // namespace

std::shared_ptr<Authorizer> make_gateway_authorizer(AdmissionParts parts) {
  return std::make_shared<GatewayAuthorizer>(std::move(parts));
}

}  // namespace backend
