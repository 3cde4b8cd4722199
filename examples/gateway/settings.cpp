#include "settings.hpp"

#include <algorithm>
#include <cctype>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace gateway {

namespace {

/// Applies member pointers from `root`: `at(config, &GatewayConfig::chat, &ChatConfig::deadline)`.
template <class Root>
auto& at(Root& root) {
  return root;
}
template <class Root, class Member, class... Rest>
auto& at(Root& root, Member member, Rest... rest) {
  return at(root.*member, rest...);
}

template <class... Path>
Field field(Path... path) {
  using Value = std::remove_cvref_t<decltype(at(std::declval<GatewayConfig&>(), path...))>;
  return Field{.shape = shape_of<Value>,
               .secret = std::is_same_v<Value, Secret>,
               .wanted = wanted(Value{}),
               .read = [=](GatewayConfig& config,
                           std::string_view text) { return read(text, at(config, path...)); },
               .print = [=](const GatewayConfig& config) { return print(at(config, path...)); }};
}

/// A field with an inclusive range of values.
template <class Value, class... Path>
Field ranged(Value lowest, Value highest, Path... path) {
  Field ranged = field(path...);
  ranged.range = fmt::format("{} to {}", print(lowest), print(highest));
  ranged.read = [=, range = ranged.range](GatewayConfig& config,
                                          std::string_view text) -> Complaint {
    auto& into = at(config, path...);
    auto value = into;
    if (auto complaint = read(text, value)) return complaint;
    if (value < lowest || value > highest) {
      return fmt::format("{} is out of range; take {}", print(value), range);
    }
    into = value;
    return std::nullopt;
  };
  return ranged;
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
       .doc = "Where to listen. Port 0 takes any free one; the line on standard output names it."},
      {.key = "server.front",
       .flag = "--server",
       .value_name = "FRONT",
       .field = field(&Config::server, &ServerConfig::front),
       .doc = "The server in front: event-driven, or cpp-httplib with one thread per connection, "
              "which is for loopback and for standing behind a proxy."},
      {.key = "server.threads",
       .flag = "--threads",
       .value_name = "N",
       .field = ranged(1U, 1024U, &Config::server, &ServerConfig::threads),
       .doc =
           "Threads that answer requests. With the front httplib each serves one connection at a "
           "time, so there it is how many clients are served at once.",
       .shown_default = "1 for each processor; with httplib 4, at least 8"},
      {.key = "server.max_connections",
       .field = ranged<std::size_t>(1, 1'000'000, &Config::server, &ServerConfig::max_connections),
       .doc =
           "Connections served at once; further ones are answered 503, or with the front httplib "
           "wait in the system's queue.",
       .shown_default = "20000; with httplib 512"},
      {.key = "server.max_connections_per_address",
       .field = ranged<std::size_t>(1, 1'000'000, &Config::server,
                                    &ServerConfig::max_connections_per_address),
       .doc =
           "Of these from one address; further ones are answered 503. Not with the front httplib. "
           "Behind a proxy every client has the proxy's address."},
      {.key = "server.shutdown_grace",
       .field = ranged<Duration>(0s, 1h, &Config::server, &ServerConfig::shutdown_grace),
       .doc = "How long requests under way may still take after SIGTERM or SIGINT."},

      {.key = "auth.mode",
       .field = field(&Config::auth, &AuthConfig::mode),
       .doc = "How operators prove who they are: by x-vx11-token, by a JWT (RFC 7519) in "
              "Authorization, or not at all, which is refused unless only this machine can "
              "connect."},
      {.key = "auth.token",
       .environment = {"VX11_TENTACULO_LINK_TOKEN", "VX11_GATEWAY_TOKEN"},
       .field = field(&Config::auth, &AuthConfig::token),
       .doc = "The token operators send, and upstreams are sent. The default is for development: "
              "everybody knows it, and a warning says so at start.",
       .shown_default = "the development token"},
      {.key = "auth.token_file",
       .field = field(&Config::auth, &AuthConfig::token_file),
       .doc = "A file with the token in its first line, instead of the token itself."},
      {.key = "auth.jwt.algorithms",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::algorithms),
       .doc = "Accepted signatures, of HS256, HS384, HS512, RS256 and ES256."},
      {.key = "auth.jwt.secret",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::secret),
       .doc = "The key of HS256, HS384 and HS512, 32 bytes at least."},
      {.key = "auth.jwt.secret_file",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::secret_file),
       .doc = "A file with that key in its first line, instead of the key itself."},
      {.key = "auth.jwt.public_key_file",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::public_key_file),
       .doc = "A PEM file with the public key of RS256 or ES256."},
      {.key = "auth.jwt.audience",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::audience),
       .doc = "What has to be in `aud`. Needed with mode \"jwt\"."},
      {.key = "auth.jwt.issuer",
       .field = field(&Config::auth, &AuthConfig::jwt, &JwtConfig::issuer),
       .doc = "What `iss` has to be. Empty: it is not looked at."},
      {.key = "auth.jwt.leeway",
       .field = ranged<Duration>(0s, 5min, &Config::auth, &AuthConfig::jwt, &JwtConfig::leeway),
       .doc = "How much clocks may differ; whole seconds."},

      {.key = "chat.deadline",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::deadline),
       .doc = "The most an answer to a chat may take, all upstreams together."},
      {.key = "chat.stream_silence",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::stream_silence),
       .doc = "The most that may pass between two pieces of a streamed answer. Not with the front "
              "httplib, which does not stream."},
      {.key = "chat.last_resorts",
       .field = ranged<std::uint32_t>(0, 10'000, &Config::chat, &ChatConfig::last_resorts),
       .doc = "How many chats at a time go past an open breaker when all are open. With 0 they are "
              "refused at once, and told when to come back."},

      {.key = "switch.url",
       .flag = "--switch",
       .value_name = "URL",
       .field = field(&Config::switch_, &UpstreamConfig::url),
       .doc = "Base URL of switch. Empty: there is none, and madre answers chats.",
       .shown_default = "none"},
      {.key = "switch.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::switch_, &UpstreamConfig::limit),
       .doc = "The most one chat may take there, before madre is asked."},
      {.key = "switch.breaker.failures_to_open",
       .field = breaker_failures(&Config::switch_),
       .doc = "Failures in a row after which it is not called any more."},
      {.key = "switch.breaker.open_for",
       .field = breaker_open_for(&Config::switch_),
       .doc = "How long it is then left alone, before a probe is let through."},
      {.key = "switch.breaker.probes",
       .field = breaker_probes(&Config::switch_),
       .doc = "Calls let through as probes; all have to succeed for it to be used again."},

      {.key = "madre.url",
       .flag = "--madre",
       .value_name = "URL",
       .field = field(&Config::madre, &UpstreamConfig::url),
       .doc = "Base URL of madre. Empty: the gateway answers for it, with the policy solo_madre "
              "and canned chat.",
       .shown_default = "embedded"},
      {.key = "madre.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::madre, &UpstreamConfig::limit),
       .doc = "The most one chat may take there."},
      {.key = "madre.breaker.failures_to_open",
       .field = breaker_failures(&Config::madre),
       .doc = "Failures in a row after which it is not called any more."},
      {.key = "madre.breaker.open_for",
       .field = breaker_open_for(&Config::madre),
       .doc = "How long it is then left alone, before a probe is let through."},
      {.key = "madre.breaker.probes",
       .field = breaker_probes(&Config::madre),
       .doc = "Calls let through as probes; all have to succeed for it to be used again."},

      {.key = "upstream.token",
       .field = field(&Config::upstream, &UpstreamsConfig::token),
       .doc = "The token switch and madre are sent.",
       .shown_default = "as auth.token"},
      {.key = "upstream.token_file",
       .field = field(&Config::upstream, &UpstreamsConfig::token_file),
       .doc = "A file with that token in its first line, instead of the token itself."},

      {.key = "redis.url",
       .flag = "--redis",
       .value_name = "URL",
       .field = field(&Config::redis, &RedisConfig::url),
       .doc =
           "The Redis that the status shows, `redis://[[user]:password@]host[:port][/db]`. Empty: "
           "not configured, and counts for nothing there.",
       .shown_default = "none"},

      {.key = "status.limit",
       .field = ranged<Duration>(1ms, 1min, &Config::status, &StatusConfig::limit),
       .doc = "The most a look at one component may take. All are looked at side by side."},
      {.key = "status.reuse_for",
       .field = ranged<Duration>(0s, 1h, &Config::status, &StatusConfig::reuse_for),
       .doc = "How old a round of looking may be to answer again."},

      {.key = "sessions.store",
       .flag = "--sessions",
       .value_name = "STORE",
       .field = field(&Config::sessions, &SessionsConfig::store),
       .doc = "`memory`, or `sqlite:PATH` for a file that outlives the gateway.",
       .shown_default = "`sqlite:` and `vx11/sessions.db` below `$XDG_STATE_HOME`, or below "
                        "`~/.local/state`"},
      {.key = "sessions.messages",
       .field = ranged<std::size_t>(1, 10'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::messages),
       .doc = "Messages kept of one session, the newest."},
      {.key = "sessions.idle",
       .field = ranged<Duration>(1s, 24h * 366, &Config::sessions, &SessionsConfig::limits,
                                 &vx11::SessionLimits::idle_timeout),
       .doc = "A session that nobody touched for this long is gone."},
      {.key = "sessions.max",
       .field = ranged<std::size_t>(1, 100'000'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::sessions),
       .doc = "Sessions kept in all; the least recently used leave first."},

      {.key = "limits.max_body_bytes",
       .field = ranged<std::size_t>(1024, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_body_bytes),
       .doc = "The largest request body."},
      {.key = "limits.max_message_bytes",
       .field = ranged<std::size_t>(1, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_message_bytes),
       .doc = "The largest `message` of a chat."},

      {.key = "metrics.public",
       .field = field(&Config::metrics, &MetricsConfig::open),
       .doc = "Whether `GET /metrics` needs no token even where other machines can connect. Where "
              "only this machine can, it never needs one."},

      {.key = "log.level",
       .flag = "--log-level",
       .value_name = "LEVEL",
       .field = field(&Config::log, &LogConfig::level),
       .doc = "The least important messages written to standard error: trace, debug, info, warn, "
              "error, off."},
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

std::vector<Setting> table_with_variables() {
  auto all = table();
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
  static const std::vector<Setting> all = table_with_variables();
  return all;
}

const Setting* find_setting(std::string_view key) {
  const auto& all = settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [=](const Setting& s) { return s.key == key; });
  return found == all.end() ? nullptr : &*found;
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
