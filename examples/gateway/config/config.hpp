#pragma once

/// \file
/// `GatewayConfig`: all settings of the gateway with their defaults. settings.cpp maps each field
/// to its name in a file, in the environment and on the command line.

#include <vx11/attempt_limiter.hpp>
#include <vx11/chat_completions_api.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/dialect/anthropic.hpp>
#include <vx11/net/server.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/router.hpp>
#include <vx11/session.hpp>
#include <vx11/store/sqlite.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config/backend_config.hpp"
#include "gateway/config/config_values.hpp"
#include "gateway/config/power_config.hpp"
#include "gateway/config/route_config.hpp"
#include "gateway/config/slo_config.hpp"
#include "gateway/config/tracing_config.hpp"

namespace gateway {

using namespace std::chrono_literals;

/// One thread per usable processor: each runs an event loop, which does not block.
unsigned default_threads();
/// A connection is cheap for an event loop, so the limit is high.
inline constexpr std::size_t kDefaultConnections = 20'000;

/// Whether clients have to prove their identity by a certificate.
enum class ClientCertificates : std::uint8_t { required, optional };

/// Files are PEM; without a certificate the listener speaks plain HTTP.
struct ListenerTlsConfig {
  FilePath certificate_file = {};
  FilePath key_file = {};
  FilePath client_ca_file = {};
  ClientCertificates client_certificates = ClientCertificates::required;
  FilePath client_crl_file = {};
  /// Zero: no Strict-Transport-Security.
  Duration hsts_max_age = 0s;

  bool is_on() const noexcept { return !certificate_file.value.empty(); }
};

struct ServerConfig {
  Address listen = {};
  ListenerTlsConfig tls = {};
  /// Plain HTTP also where other machines can connect.
  bool insecure_listen = false;
  SocketMode socket_mode = {};  ///< Of a Unix-domain socket.
  std::vector<std::string> trusted_proxies = {};
  vx11::ProxyProtocol proxy_protocol = vx11::ProxyProtocol::off;
  vx11::ClientHeader client_header = vx11::ClientHeader::x_forwarded_for;
  unsigned threads = default_threads();
  std::size_t max_connections = kDefaultConnections;
  /// Default: the total limit, since behind a proxy all clients share one address.
  std::size_t max_connections_per_address = kDefaultConnections;
  /// Of answers that wait for their clients.
  std::size_t max_unsent_bytes = std::size_t{256} * 1024 * 1024;
  /// Longer than the pools of proxies: 120 s of Caddy and Traffic Server are the longest default.
  Duration idle_timeout = 125s;
  /// Hosts that requests may name beside the loopback names and that of `listen`.
  std::vector<std::string> hosts = {};
  /// Origins whose pages may call the API; empty: none.
  std::vector<std::string> cors_origins = {};
  /// Longer than two health checks of common balancers (HAProxy: 2 s; nginx has none).
  Duration drain_delay = 5s;
  /// The grace time for requests in progress at SIGTERM.
  Duration shutdown_grace = 10s;
};

struct JwtConfig {
  std::vector<std::string> algorithms = {"HS256"};
  Secret secret = {};
  FilePath secret_file = {};
  FilePath public_key_file = {};
  std::string public_key_pem = {};  ///< Not a setting: the content of `public_key_file`.
  FilePath jwks_file = {};
  std::string jwks_url = {};
  Duration jwks_refresh = 15min;
  Duration jwks_min_refresh = 30s;
  FilePath jwks_ca_file = {};
  std::string audience = {};
  std::string issuer = {};
  std::string type = {};
  Duration leeway = 5s;
  bool require_scopes = false;  ///< With a key set true, unless it is set.
  std::string scope_prefix = {};
  std::vector<std::string> scopes = {};  ///< `NAME=SCOPE`.

  bool has_key_set() const noexcept { return !jwks_file.value.empty() || !jwks_url.empty(); }
  friend bool operator==(const JwtConfig&, const JwtConfig&) = default;
};

struct AuthConfig {
  AuthMode mode = AuthMode::token;
  Secret token = {};
  FilePath token_file = {};
  FilePath tokens = {};  ///< A file of named tokens (vx11/token_file.hpp).
  CertificateScopes certificates = {};
  JwtConfig jwt = {};
  bool shared_revocations = false;  ///< Whether principals can be revoked, over Redis.

  friend bool operator==(const AuthConfig&, const AuthConfig&) = default;
};

struct ChatConfig {
  /// Of `/operator/chat/ask`; empty: switch, then madre.
  std::string route = {};
  /// For all tries of a chat together; long enough for two full tries.
  Duration deadline = 30s;
  /// Longer than a model pauses between two words.
  Duration stream_silence = 30s;
  /// For a whole stream; long answers take minutes.
  Duration stream_deadline = 10min;
  /// Silence before the first piece after which the head is sent.
  Duration head_after = 2s;
  /// Silence after which a comment is sent; below the limits of proxies.
  Duration heartbeat = 10s;
  /// How many chats at a time may bypass an open breaker if all are open; 0: they fail at once.
  std::uint32_t last_resorts = 0;
  bool breaker_hints = false;  ///< Whether gateways exchange hints over Redis.
  FallbackAfter fallback_after = {};
  vx11::Overtaken overtaken = vx11::Overtaken::observe;
  bool power_aware = false;  ///< Whether chats pass by a switch that is known to sleep.
};

/// The OpenAI chat API.
struct CompletionsConfig {
  std::vector<std::string> aliases = {};  ///< Further model names: `NAME=MODEL`.
  vx11::SessionMember session = vx11::SessionMember::metadata;
};

/// TLS of calls to an upstream.
struct UpstreamTlsConfig {
  FilePath ca_file = {};
  FilePath certificate_file = {};
  FilePath certificate_key_file = {};
  std::vector<std::string> pins = {};
};

struct UpstreamConfig {
  HttpUrl url = {};
  UpstreamTlsConfig tls = {};
  /// Of madre: requested in place of the power state as evidence of the component.
  HealthPath health_path = {};
  /// Timeout of one try of a chat.
  Duration limit = 15s;
  vx11::CircuitBreakerOptions breaker = {};
};

/// An upstream of chats with a name of the user's: `[targets.NAME]`.
struct TargetConfig {
  DialectKind dialect = DialectKind::none;
  TargetUrl url = {};
  std::string model = {};
  Secret key = {};  ///< Not a setting: the first line of `key_file`.
  FilePath key_file = {};
  HeaderName key_header = {};  ///< Of the key; empty: that of the dialect.
  HeaderLines headers = {};
  UpstreamTlsConfig tls = {};
  /// Timeout of one try: to the answer, or to the first piece of a streamed one.
  Duration limit = 15s;
  /// Timeout of the whole call, of a stream to its end; zero: none.
  Duration total_limit = 0s;
  Duration connect_limit = 1s;
  /// Between two pieces of a streamed answer.
  Duration silence = 30s;
  vx11::CircuitBreakerOptions breaker = {};
  std::string system_prompt = {};
  std::size_t history_tokens = 4096;
  std::uint32_t max_tokens = 4096;
  std::string anthropic_version = vx11::AnthropicDialectOptions{}.version;
  std::string extra_json = {};
  /// Its share within a group.
  std::uint32_t weight = 1;
};

/// Settings for all upstreams.
struct UpstreamsConfig {
  Secret token = {};
  FilePath token_file = {};
  /// How long the addresses of their host names are used.
  Duration name_cache = 30s;
};

struct RedisConfig {
  RedisUrl url = {};
  /// In place of those in the URLs; empty: theirs.
  Secret password = {};
  FilePath password_file = {};
  /// At the Sentinels; empty: their default user, and no password.
  std::string sentinel_user = {};
  Secret sentinel_password = {};
  FilePath sentinel_password_file = {};
  FilePath ca_file = {};  ///< Empty: the system's authorities.
  FilePath certificate_file = {};
  FilePath key_file = {};
  std::string server_name = {};  ///< Empty: the host of the URL.
  /// What all keys begin with.
  std::string prefix = "vx11:";
  Duration connect_timeout = 1s;
  Duration command_timeout = 1s;
  std::uint32_t wait_replicas = 0;
  Duration wait_timeout = 100ms;
};

struct StatusConfig {
  /// Timeout of the check of one component.
  Duration limit = 2s;
  /// The maximum age of a report that is served again.
  Duration reuse_for = 10ms;
};

struct SessionsConfig {
  /// In memory by default; `load_config` replaces an unset value by a file of the user.
  SessionPlace store = {};
  vx11::SessionLimits limits = {};
  /// The longest that an operation waits for the store; a chat has two.
  Duration max_wait = 250ms;
  vx11::SessionDurability durability = vx11::SessionDurability::process;
  /// Of sessions in Redis; empty: they are not encrypted.
  FilePath encryption_keys = {};
};

/// A rate; none: not limited.
struct OptionalRate {
  std::optional<vx11::RequestRate> rate = std::nullopt;
  friend bool operator==(const OptionalRate&, const OptionalRate&) = default;
};

struct LimitsConfig {
  std::size_t max_body_bytes = 1024UL * 1024;
  std::size_t max_message_bytes = 64UL * 1024;
  /// Wrong credentials of an address.
  OptionalRate auth_failures = {vx11::AttemptLimiterOptions{}.failures};
  bool auth_failures_on_loopback = false;
  OptionalRate per_address = {};
  OptionalRate per_token = {};
  OptionalRate per_session = {};
  std::uint32_t tokens_per_minute = 0;
  std::uint32_t concurrent = 0;
  vx11::ConcurrencyMode concurrency = vx11::ConcurrencyMode::fixed;
  std::uint32_t concurrent_per_token = 0;
  bool shared = false;  ///< Whether rates hold for all gateways of one Redis in sum.
};

struct MetricsConfig {
  MetricsMode access = MetricsMode::automatic;
  bool open = false;     ///< Deprecated spelling of `MetricsMode::open`.
  bool requests = true;  ///< Whether requests and chats are counted.
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  FilePath access = {};  ///< `-`: standard output.
  FilePath audit = {};   ///< The same.
};

/// Answers to requests with an Idempotency-Key.
struct IdempotencyConfig {
  Duration lifetime = 24h;
  Duration max_wait = 60s;
  std::size_t max_answers = 10'000;
  std::size_t max_bytes = std::size_t{64} * 1024 * 1024;
  bool shared = false;  ///< Whether answers are kept in Redis.
};

/// Builds that the manifestator asks madre for.
struct IntentsConfig {
  bool enabled = false;
};

/// INEE, which hormiguero serves.
struct IneeConfig {
  bool enabled = false;
};

struct GatewayConfig {
  ServerConfig server = {};
  AuthConfig auth = {};
  ChatConfig chat = {};
  CompletionsConfig completions = {};
  UpstreamConfig switch_ = {};
  UpstreamConfig madre = {};
  UpstreamConfig hormiguero = {};
  IntentsConfig intents = {};
  IneeConfig inee = {};
  std::map<std::string, TargetConfig, std::less<>> targets = {};
  std::map<std::string, GroupConfig, std::less<>> groups = {};
  std::map<std::string, RouteConfig, std::less<>> routes = {};
  UpstreamsConfig upstream = {};
  RedisConfig redis = {};
  PowerConfig power = {};
  std::map<std::string, ScheduleConfig, std::less<>> schedules = {};
  StatusConfig status = {};
  SessionsConfig sessions = {};
  LimitsConfig limits = {};
  MetricsConfig metrics = {};
  LogConfig log = {};
  TracingConfig tracing = {};
  IdempotencyConfig idempotency = {};
  std::map<std::string, SloConfig, std::less<>> slos = {};
  ServiceLevelsConfig service_levels = {};
  BackendConfig backend = {};  ///< Of vx11-operator, which shares this way of being configured.

  /// No madre is configured: the gateway answers in its place.
  bool madre_is_embedded() const { return madre.url.value.empty(); }
  bool has_switch() const { return !switch_.url.value.empty(); }
  bool has_redis() const { return !redis.url.value.empty(); }
};

/// The hosts that requests may name; empty: all. Where other machines cannot connect, a page whose
/// name resolves to a loopback address (DNS rebinding) could otherwise read and change everything;
/// elsewhere names are known to the configuration only.
std::vector<std::string> allowed_hosts(const ServerConfig& server);

/// The names of the targets of chats without a route: switch, then madre.
std::vector<std::string> default_chain(const GatewayConfig& config);

/// The targets of a step of a route: those of the group of that name, or the target itself.
std::vector<std::string> targets_of_step(const GatewayConfig& config, const std::string& step);

/// The configured upstreams as one human-readable line, without credentials.
std::string describe_upstreams(const GatewayConfig& config);

/// `url` with user and password replaced by `***`. Accepts text that is not a URL.
std::string mask_userinfo(std::string_view url);

}  // namespace gateway
