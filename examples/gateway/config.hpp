#pragma once

/// \file
/// `GatewayConfig`: everything about the gateway that can be set, with the value it has when nobody
/// sets it. How each field is called in a file, in the environment and on the command line:
/// settings.cpp.

#include <vx11/circuit_breaker.hpp>
#include <vx11/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

using namespace std::chrono_literals;
using vx11::Duration;

/// Where to listen.
struct Address {
  std::string host = "127.0.0.1";  ///< Name or address; an IPv6 one without brackets.
  std::uint16_t port = 8000;       ///< 0: any free one.
  friend bool operator==(const Address&, const Address&) = default;
};
/// `127.0.0.1:8000` or `[::1]:8000`.
std::string to_string(const Address& address);
/// Whether nobody but this machine can connect there.
bool is_loopback(const Address& address);

/// Never shown: printed as `***`, left out of every message.
struct Secret {
  std::string value = {};
};
/// `http://host[:port]` or its like with https, as transports take it; empty when there is no such
/// upstream.
struct HttpUrl {
  std::string value = {};
};
/// `redis://[[user]:password@]host[:port][/db]`; empty when there is none.
struct RedisUrl {
  std::string value = {};
};
/// Path of a file, relative to the working directory; empty when there is none.
struct FilePath {
  std::string value = {};
};
/// Path of an SQLite file, or none to keep sessions in memory.
struct SessionPlace {
  std::optional<std::string> sqlite_path = std::nullopt;
};

/// Which server stands in front.
enum class FrontKind : std::uint8_t { event, httplib };
enum class AuthMode : std::uint8_t { token, off, jwt };
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

/// As many threads as suit the front: event loops do not wait, so one for each processor; a front
/// that blocks one per connection needs four times as many, and at least 8.
unsigned default_threads(FrontKind front);
/// Connections cost an event loop little; a blocking front stays with them below the 1024 open
/// files that a process may usually have.
std::size_t default_connections(FrontKind front);

struct ServerConfig {
  Address listen = {};
  FrontKind front = FrontKind::event;
  unsigned threads = default_threads(FrontKind::event);
  std::size_t max_connections = default_connections(FrontKind::event);
  /// As many as in all by default: behind a proxy all clients have one address.
  std::size_t max_connections_per_address = default_connections(FrontKind::event);
  /// What work under way at SIGTERM may still take.
  Duration shutdown_grace = 10s;
};

struct JwtConfig {
  std::vector<std::string> algorithms = {"HS256"};
  Secret secret = {};
  FilePath secret_file = {};
  FilePath public_key_file = {};
  std::string public_key_pem = {};  ///< Not a setting: what was read from `public_key_file`.
  std::string audience = {};
  std::string issuer = {};
  Duration leeway = 5s;
};

struct AuthConfig {
  AuthMode mode = AuthMode::token;
  Secret token = {};
  FilePath token_file = {};
  JwtConfig jwt = {};
};

struct ChatConfig {
  /// All upstreams together; room for two full tries.
  Duration deadline = 30s;
  /// Longer than a model hesitates between two words.
  Duration stream_silence = 30s;
  /// Fails at once: a client can wait, an upstream on its knees cannot.
  std::uint32_t last_resorts = 0;
};

struct UpstreamConfig {
  HttpUrl url = {};
  /// The most one try of a chat may take.
  Duration limit = 15s;
  vx11::CircuitBreakerOptions breaker = {};
};

/// What holds for every upstream.
struct UpstreamsConfig {
  Secret token = {};
  FilePath token_file = {};
};

struct RedisConfig {
  RedisUrl url = {};
};

struct StatusConfig {
  /// The most one look at one component may take.
  Duration limit = 2s;
  /// How old a round of looking may be to answer again.
  Duration reuse_for = 0s;
};

struct SessionsConfig {
  /// In memory for a value that nobody touched; `load_config` puts a file of the user's in its
  /// place.
  SessionPlace store = {};
  vx11::SessionLimits limits = {};
};

struct LimitsConfig {
  std::size_t max_body_bytes = 1024UL * 1024;
  std::size_t max_message_bytes = 64UL * 1024;
};

struct MetricsConfig {
  bool open = false;
};

struct LogConfig {
  LogLevel level = LogLevel::info;
};

struct GatewayConfig {
  ServerConfig server = {};
  AuthConfig auth = {};
  ChatConfig chat = {};
  UpstreamConfig switch_ = {};
  UpstreamConfig madre = {};
  UpstreamsConfig upstream = {};
  RedisConfig redis = {};
  StatusConfig status = {};
  SessionsConfig sessions = {};
  LimitsConfig limits = {};
  MetricsConfig metrics = {};
  LogConfig log = {};

  /// No madre to call: the gateway answers for it.
  bool madre_is_embedded() const { return madre.url.value.empty(); }
  bool has_switch() const { return !switch_.url.value.empty(); }
  bool has_redis() const { return !redis.url.value.empty(); }
};

/// Which upstreams there are, in a line for people; without credentials.
std::string describe_upstreams(const GatewayConfig& config);

/// `url` with user and password replaced by `***`. Also for text that is no URL at all.
std::string mask_userinfo(std::string_view url);

}  // namespace gateway
