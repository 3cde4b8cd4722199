#include "gateway/auth/authenticator.hpp"

#include <vx11/certificate_auth.hpp>
#include <vx11/token_file.hpp>

#include <utility>

#include "gateway/checks/jwt.hpp"

namespace gateway {

namespace {

vx11::Result<Credentials> without_file(
    vx11::Result<std::shared_ptr<const vx11::Authenticator>> auth) {
  if (!auth) return vx11::fail(std::move(auth.error()));
  return Credentials{.auth = *std::move(auth)};
}

/// `auth.token` is one more token, beside those of the file.
vx11::Result<Credentials> with_file(const AuthConfig& auth) {
  auto file = vx11::TokenFile::open({.path = auth.tokens.value, .token = auth.token.value});
  if (!file) return vx11::fail(std::move(file.error()));
  return Credentials{.auth = *file, .tokens = watch_tokens(*file)};
}

vx11::Result<Credentials> with_keys(const JwtConfig& jwt) {
  auto keys = make_jwks(jwt);
  if (!keys) return vx11::fail(std::move(keys.error()));
  return Credentials{.auth = *keys, .keys = watch_keys(*keys, jwt)};
}

vx11::Result<Credentials> without_certificates(const AuthConfig& auth) {
  switch (auth.mode) {
    case AuthMode::off:
      return Credentials{.auth = vx11::make_open_authenticator()};
    case AuthMode::jwt:
      return auth.jwt.has_key_set() ? with_keys(auth.jwt) : without_file(make_jwt(auth.jwt));
    case AuthMode::token:
      break;
  }
  if (!auth.tokens.value.empty()) return with_file(auth);
  return without_file(vx11::make_token_authenticator(auth.token.value));
}

}  // namespace

vx11::Result<Credentials> make_credentials(const AuthConfig& auth) {
  auto credentials = without_certificates(auth);
  if (!credentials || auth.certificates.names.empty()) return credentials;
  auto both = vx11::make_certificate_authenticator(
      {.names = auth.certificates.names, .tokens = std::move(credentials->auth)});
  if (!both) return vx11::fail(std::move(both.error()));
  credentials->auth = *std::move(both);
  return credentials;
}

}  // namespace gateway
