#include "authenticator.hpp"

#include <chrono>

namespace gateway {

namespace {

vx11::JwtOptions jwt_options(const JwtConfig& jwt) {
  return {.algorithms = jwt.algorithms,
          .secret = jwt.secret.value,
          .public_key_pem = jwt.public_key_pem,
          .audience = jwt.audience,
          .issuer = jwt.issuer,
          .leeway = std::chrono::duration_cast<std::chrono::seconds>(jwt.leeway)};
}

}  // namespace

vx11::Result<std::shared_ptr<const vx11::Authenticator>> make_authenticator(
    const AuthConfig& auth) {
  switch (auth.mode) {
    case AuthMode::off:
      return vx11::make_open_authenticator();
    case AuthMode::jwt:
      return vx11::make_jwt_authenticator(jwt_options(auth.jwt));
    case AuthMode::token:
      break;
  }
  return vx11::make_token_authenticator(auth.token.value);
}

}  // namespace gateway
