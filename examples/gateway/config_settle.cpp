#include "gateway/config_settle.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/auth/authenticator.hpp"
#include "gateway/checks/config_listen.hpp"
#include "gateway/checks/config_secrets.hpp"
#include "gateway/checks/config_slo.hpp"
#include "gateway/checks/config_targets.hpp"
#include "gateway/checks/config_tracing.hpp"
#include "gateway/files/file_text.hpp"
#include "gateway/listener_tls.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/redis/redis_client.hpp"
#include "gateway/redis/shared_parts.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// Whether an authentication setting already has a mistake, which creating the authenticator would
/// only report again.
bool auth_is_mistaken(const LoadedConfig& loaded) {
  const auto& mistakes = loaded.mistakes;
  return std::any_of(mistakes.begin(), mistakes.end(), [](const Mistake& mistake) {
    return mistake.key == "auth" || mistake.key.starts_with("auth.");
  });
}

/// The setting that an authenticator which cannot be made depends on.
std::string_view key_of(const AuthConfig& auth) {
  if (auth.mode == AuthMode::jwt) return "auth.jwt";
  return auth.tokens.value.empty() ? "auth.token" : "auth.tokens";
}

/// One that is too long for an algorithm may be the key, which the library would name.
void check_algorithms(LoadedConfig& loaded) {
  for (const std::string& name : loaded.config.auth.jwt.algorithms) {
    if (shown_value(name)) continue;
    return complain(
        loaded, "auth.jwt.algorithms",
        "names no algorithm; take some of HS256, HS384, HS512, RS256, PS256, ES256, EdDSA "
        "and Ed25519");
  }
}

void check_authenticator(LoadedConfig& loaded) {
  check_algorithms(loaded);
  if (auth_is_mistaken(loaded)) return;
  const AuthConfig& auth = loaded.config.auth;
  if (auth.mode != AuthMode::token && !auth.tokens.value.empty()) {
    loaded.warnings.push_back(fmt::format("{}: has an effect in auth.mode \"token\" only",
                                          place_of(loaded, "auth.tokens")));
  }
  const std::string& tokens = auth.tokens.value;
  const bool reads_tokens = auth.mode == AuthMode::token && !tokens.empty();
  if (const auto text = file_text(tokens); reads_tokens && !text) {
    return complain(loaded, "auth.tokens", unreadable(tokens, text.error()),
                    Mistake::Kind::machine);
  }
  const auto credentials = make_credentials(auth);
  if (credentials) return;
  const vx11::Error& error = credentials.error();
  complain(loaded, key_of(auth), error.detail,
           error.code == vx11::Errc::storage ? Mistake::Kind::machine : Mistake::Kind::written);
}

void check_certificates(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (config.auth.certificates.names.empty()) return;
  if (config.server.tls.client_ca_file.value.empty()) {
    complain(loaded, "auth.certificates",
             "needs server.tls.client_ca_file: without it clients are not asked for certificates");
  } else if (config.auth.mode == AuthMode::off) {
    complain(loaded, "auth.certificates",
             "has no effect in auth.mode \"off\", which accepts every request; delete one of them");
  }
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
  if (config.auth.mode != AuthMode::off || is_loopback(config.server.listen)) return;
  complain(loaded, "auth.mode",
           fmt::format("is \"off\", but other machines can connect to {}; listen on 127.0.0.1, or "
                       "authenticate by \"token\" or \"jwt\"",
                       to_string(config.server.listen)));
}

/// `metrics.public` is the older way to write `metrics.access`.
void settle_metrics(LoadedConfig& loaded) {
  if (loaded.origin("metrics.public").source == Origin::Source::standard) return;
  loaded.warnings.push_back(fmt::format("{}: is deprecated; write metrics.access = \"{}\"",
                                        place_of(loaded, "metrics.public"),
                                        loaded.config.metrics.open ? "public" : "auto"));
  if (loaded.origin("metrics.access").source != Origin::Source::standard) return;
  if (loaded.config.metrics.open) loaded.config.metrics.access = MetricsMode::open;
}

/// Whether a chat that this step does not answer may be sent to another target.
bool is_followed(const GatewayConfig& config, const RouteConfig& route, std::size_t step) {
  if (step + 1 != route.targets.size()) return true;
  const auto group = config.groups.find(route.targets[step]);
  return group != config.groups.end() && group->second.max_targets > 1 &&
         group->second.targets.size() > 1;
}

/// Whether a route may ask another target after this one.
bool is_followed(const GatewayConfig& config, const std::string& name) {
  for (const auto& [route_name, route] : config.routes) {
    for (std::size_t i = 0; i < route.targets.size(); ++i) {
      const auto targets = targets_of_step(config, route.targets[i]);
      const bool has_it = std::find(targets.begin(), targets.end(), name) != targets.end();
      if (has_it && is_followed(config, route, i)) return true;
    }
  }
  return false;
}

/// Of two limits of a target the nearer one counts.
void check_total_limit(LoadedConfig& loaded, const std::string& name, const TargetConfig& target) {
  const Duration total = target.total_limit;
  if (total == Duration::zero()) return;
  const std::string key = fmt::format("targets.{}.", name);
  const std::string limit = key + "limit";
  if (total < target.limit && loaded.origin(limit).source != Origin::Source::standard) {
    loaded.warnings.push_back(
        fmt::format("{}: has no effect: total_limit is shorter, {}; delete it",
                    place_of(loaded, limit), print(total)));
  } else if (total >= loaded.config.chat.stream_deadline) {
    loaded.warnings.push_back(fmt::format(
        "{}: has no effect: chat.stream_deadline ends a stream after {}; take less",
        place_of(loaded, key + "total_limit"), print(loaded.config.chat.stream_deadline)));
  }
}

void check_deadlines(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (config.has_switch() && config.switch_.limit >= config.chat.deadline) {
    loaded.warnings.emplace_back(
        "switch.limit leaves nothing of chat.deadline: a switch that hangs is never followed by "
        "madre");
  }
  for (const auto& [name, target] : config.targets) {
    check_total_limit(loaded, name, target);
    if (target.limit < config.chat.deadline || !is_followed(config, name)) continue;
    const std::string key = fmt::format("targets.{}.limit", name);
    loaded.warnings.push_back(
        fmt::format("{}: leaves nothing of chat.deadline: if {} hangs, the next target of its "
                    "route is never asked",
                    place_of(loaded, key), name));
  }
}

/// What needs services of VX11 that are not configured.
void check_services(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  const auto check = [&](bool enabled, std::string_view key) {
    if (!enabled || !config.madre_is_embedded()) return;
    complain(loaded, key, "needs madre.url: the embedded madre takes no intents and no services");
  };
  check(config.intents.enabled, "intents.enabled");
  check(config.inee.enabled, "inee.enabled");
  if (!config.inee.enabled || !config.hormiguero.url.value.empty()) return;
  complain(loaded, "inee.enabled", "needs hormiguero.url, such as \"http://hormiguero:8004\"");
}

}  // namespace

void check_origins(LoadedConfig& loaded, std::string_view key,
                   const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    if (origin == "*" || is_origin(origin)) continue;
    complain(
        loaded, key,
        fmt::format("{} is not an origin; write https://host[:port] in small letters, without a "
                    "path and without the scheme's own port",
                    shown_value(origin).value_or("\"***\"")));
  }
}

void check_hosts(LoadedConfig& loaded, std::string_view key,
                 const std::vector<std::string>& hosts) {
  for (const std::string& host : hosts) {
    if (host == "*" || is_host_without_port(host)) continue;
    complain(loaded, key,
             fmt::format("{} is not a host; write one such as gateway.example or [2001:db8::1], "
                         "without a scheme, a port and wildcards",
                         shown_value(host).value_or("\"***\"")));
  }
}

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

void check_credentials(LoadedConfig& loaded, const Environment& environment) {
  check_certificates(loaded);
  check_exposure(loaded);
  check_tokens(loaded, environment);
}

void settle(LoadedConfig& loaded, const Environment& environment) {
  settle_listen(loaded);
  settle_secrets(loaded, environment);
  check_authenticator(loaded);
  settle_sessions(loaded, environment);
  settle_redis(loaded);
  settle_shared(loaded);
  settle_metrics(loaded);
  settle_tracing(loaded);
  check_credentials(loaded, environment);
  check_listener_tls(loaded);
  check_origins(loaded, "server.cors_origins", loaded.config.server.cors_origins);
  check_hosts(loaded, "server.hosts", loaded.config.server.hosts);
  check_deadlines(loaded);
  check_services(loaded);
  settle_targets(loaded);
  settle_slos(loaded);
  settle_power(loaded);
}

}  // namespace gateway
