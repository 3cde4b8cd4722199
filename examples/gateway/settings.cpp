#include "settings.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "field.hpp"
#include "named_tables.hpp"
#include "shown_text.hpp"

namespace gateway {

namespace {

template <class... Path>
Field field(Path... path) {
  return field_by([=](auto& config) -> auto& { return at(config, path...); });
}

/// A field with an inclusive range of values.
template <class Value, class... Path>
Field ranged(Value lowest, Value highest, Path... path) {
  return ranged_by(
      lowest, highest, [=](auto& config) -> auto& { return at(config, path...); });
}

Field breaker_failures(UpstreamConfig GatewayConfig::*upstream) {
  return ranged(1U, 1'000'000U, upstream, &UpstreamConfig::breaker,
                &vx11::CircuitBreakerOptions::failures_to_open);
}
Field breaker_open_for(UpstreamConfig GatewayConfig::*upstream) {
  return ranged<Duration>(1ms, 24h, upstream, &UpstreamConfig::breaker,
                          &vx11::CircuitBreakerOptions::open_for);
}
Field breaker_probes(UpstreamConfig GatewayConfig::*upstream) {
  return ranged(1U, 1000U, upstream, &UpstreamConfig::breaker,
                &vx11::CircuitBreakerOptions::probes);
}

std::vector<Setting> table() {
  using Config = GatewayConfig;
  return {
      {.key = "server.listen",
       .flag = "--listen",
       .value_name = "HOST:PORT",
       .field = field(&Config::server, &ServerConfig::listen),
       .doc = "The address to listen on. Port 0 takes any free port; the line on standard output "
              "names it."},
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
              "Behind a proxy all clients have the address of the proxy."},
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
           "starts on a loopback address only.",
       .shown_default = "the development token"},
      {.key = "auth.token_file",
       .field = field(&Config::auth, &AuthConfig::token_file),
       .doc = "A file whose first line is the token. Instead of `token`."},
      {.key = "auth.jwt.algorithms",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::algorithms),
       .doc = "Accepted signature algorithms, of HS256, HS384, HS512, RS256 and ES256."},
      {.key = "auth.jwt.secret",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::secret),
       .doc = "The key of HS256, HS384 and HS512; at least 32 bytes."},
      {.key = "auth.jwt.secret_file",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::secret_file),
       .doc = "A file whose first line is that key. Instead of `secret`."},
      {.key = "auth.jwt.public_key_file",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::public_key_file),
       .doc = "A PEM file with the public key of RS256 or ES256."},
      {.key = "auth.jwt.audience",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::audience),
       .doc = "The value that the claim `aud` must contain. Required by mode `jwt`."},
      {.key = "auth.jwt.issuer",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::issuer),
       .doc = "The value that the claim `iss` must have. Empty: `iss` is not checked."},
      {.key = "auth.jwt.leeway",
       .field = ranged<Duration>(0s, 5min, &Config::auth, &AuthConfig::jwt, &JwtConfig::leeway),
       .doc = "Tolerated clock skew, in whole seconds."},

      {.key = "chat.route",
       .field = field(&Config::chat, &ChatConfig::route),
       .doc = "The route, a table `[routes.NAME]`, of the chats of `/operator/chat/ask`. Empty: "
              "switch, then madre."},
      {.key = "chat.deadline",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::deadline),
       .doc = "Time limit of a chat, over all upstreams."},
      {.key = "chat.stream_silence",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::stream_silence),
       .doc = "The longest time between two pieces of text of a streamed answer, while the client "
              "reads. Comments and events without text do not count."},
      {.key = "chat.stream_deadline",
       .field = ranged<Duration>(1ms, 24h, &Config::chat, &ChatConfig::stream_deadline),
       .doc = "Time limit of a whole stream. An upstream that never ends would hold a connection "
              "for ever."},
      {.key = "chat.head_after",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::head_after),
       .doc = "Silence after which the head of a streamed answer is sent, with a comment. Later "
              "failures are `error` events in place of a 503."},
      {.key = "chat.heartbeat",
       .field = ranged<Duration>(10ms, 1h, &Config::chat, &ChatConfig::heartbeat),
       .doc = "Silence within a streamed answer after which a comment is sent. Keep it below the "
              "limits of proxies, often 30s."},
      {.key = "chat.last_resorts",
       .field = ranged<std::uint32_t>(0, 10'000, &Config::chat, &ChatConfig::last_resorts),
       .doc = "Concurrent chats that may bypass an open breaker when the breakers of all targets "
              "are open. With 0 such chats are answered 503 at once, with Retry-After."},
      {.key = "chat.fallback_after",
       .field = field(&Config::chat, &ChatConfig::fallback_after),
       .doc = "When switch has not answered after this time (a stream: sent no piece), madre is "
              "asked beside it, and the first good answer is taken. `auto`: three times the 95th "
              "percentile of the target's last 100 answers, at least 4 s and at most its limit. "
              "`0s`: only after a failure."},
      {.key = "chat.overtaken",
       .field = field(&Config::chat, &ChatConfig::overtaken),
       .doc = "Calls that another answer has overtaken, or whose client left after "
              "`fallback_after`: `observe` lets up to 8 of each upstream run to their limit and "
              "counts their outcome for the circuit breaker; `cancel` stops them, uncounted."},

      {.key = "completions.aliases",
       .field = field(&Config::completions, &CompletionsConfig::aliases),
       .doc = "Further model names for clients of the OpenAI chat API, each `NAME=MODEL`, such as "
              "`gpt-4o=vx11`. The models are `vx11`, the chain of `chat.route` or else switch and "
              "madre, and `vx11/NAME`, each target, group and route alone."},
      {.key = "completions.session",
       .field = field(&Config::completions, &CompletionsConfig::session),
       .doc = "Which member of such a request ties it to a session: `metadata` takes "
              "`metadata.session_id`; `metadata_or_user` takes `user` where that is absent. "
              "Requests with neither are stored nowhere."},

      {.key = "switch.url",
       .flag = "--switch",
       .value_name = "URL",
       .field = field(&Config::switch_, &UpstreamConfig::url),
       .doc = "Base URL of switch. Empty: there is no switch, and madre answers chats.",
       .shown_default = "none"},
      {.key = "switch.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::switch_, &UpstreamConfig::limit),
       .doc = "Time limit of one chat request to switch; after that madre is asked."},
      {.key = "switch.breaker.failures_to_open",
       .field = breaker_failures(&Config::switch_),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.key = "switch.breaker.open_for",
       .field = breaker_open_for(&Config::switch_),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.key = "switch.breaker.probes",
       .field = breaker_probes(&Config::switch_),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},

      {.key = "madre.url",
       .flag = "--madre",
       .value_name = "URL",
       .field = field(&Config::madre, &UpstreamConfig::url),
       .doc = "Base URL of madre. Empty: the gateway answers in its place, with the policy "
              "solo_madre and a fixed chat answer.",
       .shown_default = "embedded"},
      {.key = "madre.health_path",
       .field = field(&Config::madre, &UpstreamConfig::health_path),
       .doc =
           "The path that the status requests as evidence of madre, in place of "
           "`/madre/power/state`: `/health`, `/livez`, `/readyz` or `/healthz`. The deployed "
           "madre's `/health` calls switch, hormiguero and spawner. Empty: `/health` is requested "
           "only if madre has no power windows."},
      {.key = "madre.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::madre, &UpstreamConfig::limit),
       .doc = "Time limit of one chat request to madre."},
      {.key = "madre.breaker.failures_to_open",
       .field = breaker_failures(&Config::madre),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.key = "madre.breaker.open_for",
       .field = breaker_open_for(&Config::madre),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.key = "madre.breaker.probes",
       .field = breaker_probes(&Config::madre),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},

      {.key = "upstream.token",
       .field = field(&Config::upstream, &UpstreamsConfig::token),
       .doc = "The token sent to switch and madre.",
       .shown_default = "as auth.token"},
      {.key = "upstream.token_file",
       .field = field(&Config::upstream, &UpstreamsConfig::token_file),
       .doc = "A file whose first line is that token. Instead of `token`."},
      {.key = "upstream.name_cache",
       .field = ranged<Duration>(0s, 24h, &Config::upstream, &UpstreamsConfig::name_cache),
       .doc = "How long the addresses of host names are used before they are looked up again. They "
              "are looked up at once if none of them accepts a connection, and used for longer "
              "while the name server does not answer."},

      {.key = "redis.url",
       .flag = "--redis",
       .value_name = "URL",
       .field = field(&Config::redis, &RedisConfig::url),
       .doc = "The Redis server whose status is reported, "
              "`redis://[[user]:password@]host[:port][/db]`. Empty: the status says "
              "`not_configured` and ignores the component.",
       .shown_default = "none"},

      {.key = "power.command_limit",
       .field = ranged<Duration>(1ms, 1h, &Config::power, &PowerConfig::command_limit),
       .doc = "How long the answer to a power command is awaited: opening and closing windows, "
              "starting, stopping and restarting services. Then the caller gets 504 `pending`, and "
              "madre may still carry it out."},
      {.key = "power.reuse_for",
       .field = ranged<Duration>(0s, 1h, &Config::power, &PowerConfig::reuse_for),
       .doc = "The highest age at which a power state that madre has answered is served again, so "
              "that pipelined calls do not flood madre. Never past a command of this gateway."},
      {.key = "power.key",
       .field = field(&Config::power, &PowerConfig::key),
       .doc = "madre's power key. With it the gateway requests the power token itself for a caller "
              "that sends a service command with `\"apply\":true` and the phrase of confirmation. "
              "Without it madre only plans such commands, unless the caller sends key and token.",
       .shown_default = "none"},
      {.key = "power.key_file",
       .field = field(&Config::power, &PowerConfig::key_file),
       .doc = "A file with that key in its first line, instead of the key itself."},

      {.key = "status.limit",
       .field = ranged<Duration>(1ms, 1min, &Config::status, &StatusConfig::limit),
       .doc = "Time limit of the check of one component. All components are checked concurrently."},
      {.key = "status.reuse_for",
       .field = ranged<Duration>(0s, 1h, &Config::status, &StatusConfig::reuse_for),
       .doc = "The highest age at which a finished round of checks is served again."},

      {.key = "sessions.store",
       .flag = "--sessions",
       .value_name = "STORE",
       .field = field(&Config::sessions, &SessionsConfig::store),
       .doc = "Where sessions are stored: `memory`, or `sqlite:PATH` for a file that outlives the "
              "process.",
       .shown_default = "`sqlite:` and `vx11/sessions.db` below `$XDG_STATE_HOME`, or below "
                        "`~/.local/state`"},
      {.key = "sessions.messages",
       .field = ranged<std::size_t>(1, 10'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::messages),
       .doc = "Messages kept per session; the oldest are removed first."},
      {.key = "sessions.idle",
       .field = ranged<Duration>(1s, 24h * 366, &Config::sessions, &SessionsConfig::limits,
                                 &vx11::SessionLimits::idle_timeout),
       .doc = "A session that has not been read or written for this long expires."},
      {.key = "sessions.max",
       .field = ranged<std::size_t>(1, 100'000'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::sessions),
       .doc = "Sessions kept in all; the least recently used are removed first."},

      {.key = "sessions.max_message_bytes",
       .field = ranged<std::size_t>(1024, 64UL * 1024 * 1024, &Config::sessions,
                                    &SessionsConfig::limits, &vx11::SessionLimits::message_bytes),
       .doc = "Bytes kept of one message with its metadata; longer ones are cut."},
      {.key = "sessions.max_session_bytes",
       .field = ranged<std::size_t>(1024, 1024UL * 1024 * 1024, &Config::sessions,
                                    &SessionsConfig::limits, &vx11::SessionLimits::session_bytes),
       .doc = "Bytes kept of one session; the oldest turns are removed first."},
      {.key = "sessions.max_bytes",
       .field = ranged<std::size_t>(1024, 1024UL * 1024 * 1024 * 1024, &Config::sessions,
                                    &SessionsConfig::limits, &vx11::SessionLimits::total_bytes),
       .doc = "Bytes kept in all; the least recently used sessions are removed first."},

      {.key = "limits.max_body_bytes",
       .field = ranged<std::size_t>(1024, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_body_bytes),
       .doc = "The largest accepted request body."},
      {.key = "limits.max_message_bytes",
       .field = ranged<std::size_t>(1, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_message_bytes),
       .doc = "The largest accepted `message` of a chat."},

      {.key = "metrics.access",
       .field = field(&Config::metrics, &MetricsConfig::access),
       .doc =
           "Who may read `GET /metrics`: `public` for everyone, `token` with a credential, `auto` "
           "for everyone on a loopback address and with a credential elsewhere."},
      {.key = "metrics.public",
       .field = field(&Config::metrics, &MetricsConfig::open),
       .doc = "Deprecated: `true` is the same as `access = \"public\"`."},

      {.key = "log.level",
       .flag = "--log-level",
       .value_name = "LEVEL",
       .field = field(&Config::log, &LogConfig::level),
       .doc = "The lowest severity that is logged to standard error: trace, debug, info, warn, "
              "error, off."},
  };
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
std::string variable_of(std::string_view key) {
  std::string name = "VX11_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::vector<Setting> with_variables(std::vector<Setting> all) {
  for (Setting& setting : all) {
    if (setting.environment.empty()) setting.environment.push_back(variable_of(setting.key));
  }
  return all;
}

std::vector<std::string_view> keys_and_tables() {
  std::vector<std::string_view> known;
  const auto add = [&](std::string_view key) {
    if (!key.empty() && std::find(known.begin(), known.end(), key) == known.end()) {
      known.push_back(key);
    }
  };
  for (const NamedTables& tables : named_tables()) add(tables.root);
  for (const Setting& setting : settings()) {
    const std::string_view table = table_of(setting.key);
    add(table_of(table));
    add(table);
    add(setting.key);
  }
  return known;
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = with_variables(table());
  return all;
}

const std::vector<Setting>& retired_settings() {
  static const std::vector<Setting> all = with_variables(retired_table());
  return all;
}

const Setting* find_setting(std::string_view key) {
  for (const auto* all : {&settings(), &retired_settings()}) {
    const auto found =
        std::find_if(all->begin(), all->end(), [=](const Setting& s) { return s.key == key; });
    if (found != all->end()) return &*found;
  }
  return nullptr;
}

bool is_table(std::string_view key) {
  const auto& known = known_keys();
  return find_setting(key) == nullptr && std::find(known.begin(), known.end(), key) != known.end();
}

const std::vector<std::string_view>& known_keys() {
  static const std::vector<std::string_view> known = keys_and_tables();
  return known;
}

std::string_view table_of(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view name_of(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace gateway
