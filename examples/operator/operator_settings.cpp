#include "operator/operator_settings.hpp"

#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "gateway/settings/settings_tables.hpp"
#include "gateway/settings/worded_field.hpp"

namespace backend {

namespace {

using namespace std::chrono_literals;
using gateway::BackendConfig;
using gateway::Duration;
using gateway::field;
using gateway::GatewayLinkConfig;
using gateway::ranged;
using gateway::Setting;
using Config = gateway::GatewayConfig;

/// Those that vx11-gateway has, too, with variables of their own.
std::vector<Setting> shared(std::initializer_list<std::string_view> keys) {
  std::vector<Setting> found;
  for (const std::string_view key : keys) {
    found.push_back(*gateway::find_setting(key));
    found.back().environment.clear();
  }
  return found;
}

std::vector<Setting> server_settings() {
  std::vector<Setting> all =
      shared({"server.listen", "server.insecure_listen", "server.socket_mode",
              "server.trusted_proxies", "server.proxy_protocol", "server.client_header",
              "server.threads", "server.max_connections", "server.max_connections_per_address",
              "server.max_unsent_bytes", "server.idle_timeout", "server.hosts"});
  all.push_back(
      {.key = "server.origins",
       .field = field(&Config::backend, &BackendConfig::origins),
       .doc = "Origins whose pages may send writes with the cookie of a login, and open "
              "WebSockets, besides the backend's own pages, such as `https://console.example`.",
       .shown_default = "none"});
  for (Setting& setting :
       shared({"server.drain_delay", "server.shutdown_grace", "server.tls.certificate_file",
               "server.tls.key_file", "server.tls.hsts_max_age"})) {
    all.push_back(std::move(setting));
  }
  return all;
}

std::vector<Setting> link_settings() {
  using Link = GatewayLinkConfig;
  return {
      {.key = "gateway.url",
       .flag = "--gateway",
       .value_name = "URL",
       .field = worded(field(&Config::backend, &BackendConfig::gateway, &Link::url),
                       {"the base URL of a vx11-gateway",
                        R"("http://host:port" without user, path or query, such as )"
                        R"("http://127.0.0.1:8000")"}),
       .doc = "The vx11-gateway, the only program that is connected to. Where it counts wrong "
              "credentials by address, name this backend in its `server.trusted_proxies`, so that "
              "it counts those of the clients."},
      {.key = "gateway.token",
       .environment = {"VX11_OPERATOR_GATEWAY_TOKEN", "VX11_TENTACULO_LINK_TOKEN",
                       "VX11_GATEWAY_TOKEN"},
       .field = field(&Config::backend, &BackendConfig::gateway, &Link::token),
       .doc = "The token with which the backend itself looks at status, power state and breakers, "
              "to turn changes into events; the scopes `status` and `power:read` are enough. "
              "Never used for a caller. Without it only what people do here becomes events.",
       .shown_default = "none"},
      {.key = "gateway.token_file",
       .field = field(&Config::backend, &BackendConfig::gateway, &Link::token_file),
       .doc = "A file whose first line is that token. Instead of `token`."},
      {.key = "gateway.ca_file",
       .field = field(&Config::backend, &BackendConfig::gateway, &Link::ca_file),
       .doc = "A PEM file with the authorities of the gateway's certificate, for `https://`.",
       .shown_default = "the system's authorities"},
      {.key = "gateway.watch_interval",
       .field = ranged<Duration>(100ms, 1h, &Config::backend, &BackendConfig::gateway,
                                 &Link::watch_interval),
       .doc = "How often the gateway is looked at. Status and power state are read, which wakes "
              "nothing."},
  };
}

std::vector<Setting> own_settings() {
  return {
      {.key = "database.file",
       .flag = "--database",
       .value_name = "FILE",
       .field = field(&Config::backend, &BackendConfig::database),
       .doc = "The SQLite file with logins, events, audit, transcripts and settings, on a local "
              "disk. It is made for its owner alone, with its folder; one program uses it at a "
              "time.",
       .shown_default = "`vx11/operator.db` in `$XDG_STATE_HOME`, else in `~/.local/state`"},

      {.key = "login.lifetime",
       .field = ranged<Duration>(1min, 12h, &Config::backend, &BackendConfig::login_lifetime),
       .doc = "How long a login lasts, unless its token expires before."},
      {.key = "login.per_principal",
       .field =
           ranged<std::uint32_t>(1, 1000, &Config::backend, &BackendConfig::logins_per_principal),
       .doc = "Logins of one principal at a time; a further one ends the oldest."},

      {.key = "websockets.max",
       .field = ranged<std::uint32_t>(1, 100'000, &Config::backend, &BackendConfig::most_sockets),
       .doc = "WebSockets that may be open; a further one is answered 503. Each takes up to half a "
              "megabyte if its client is slow."},
      {.key = "websockets.per_principal",
       .field = ranged<std::uint32_t>(1, 100'000, &Config::backend,
                                      &BackendConfig::sockets_per_principal),
       .doc = "Those of one principal; a further one is answered 429. Half of them leave room for "
              "others; less would be too little where many people share one token.",
       .shown_default = "half of `max`"},

      {.key = "events.max_streams",
       .field = ranged<std::uint32_t>(1, 100'000, &Config::backend, &BackendConfig::most_streams),
       .doc = "Event streams that may be open; a further one is answered 503."},
      {.key = "events.streams_per_principal",
       .field = ranged<std::uint32_t>(1, 100'000, &Config::backend,
                                      &BackendConfig::streams_per_principal),
       .doc =
           "Those of one principal; a further one is answered 429. Half for the same reason as of "
           "WebSockets.",
       .shown_default = "half of `max_streams`"},
      {.key = "events.max",
       .field =
           ranged<std::uint64_t>(100, 100'000'000, &Config::backend, &BackendConfig::most_events),
       .doc = "Events kept; the oldest are removed first."},
      {.key = "events.max_age",
       .field = ranged<Duration>(1h, 24h * 3660, &Config::backend, &BackendConfig::events_age),
       .doc = "How long an event is kept."},

      {.key = "power.max_window_ttl",
       .field = ranged<Duration>(1s, 24h * 30, &Config::backend, &BackendConfig::most_window_ttl),
       .doc = "The longest time for which the console opens a power window."},

      {.key = "console.read_only",
       .flag = "--read-only",
       .field = field(&Config::backend, &BackendConfig::read_only),
       .doc = "Whether every change is refused, with `OFF_BY_POLICY`, whatever a token's scopes "
              "allow."},
      {.key = "console.folder",
       .flag = "--console",
       .value_name = "DIR",
       .field = field(&Config::backend, &BackendConfig::console),
       .doc = "A folder whose files are served in place of the built-in console, read at start and "
              "at SIGHUP; for development.",
       .shown_default = "the built-in one"},
  };
}

}  // namespace

std::vector<Setting> operator_settings() {
  std::vector<Setting> all = server_settings();
  for (std::vector<Setting> more :
       {link_settings(), own_settings(),
        shared({"metrics.access", "log.level", "log.format", "log.access"})}) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace backend
