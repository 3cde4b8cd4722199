#include "gateway/checks/jwt.hpp"

#include <vx11/net/transport.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"

namespace gateway {

namespace {

/// An issuer is further away than an upstream.
constexpr Duration kConnectLimit = std::chrono::seconds(5);
constexpr std::size_t kMostKeyBytes = std::size_t{256} * 1024;  // more is refused anyway

std::optional<vx11::Scope> scope_of(std::string_view pair) {
  const std::size_t sign = pair.rfind('=');
  if (sign == 0 || sign == std::string_view::npos) return std::nullopt;
  return vx11::parse_scope(pair.substr(sign + 1));
}

vx11::JwtScopes scopes_of(const JwtConfig& jwt) {
  vx11::JwtScopes scopes{.required = jwt.require_scopes, .prefix = jwt.scope_prefix};
  for (const std::string& pair : jwt.scopes) {
    if (const auto scope = scope_of(pair)) scopes.names[pair.substr(0, pair.rfind('='))] = *scope;
  }
  return scopes;
}

std::chrono::seconds leeway_of(const JwtConfig& jwt) {
  return std::chrono::duration_cast<std::chrono::seconds>(jwt.leeway);
}

std::shared_ptr<vx11::Transport> transport_for(const JwtConfig& jwt) {
  if (jwt.jwks_url.empty()) return nullptr;
  vx11::NetTransportOptions options;
  options.connect_timeout = kConnectLimit;
  options.max_body_bytes = kMostKeyBytes;
  options.ca_file = jwt.jwks_ca_file.value;
  return vx11::make_net_transport(std::move(options));
}

bool is_set(const LoadedConfig& loaded, std::string_view key) {
  return loaded.origin(key).source != Origin::Source::standard;
}

void check_scopes(LoadedConfig& loaded) {
  for (const std::string& pair : loaded.config.auth.jwt.scopes) {
    if (scope_of(pair)) continue;
    complain(loaded, "auth.jwt.scopes",
             fmt::format("{} is not NAME=SCOPE, such as \"Operators=admin\"; the scopes are chat, "
                         "status, power:read, power:write, sessions:read, metrics and admin",
                         shown_value(pair).value_or("\"***\"")));
  }
}

void check_sole_source(LoadedConfig& loaded) {
  const JwtConfig& jwt = loaded.config.auth.jwt;
  const std::string_view key =
      jwt.jwks_file.value.empty() ? "auth.jwt.jwks_url" : "auth.jwt.jwks_file";
  for (const std::string_view other : {"auth.jwt.jwks_url", "auth.jwt.secret",
                                       "auth.jwt.secret_file", "auth.jwt.public_key_file"}) {
    if (other == key || !is_set(loaded, other)) continue;
    complain(loaded, key, fmt::format("stands beside {}; give only one of them", other));
  }
}

}  // namespace

void settle_key_set(LoadedConfig& loaded) {
  JwtConfig& jwt = loaded.config.auth.jwt;
  check_scopes(loaded);
  if (!jwt.has_key_set()) return;
  check_sole_source(loaded);
  if (!is_set(loaded, "auth.jwt.require_scopes")) jwt.require_scopes = true;
  if (!is_set(loaded, "auth.jwt.algorithms")) jwt.algorithms = vx11::JwksOptions().algorithms;
}

vx11::Result<std::shared_ptr<const vx11::Authenticator>> make_jwt(const JwtConfig& jwt) {
  return vx11::make_jwt_authenticator({.algorithms = jwt.algorithms,
                                       .secret = jwt.secret.value,
                                       .public_key_pem = jwt.public_key_pem,
                                       .audience = jwt.audience,
                                       .issuer = jwt.issuer,
                                       .leeway = leeway_of(jwt),
                                       .type = jwt.type,
                                       .scopes = scopes_of(jwt)});
}

vx11::Result<std::shared_ptr<vx11::JwksAuthenticator>> make_jwks(const JwtConfig& jwt) {
  return vx11::JwksAuthenticator::open({.path = jwt.jwks_file.value,
                                        .url = jwt.jwks_url,
                                        .transport = transport_for(jwt),
                                        .algorithms = jwt.algorithms,
                                        .audience = jwt.audience,
                                        .issuer = jwt.issuer,
                                        .type = jwt.type,
                                        .leeway = leeway_of(jwt),
                                        .scopes = scopes_of(jwt),
                                        .refresh = jwt.jwks_refresh,
                                        .min_refresh = jwt.jwks_min_refresh});
}

}  // namespace gateway
