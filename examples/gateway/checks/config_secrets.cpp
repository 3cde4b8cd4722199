#include "gateway/checks/config_secrets.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/jwt.hpp"
#include "gateway/files/file_text.hpp"

namespace gateway {

namespace {

/// Sixteen random bytes cannot be guessed; fewer characters than that are a word.
constexpr std::size_t kFewestTokenBytes = 16;

std::optional<std::string> read_file(LoadedConfig& loaded, std::string_view key,
                                     const FilePath& path) {
  auto text = file_text(path.value);
  if (text) return std::move(*text);
  complain(loaded, key, unreadable(path.value, text.error()), Mistake::Kind::machine);
  return std::nullopt;
}

}  // namespace

void take_from_file(LoadedConfig& loaded, std::string_view key, Secret& secret,
                    const FilePath& path) {
  if (path.value.empty()) return;
  const std::string file_key = fmt::format("{}_file", key);
  const Origin by_value = loaded.origin(key);
  const Origin by_file = loaded.origin(file_key);
  if (by_value.source > by_file.source) return;
  if (by_value.source == by_file.source) {
    return complain(loaded, file_key, fmt::format("stands beside {}; give only one of them", key));
  }
  auto text = read_file(loaded, file_key, path);
  if (!text) return;
  text->resize(std::min(text->find_first_of("\r\n"), text->size()));
  Secret read_secret;
  if (text->empty()) {
    complain(loaded, file_key, fmt::format("the first line of {} is empty", in_quotes(path.value)));
  } else if (auto complaint = read(*text, read_secret)) {
    complain(loaded, file_key,
             fmt::format("the first line of {} {}", in_quotes(path.value), *complaint));
  } else {
    secret = std::move(read_secret);
    loaded.origins[std::string(key)] = {by_file.source,
                                        fmt::format("{}, {}", by_file.where, file_key)};
  }
}

namespace {

/// The variable that is set to nothing, if the setting has one.
std::string empty_variable(std::string_view key, const Environment& environment) {
  for (const std::string& name : find_setting(key)->environment) {
    if (const auto value = environment(name); value && value->empty()) return name;
  }
  return {};
}

/// "VX11_GATEWAY_TOKEN is set, but empty: ", or nothing.
std::string blame_empty(std::string_view key, const Environment& environment) {
  const std::string name = empty_variable(key, environment);
  return name.empty() ? std::string() : fmt::format("{} is set, but empty: ", name);
}

void warn_of_development_token(LoadedConfig& loaded, const Environment& environment) {
  const std::string blamed = blame_empty("auth.token", environment);
  loaded.warnings.push_back(
      fmt::format("{}the development token is in use, which is public knowledge; set "
                  "VX11_TENTACULO_LINK_TOKEN or auth.token_file",
                  blamed.empty() ? "no token is set: " : blamed));
}

/// Requests need a token of the file then, and the development token would be a way around it.
bool has_token_file(const AuthConfig& auth) {
  return auth.mode == AuthMode::token && !auth.tokens.value.empty();
}

void settle_client_token(LoadedConfig& loaded, const Environment& environment) {
  GatewayConfig& config = loaded.config;
  take_from_file(loaded, "auth.token", config.auth.token, config.auth.token_file);
  if (!config.auth.token.value.empty()) return;
  if (has_token_file(config.auth)) {
    const auto blamed = blame_empty("auth.token", environment);
    if (!blamed.empty())
      loaded.warnings.push_back(blamed + "only tokens of auth.tokens are accepted");
    return;
  }
  config.auth.token.value = kDevelopmentToken;
  loaded.origins["auth.token"] = {Origin::Source::standard, "default, the development token"};
  const bool is_sent =
      config.upstream.token.value.empty() && (config.has_switch() || !config.madre_is_embedded());
  if (config.auth.mode == AuthMode::token || is_sent) {
    warn_of_development_token(loaded, environment);
  }
}

void settle_upstream_token(LoadedConfig& loaded, const Environment& environment) {
  GatewayConfig& config = loaded.config;
  if (!config.upstream.token.value.empty()) return;
  if (const auto blamed = blame_empty("upstream.token", environment); !blamed.empty()) {
    loaded.warnings.push_back(blamed + "the upstreams are sent auth.token");
  }
  config.upstream.token = config.auth.token;
  loaded.origins["upstream.token"] = {Origin::Source::standard, "default, auth.token"};
  if (!config.upstream.token.value.empty()) return;
  config.upstream.token.value = kDevelopmentToken;
  loaded.origins["upstream.token"] = {Origin::Source::standard, "default, the development token"};
  if (!config.has_switch() && config.madre_is_embedded()) return;
  loaded.warnings.emplace_back(
      "the upstreams are sent the development token, which is public knowledge; set "
      "VX11_UPSTREAM_TOKEN or upstream.token_file");
}

void settle_tokens(LoadedConfig& loaded, const Environment& environment) {
  GatewayConfig& config = loaded.config;
  take_from_file(loaded, "upstream.token", config.upstream.token, config.upstream.token_file);
  settle_client_token(loaded, environment);
  settle_upstream_token(loaded, environment);
}

void settle_jwt(LoadedConfig& loaded) {
  JwtConfig& jwt = loaded.config.auth.jwt;
  settle_key_set(loaded);
  take_from_file(loaded, "auth.jwt.secret", jwt.secret, jwt.secret_file);
  if (jwt.public_key_file.value.empty()) return;
  jwt.public_key_pem =
      read_file(loaded, "auth.jwt.public_key_file", jwt.public_key_file).value_or("");
}

constexpr std::string_view kWayOut =
    "set VX11_TENTACULO_LINK_TOKEN or auth.token_file to a secret of at least 16 bytes, or listen "
    "on "
    "127.0.0.1";

void refuse_token(LoadedConfig& loaded, const Environment& environment, std::string_view fault) {
  complain(loaded, "auth.token",
           fmt::format("{}{}, but other machines can connect to {}; {}",
                       blame_empty("auth.token", environment), fault,
                       to_string(loaded.config.server.listen), kWayOut));
}

}  // namespace

std::string place_of(const LoadedConfig& loaded, std::string_view key) {
  const Origin origin = loaded.origin(key);
  if (origin.source == Origin::Source::standard) return std::string(key);
  if (origin.source == Origin::Source::file) return fmt::format("{}: {}", origin.where, key);
  return origin.where;
}

bool is_mistaken(const LoadedConfig& loaded, std::string_view key) {
  return std::any_of(loaded.mistakes.begin(), loaded.mistakes.end(),
                     [=](const Mistake& mistake) { return mistake.key == key; });
}

void complain(LoadedConfig& loaded, std::string_view key, std::string what, Mistake::Kind kind) {
  loaded.mistakes.push_back({.where = place_of(loaded, key),
                             .what = std::move(what),
                             .kind = kind,
                             .key = std::string(key)});
}

void settle_secrets(LoadedConfig& loaded, const Environment& environment) {
  settle_tokens(loaded, environment);
  take_from_file(loaded, "power.key", loaded.config.power.key, loaded.config.power.key_file);
  settle_jwt(loaded);
}

void check_tokens(LoadedConfig& loaded, const Environment& environment) {
  const AuthConfig& auth = loaded.config.auth;
  if (auth.mode != AuthMode::token || auth.token.value.empty()) return;
  const bool is_exposed = !is_loopback(loaded.config.server.listen);
  const bool is_short = auth.token.value.size() < kFewestTokenBytes;
  if (is_exposed && auth.token.value == kDevelopmentToken) {
    refuse_token(loaded, environment, "is the development token, which is public knowledge");
  } else if (is_exposed && is_short) {
    refuse_token(loaded, environment, "has fewer than 16 bytes");
  } else if (is_short) {
    loaded.warnings.push_back(
        fmt::format("{}: the token has fewer than 16 bytes and can be guessed",
                    place_of(loaded, "auth.token")));
  }
}

}  // namespace gateway
