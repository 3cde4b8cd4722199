#include "config_settle.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "authenticator.hpp"
#include "file_text.hpp"

namespace gateway {

namespace {

/// The location to report for a mistake in the value of `key`.
std::string place_of(const LoadedConfig& loaded, std::string_view key) {
  const Origin origin = loaded.origin(key);
  if (origin.source == Origin::Source::standard) return std::string(key);
  if (origin.source == Origin::Source::file) return fmt::format("{}: {}", origin.where, key);
  return origin.where;
}

void complain(LoadedConfig& loaded, std::string_view key, std::string what,
              Mistake::Kind kind = Mistake::Kind::written) {
  loaded.mistakes.push_back({.where = place_of(loaded, key),
                             .what = std::move(what),
                             .kind = kind,
                             .key = std::string(key)});
}

std::optional<std::string> read_file(LoadedConfig& loaded, std::string_view key,
                                     const FilePath& path) {
  auto text = file_text(path.value);
  if (text) return std::move(*text);
  complain(loaded, key,
           fmt::format("{} cannot be read: {}", in_quotes(path.value), text.error().message()),
           Mistake::Kind::machine);
  return std::nullopt;
}

/// Reads the secret from the first line of the file, if the file's setting has a source of higher
/// precedence than the secret's.
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

void settle_tokens(LoadedConfig& loaded) {
  GatewayConfig& config = loaded.config;
  take_from_file(loaded, "auth.token", config.auth.token, config.auth.token_file);
  take_from_file(loaded, "upstream.token", config.upstream.token, config.upstream.token_file);
  const bool has_own_token = !config.upstream.token.value.empty();
  if (config.auth.token.value.empty()) {
    config.auth.token.value = kDevelopmentToken;
    loaded.origins["auth.token"] = {Origin::Source::standard, "default, the development token"};
    const bool is_sent = !has_own_token && (config.has_switch() || !config.madre_is_embedded());
    if (config.auth.mode == AuthMode::token || is_sent) {
      loaded.warnings.emplace_back(
          "no token is set: the development token is in use, which is public knowledge; set "
          "VX11_TENTACULO_LINK_TOKEN or auth.token_file");
    }
  }
  if (!has_own_token) {
    config.upstream.token = config.auth.token;
    loaded.origins["upstream.token"] = {Origin::Source::standard, "default, auth.token"};
  }
}

void settle_jwt(LoadedConfig& loaded) {
  JwtConfig& jwt = loaded.config.auth.jwt;
  take_from_file(loaded, "auth.jwt.secret", jwt.secret, jwt.secret_file);
  if (jwt.public_key_file.value.empty()) return;
  jwt.public_key_pem =
      read_file(loaded, "auth.jwt.public_key_file", jwt.public_key_file).value_or("");
}

/// Whether an authentication setting already has a mistake, which creating the authenticator would
/// only report again.
bool auth_is_mistaken(const LoadedConfig& loaded) {
  const auto& mistakes = loaded.mistakes;
  return std::any_of(mistakes.begin(), mistakes.end(), [](const Mistake& mistake) {
    return mistake.key == "auth" || mistake.key.starts_with("auth.");
  });
}

void check_authenticator(LoadedConfig& loaded) {
  if (auth_is_mistaken(loaded)) return;
  const AuthConfig& auth = loaded.config.auth;
  const auto authenticator = make_authenticator(auth);
  if (authenticator) return;
  complain(loaded, auth.mode == AuthMode::jwt ? "auth.jwt" : "auth.token",
           authenticator.error().detail);
}

/// The state directory of the XDG Base Directory Specification.
struct StateFolder {
  std::string path = {};
  std::string_view from = {};
};
std::optional<StateFolder> state_folder(const Environment& environment) {
  // The specification requires relative paths to be ignored.
  if (auto path = environment("XDG_STATE_HOME"); path && path->starts_with('/')) {
    return StateFolder{std::move(*path), "XDG_STATE_HOME"};
  }
  if (const auto home = environment("HOME"); home && home->starts_with('/')) {
    return StateFolder{*home + "/.local/state", "HOME"};
  }
  return std::nullopt;
}

void settle_sessions(LoadedConfig& loaded, const Environment& environment) {
  constexpr std::string_view kKey = "sessions.store";
  if (loaded.origin(kKey).source != Origin::Source::standard) return;
  if (const auto folder = state_folder(environment)) {
    loaded.config.sessions.store.sqlite_path = folder->path + "/vx11/sessions.db";
    loaded.origins[std::string(kKey)] = {Origin::Source::standard,
                                         fmt::format("default, by {}", folder->from)};
  } else {
    complain(loaded, kKey,
             "neither XDG_STATE_HOME nor HOME says where to keep sessions; give --sessions "
             "sqlite:PATH or --sessions memory");
  }
}

void check_exposure(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (is_loopback(config.server.listen)) return;
  if (config.auth.mode == AuthMode::off) {
    complain(loaded, "auth.mode",
             fmt::format("is \"off\", but other machines can connect to {}; listen on 127.0.0.1, "
                         "or authenticate by \"token\" or \"jwt\"",
                         to_string(config.server.listen)));
  }
}

void check_deadlines(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (config.has_switch() && config.switch_.limit >= config.chat.deadline) {
    loaded.warnings.emplace_back(
        "switch.limit leaves nothing of chat.deadline: a switch that hangs is never followed by "
        "madre");
  }
}

}  // namespace

void settle(LoadedConfig& loaded, const Environment& environment) {
  settle_tokens(loaded);
  settle_jwt(loaded);
  check_authenticator(loaded);
  settle_sessions(loaded, environment);
  check_exposure(loaded);
  check_deadlines(loaded);
}

}  // namespace gateway
