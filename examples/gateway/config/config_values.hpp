#pragma once

/// \file
/// The types of settings' values: each is read and printed in a form of its own (values.cpp).

#include <vx11/clock.hpp>
#include <vx11/scope.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// Where to listen.
struct Address {
  enum class Kind : std::uint8_t { tcp, unix_socket, systemd };

  /// Host name or address, an IPv6 address without brackets; of a Unix-domain socket its path.
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0: any free port.
  Kind kind = Kind::tcp;
  /// Not a setting: what systemd passed, with `host` and `port` of it; `systemd` if nothing.
  Kind passed = Kind::systemd;

  /// Whether it is a Unix-domain socket, also one that systemd passed.
  bool is_unix() const noexcept {
    return (kind == Kind::systemd ? passed : kind) == Kind::unix_socket;
  }
  friend bool operator==(const Address&, const Address&) = default;
};
/// `127.0.0.1:8000`, `[::1]:8000`, `unix:/path` or `systemd:`.
std::string to_string(const Address& address);
/// Whether only processes on this machine can connect to it, or systemd passed nothing to connect
/// to.
bool is_loopback(const Address& address);

/// Permissions of a file.
struct SocketMode {
  unsigned bits = 0660;
};
/// What the owners of certificates may use, by the name in them.
struct CertificateScopes {
  std::map<std::string, vx11::Scopes, std::less<>> names = {};
  friend bool operator==(const CertificateScopes&, const CertificateScopes&) = default;
};

/// Never shown: printed as `***` and left out of every message.
struct Secret {
  std::string value = {};
  friend bool operator==(const Secret&, const Secret&) = default;
};
/// `http://host[:port]` or `https://host[:port]`, as transports take it; empty: no such upstream.
struct HttpUrl {
  std::string value = {};
};
/// `redis://[[user]:password@]host[:port][/db]`; empty: no Redis.
struct RedisUrl {
  std::string value = {};
  friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};
/// Path of a file, relative to the working directory; empty: no file.
struct FilePath {
  std::string value = {};
  friend bool operator==(const FilePath&, const FilePath&) = default;
};
/// Path that a health check may request; empty: none.
struct HealthPath {
  std::string value = {};
};
/// Path of an SQLite file or URL of a Redis; neither: sessions are kept in memory.
struct SessionPlace {
  std::optional<std::string> sqlite_path = std::nullopt;
  std::optional<std::string> redis_url = std::nullopt;  ///< Printed without its credentials.
  friend bool operator==(const SessionPlace&, const SessionPlace&) = default;
};

/// `http://host[:port][/path][?query]` of a target; empty: not given. Printed without the values
/// in the query, which may be secrets.
struct TargetUrl {
  std::string origin = {};
  std::string path = {};   ///< Without a slash at its end; empty: the dialect's own.
  std::string query = {};  ///< Without the question mark; sent with every request.
  friend bool operator==(const TargetUrl&, const TargetUrl&) = default;
};
/// The name of a header; empty: not given.
struct HeaderName {
  std::string value = {};
};
/// Headers of requests. Printed without their values, which may be secrets.
struct HeaderLines {
  std::vector<std::pair<std::string, std::string>> fields = {};
  friend bool operator==(const HeaderLines&, const HeaderLines&) = default;
};

/// The API of a target; `none`: not given.
enum class DialectKind : std::uint8_t { none, openai, ollama, anthropic, switch_, madre };

/// When the next target is asked beside a slow one; none: by the target's own answers.
struct FallbackAfter {
  std::optional<vx11::Duration> time = std::nullopt;
};

enum class AuthMode : std::uint8_t { token, off, jwt };
/// Access to `GET /metrics`. Automatic: without a token on a loopback address, with one elsewhere.
enum class MetricsMode : std::uint8_t { automatic, open, token };
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };
/// As in the configuration and in lines of the log.
constexpr std::string_view to_string(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"trace", "debug", "info",
                                                      "warn",  "error", "off"};
  return kNames[static_cast<std::size_t>(level)];
}
enum class LogFormat : std::uint8_t { text, json };

}  // namespace gateway
