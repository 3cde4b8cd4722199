#include "gateway/settings/settings.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "gateway/settings/named_tables.hpp"
#include "gateway/settings/settings_tables.hpp"
#include "gateway/values/shown_text.hpp"

namespace gateway {

namespace {

/// `[server]` and `[auth]`.
std::vector<Setting> server_settings() {
  using Config = GatewayConfig;
  return {
      {.key = "server.listen",
       .flag = "--listen",
       .value_name = "HOST:PORT",
       .field = field(&Config::server, &ServerConfig::listen),
       .doc = "The address to listen on: `HOST:PORT`, where port 0 takes any free one and the line "
              "on standard output names it; `unix:/path`, a Unix-domain socket; or `systemd:`, "
              "the socket that systemd passes. [listeners.md](listeners.md) says more."},
      {.key = "server.insecure_listen",
       .flag = "--insecure-listen",
       .field = field(&Config::server, &ServerConfig::insecure_listen),
       .doc = "Allows plain HTTP on an address that other machines can connect to, such as "
              "behind a proxy that ends TLS. Tokens and chats are readable on that network."},
      {.key = "server.socket_mode",
       .field = field(&Config::server, &ServerConfig::socket_mode),
       .doc =
           "Permissions of the Unix-domain socket that is created; to connect one needs the right "
           "to write."},
      {.key = "server.trusted_proxies",
       .field = field(&Config::server, &ServerConfig::trusted_proxies),
       .doc = "Proxies that are believed about the address of their clients, which counts for "
              "limits: addresses, networks such as `10.0.0.0/8`, and `unix` for a Unix-domain "
              "socket.",
       .shown_default = "none"},
      {.key = "server.proxy_protocol",
       .field = field(&Config::server, &ServerConfig::proxy_protocol),
       .doc =
           "`required`: every connection begins with a header of the PROXY protocol, version 1 or "
           "2, before TLS; one without it, or not of a trusted proxy, is closed."},
      {.key = "server.client_header",
       .field = field(&Config::server, &ServerConfig::client_header),
       .doc = "The header in which trusted proxies name the client. They must replace it or append "
              "to it, or clients could choose their address; `none` where they do not."},
      {.key = "server.threads",
       .flag = "--threads",
       .value_name = "N",
       .field = ranged(1U, 1024U, &Config::server, &ServerConfig::threads),
       .doc = "Event loops, each a thread. They answer requests without blocking, so more of them "
              "than processors gain nothing. The default counts the processors that the affinity "
              "and the CPU quota of the control groups allow.",
       .shown_default = "1 per usable processor"},
      {.key = "server.max_connections",
       .field = ranged<std::size_t>(1, 1'000'000, &Config::server, &ServerConfig::max_connections),
       .doc = "Connections served at a time; further ones are answered 503. Lowered at start, with "
              "a warning, where the limit of open files is too low: each connection may need two, "
              "and 192 are kept in reserve."},
      {.key = "server.max_connections_per_address",
       .field = ranged<std::size_t>(1, 1'000'000, &Config::server,
                                    &ServerConfig::max_connections_per_address),
       .doc = "Connections served at a time from one address; further ones are answered 503. "
              "Behind a proxy all clients have the address of the proxy, unless `proxy_protocol` "
              "names that of the client."},
      {.key = "server.max_unsent_bytes",
       .field = ranged<std::size_t>(std::size_t{1} << 20U, std::size_t{1} << 40U, &Config::server,
                                    &ServerConfig::max_unsent_bytes),
       .doc = "Bytes of the answers that wait for their clients, all connections together; each "
              "counts in full until it has been sent. Above it, the connections whose clients have "
              "accepted nothing for longest are closed; those with small answers last. The "
              "connection of an answer that exceeds it alone is closed, and no other."},
      {.key = "server.idle_timeout",
       .field = ranged<Duration>(1s, 24h, &Config::server, &ServerConfig::idle_timeout),
       .doc = "How long a connection may be idle between two requests. Longer than proxies keep "
              "theirs, so that the proxy closes first and no request meets a closed connection: "
              "Caddy and Traffic Server keep them for 120 s."},
      {.key = "server.hosts",
       .field = field(&Config::server, &ServerConfig::hosts),
       .doc =
           "Hosts that requests may name in Host, without a port, such as the public name that a "
           "proxy passes on. On a loopback address localhost, 127.0.0.1, [::1] and the host of "
           "`listen` are allowed besides, and names without a dot; every other is answered 403. "
           "Elsewhere every host is allowed unless some are listed. `*` allows all.",
       .shown_default = "none"},
      {.key = "server.cors_origins",
       .field = field(&Config::server, &ServerConfig::cors_origins),
       .doc = "Origins whose pages may call the API from a browser (CORS), such as "
              "`https://console.example:8443`; `*` allows every page."},
      {.key = "server.drain_delay",
       .field = ranged<Duration>(0s, 1h, &Config::server, &ServerConfig::drain_delay),
       .doc = "How long connections are still accepted after SIGTERM, while `/readyz` answers 503 "
              "and every answer closes its connection, so that balancers move away before the "
              "listener closes. SIGINT skips it, a second signal ends the process."},
      {.key = "server.shutdown_grace",
       .field = ranged<Duration>(0s, 1h, &Config::server, &ServerConfig::shutdown_grace),
       .doc =
           "The longest time that requests in progress get to complete after SIGTERM or SIGINT."},

      {.key = "server.tls.certificate_file",
       .flag = "--tls-cert",
       .value_name = "FILE",
       .field = field(&Config::server, &ServerConfig::tls, &ListenerTlsConfig::certificate_file),
       .doc = "A PEM file with the certificate of the listener, followed by those of its "
              "authorities. With it the listener speaks HTTPS (TLS 1.2 and 1.3) and no HTTP. It "
              "is read again within two seconds of a change, and at SIGHUP; connections stay, "
              "and one that cannot be used changes nothing.",
       .shown_default = "none, plain HTTP"},
      {.key = "server.tls.key_file",
       .flag = "--tls-key",
       .value_name = "FILE",
       .field = field(&Config::server, &ServerConfig::tls, &ListenerTlsConfig::key_file),
       .doc = "A PEM file with its private key, not encrypted."},
      {.key = "server.tls.client_ca_file",
       .flag = "--tls-client-ca",
       .value_name = "FILE",
       .field = field(&Config::server, &ServerConfig::tls, &ListenerTlsConfig::client_ca_file),
       .doc = "A PEM file with the authorities of clients' certificates. Without it clients are "
              "not asked for one."},
      {.key = "server.tls.client_certificates",
       .field = field(&Config::server, &ServerConfig::tls, &ListenerTlsConfig::client_certificates),
       .doc = "With `client_ca_file`: `required` refuses clients without a certificate, "
              "`optional` only those with one that is not trusted."},
      {.key = "server.tls.client_crl_file",
       .field = field(&Config::server, &ServerConfig::tls, &ListenerTlsConfig::client_crl_file),
       .doc = "With `client_ca_file`: a PEM file with the revocation lists of those authorities, "
              "one of each that is in a chain. Clients that a list names are refused; once a list "
              "has expired, all with a certificate of its authority are. Read again like "
              "`certificate_file`."},
      {.key = "server.tls.hsts_max_age",
       .field = ranged<Duration>(0s, std::chrono::hours(24 * 730), &Config::server,
                                 &ServerConfig::tls, &ListenerTlsConfig::hsts_max_age),
       .doc = "The `max-age` of Strict-Transport-Security, in whole seconds: browsers use no plain "
              "HTTP with this host for that long, and it cannot be taken back. Zero: no such "
              "header. Without `certificate_file` there is none either."},

      {.key = "auth.mode",
       .field = field(&Config::auth, &AuthConfig::mode),
       .doc = "How requests are authenticated: `token` compares x-vx11-token with the token, `jwt` "
              "verifies a JWT (RFC 7519) in Authorization, `off` accepts every request and is "
              "refused unless the listen address is a loopback address."},
      {.key = "auth.token",
       .environment = {"VX11_TENTACULO_LINK_TOKEN", "VX11_GATEWAY_TOKEN", "VX11_AUTH_TOKEN"},
       .field = field(&Config::auth, &AuthConfig::token),
       .doc =
           "The token that requests must carry, in x-vx11-token or as a bearer token in "
           "Authorization, and that is sent to the upstreams. The default is public knowledge and "
           "meant for development: with it, or with a token of fewer than 16 bytes, the gateway "
           "starts on a loopback address only. With `tokens` there is no default.",
       .shown_default = "the development token"},
      {.key = "auth.token_file",
       .field = field(&Config::auth, &AuthConfig::token_file),
       .doc = "A file whose first line is the token. Instead of `token`."},
      {.key = "auth.tokens",
       .flag = "--tokens",
       .value_name = "FILE",
       .field = field(&Config::auth, &AuthConfig::tokens),
       .doc =
           "A file of named tokens with scopes and expiry, as `vx11-gateway token new` writes it. "
           "It is read again within two seconds of a change, and at SIGHUP; one that cannot be "
           "used changes nothing. `token`, if it is set, is one more token, with every scope."},
      {.key = "auth.shared_revocations",
       .field = field(&Config::auth, &AuthConfig::shared_revocations),
       .doc = "Whether `POST /admin/revocations` refuses a token by its name or a JWT by its "
              "subject, at all gateways within two seconds that share the Redis of "
              "`sessions.store`, or else of `redis.url`."},
      {.key = "auth.certificates",
       .field = field(&Config::auth, &AuthConfig::certificates),
       .doc =
           "What clients with a certificate may use without a token: a table of names and scopes, "
           "such as `{ \"spiffe://example.org/switch\" = \"chat,status\" }`. The name is the "
           "first URI of the certificate, else its first DNS name, else its first e-mail address. "
           "Needs `server.tls.client_ca_file`.",
       .shown_default = "none"},
  };
}

/// In the order of the manual.
std::vector<Setting> table() {
  std::vector<Setting> all = server_settings();
  for (std::vector<Setting> more :
       {jwt_settings(), chat_settings(), intent_settings(), service_settings(), request_settings(),
        service_level_settings(), tracing_settings()}) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

/// `server.front`: the event-driven server is the only one left.
Complaint read_retired_front(GatewayConfig& /*config*/, std::string_view text) {
  if (text == "event" || text == "asio") return std::nullopt;
  if (text == "httplib") {
    return "the blocking server \"httplib\" was removed; delete the setting, the event-driven "
           "server takes its place, and set server.threads to the number of processors";
  }
  return fmt::format("{} is no server; delete the setting, it has no effect any more",
                     shown_name(text));
}

std::vector<Setting> retired_table() {
  return {
      {.key = "server.front",
       .flag = "--server",
       .value_name = "FRONT",
       .field = {.wanted = {"text", "\"event\""}, .read = read_retired_front},
       .retired = "has no effect any more, the event-driven server is the only one; delete it"},
  };
}

/// `VX11_SWITCH_BREAKER_OPEN_FOR` of `switch.breaker.open_for`.
std::string variable_of(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::vector<Setting> with_variables(std::vector<Setting> all, std::string_view prefix) {
  for (Setting& setting : all) {
    if (setting.environment.empty()) {
      setting.environment.push_back(variable_of(prefix, setting.key));
    }
  }
  return all;
}

std::vector<std::string_view> keys_and_tables(const std::vector<Setting>& settings,
                                              const std::vector<NamedTables>& named) {
  std::vector<std::string_view> known;
  const auto add = [&](std::string_view key) {
    if (!key.empty() && std::find(known.begin(), known.end(), key) == known.end()) {
      known.push_back(key);
    }
  };
  for (const NamedTables& tables : named) add(tables.root);
  for (const Setting& setting : settings) {
    const std::string_view table = table_of(setting.key);
    add(table_of(table));
    add(table);
    add(setting.key);
  }
  return known;
}

}  // namespace

SettingsTable::SettingsTable(std::vector<Setting> all, std::vector<Setting> retired,
                             const std::vector<NamedTables>& named, std::string prefix)
    : all_(with_variables(std::move(all), prefix)),
      retired_(with_variables(std::move(retired), prefix)),
      named_(&named),
      prefix_(std::move(prefix)),
      known_(keys_and_tables(all_, named)) {}

const Setting* SettingsTable::find(std::string_view key) const {
  for (const auto* all : {&all_, &retired_}) {
    const auto found =
        std::find_if(all->begin(), all->end(), [=](const Setting& s) { return s.key == key; });
    if (found != all->end()) return &*found;
  }
  return nullptr;
}

bool SettingsTable::is_table(std::string_view key) const {
  return find(key) == nullptr && std::find(known_.begin(), known_.end(), key) != known_.end();
}

const SettingsTable& gateway_settings() {
  static const SettingsTable all(table(), retired_table(), named_tables(), "VX11_");
  return all;
}

std::string_view table_of(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view name_of(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace gateway
