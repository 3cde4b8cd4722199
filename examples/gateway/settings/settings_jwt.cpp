#include <chrono>

#include "gateway/settings/settings_tables.hpp"

namespace gateway {

using namespace std::chrono_literals;

namespace {

template <class... Path>
Field jwt_field(Path... path) {
  return field(&GatewayConfig::auth, &AuthConfig::jwt, path...);
}

std::vector<Setting> key_settings() {
  using Jwt = JwtConfig;
  return {
      {.key = "auth.jwt.algorithms",
       .field = jwt_field(&Jwt::algorithms),
       .doc = "Accepted signature algorithms, of HS256, HS384, HS512, RS256, PS256, ES256, EdDSA "
              "and Ed25519 (the newer name of EdDSA).",
       .shown_default = "`[\"HS256\"]`; with a key set RS256, PS256, ES256 and EdDSA"},
      {.key = "auth.jwt.secret",
       .field = jwt_field(&Jwt::secret),
       .doc = "The key of HS256, HS384 and HS512; at least 32 bytes."},
      {.key = "auth.jwt.secret_file",
       .field = jwt_field(&Jwt::secret_file),
       .doc = "A file whose first line is that key. Instead of `secret`."},
      {.key = "auth.jwt.public_key_file",
       .field = jwt_field(&Jwt::public_key_file),
       .doc = "A PEM file with the public key of RS256, PS256, ES256 or EdDSA."},
      {.key = "auth.jwt.jwks_file",
       .field = jwt_field(&Jwt::jwks_file),
       .doc = "A file with the issuer's key set (JWKS, RFC 7517), instead of the keys above. It is "
              "read again within two seconds of a change, and at SIGHUP; one that cannot be used "
              "changes nothing."},
      {.key = "auth.jwt.jwks_url",
       .field = jwt_field(&Jwt::jwks_url),
       .doc = "The https URL of the issuer's key set; http for loopback hosts alone. Until it was "
              "fetched once tokens are refused and `/readyz` is 503; while the issuer is down the "
              "keys stay. A token with an unknown `kid` is answered 401 and causes a fetch, as "
              "often as `jwks_min_refresh` allows."},
      {.key = "auth.jwt.jwks_refresh",
       .field =
           ranged<Duration>(1s, 24h, &GatewayConfig::auth, &AuthConfig::jwt, &Jwt::jwks_refresh),
       .doc = "The age at which the keys of `jwks_url` are fetched again. A `Cache-Control: "
              "max-age` of the issuer counts instead, from `jwks_min_refresh` to an hour."},
      {.key = "auth.jwt.jwks_min_refresh",
       .field = ranged<Duration>(1s, 10min, &GatewayConfig::auth, &AuthConfig::jwt,
                                 &Jwt::jwks_min_refresh),
       .doc = "The shortest time between two fetches, also if tokens with an unknown `kid` ask for "
              "one or a fetch has failed."},
      {.key = "auth.jwt.jwks_ca_file",
       .field = jwt_field(&Jwt::jwks_ca_file),
       .doc = "A PEM file with the certificate authorities of `jwks_url`.",
       .shown_default = "those of the system"},
  };
}

std::vector<Setting> claim_settings() {
  using Jwt = JwtConfig;
  return {
      {.key = "auth.jwt.audience",
       .field = jwt_field(&Jwt::audience),
       .doc = "The value that the claim `aud` must contain. Required by mode `jwt`."},
      {.key = "auth.jwt.issuer",
       .field = jwt_field(&Jwt::issuer),
       .doc = "The value that the claim `iss` must have. Empty: `iss` is not checked."},
      {.key = "auth.jwt.type",
       .field = jwt_field(&Jwt::type),
       .doc = "The value that `typ` in the header must have, such as `at+jwt`, which keeps ID "
              "tokens out. Empty: `typ` is not checked."},
      {.key = "auth.jwt.leeway",
       .field = ranged<Duration>(0s, 5min, &GatewayConfig::auth, &AuthConfig::jwt, &Jwt::leeway),
       .doc = "Tolerated clock skew, in whole seconds."},
      {.key = "auth.jwt.require_scopes",
       .field = jwt_field(&Jwt::require_scopes),
       .doc = "Whether a token with none of the claims `scope`, `scp` and `roles` has no scope. "
              "With `false` it has every scope: safe only if the issuer makes tokens of this "
              "audience for operators alone.",
       .shown_default = "`true` with a key set, else `false`"},
      {.key = "auth.jwt.scope_prefix",
       .field = jwt_field(&Jwt::scope_prefix),
       .doc = "What stands before the names of scopes in these claims, such as `vx11.` in "
              "`vx11.chat`. Names without it are ignored."},
      {.key = "auth.jwt.scopes",
       .field = jwt_field(&Jwt::scopes),
       .doc = "The issuer's names for scopes: `NAME=SCOPE`, such as `Operators=admin`. With them, "
              "and without `scope_prefix`, other names are ignored."},
  };
}

}  // namespace

std::vector<Setting> jwt_settings() {
  std::vector<Setting> all = key_settings();
  for (Setting& setting : claim_settings()) all.push_back(std::move(setting));
  return all;
}

}  // namespace gateway
