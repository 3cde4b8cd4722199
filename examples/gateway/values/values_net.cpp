// Values that are addresses: listen address and upstream URLs.
#include <vx11/headers.hpp>
#include <vx11/health/redis_probe.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <sys/un.h>

#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// 0 to 65535, or nothing.
std::optional<std::uint16_t> read_port(std::string_view text) {
  const auto number = read_number(text);
  if (!number || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

/// `host:port` or `[v6]:port`; the host without brackets.
struct HostAndPort {
  std::string_view host = {};
  std::string_view port = {};  ///< Empty if there is no colon after the host.
};

std::optional<HostAndPort> split_host_and_port(std::string_view text) {
  std::size_t end = text.find(':');
  HostAndPort split{.host = text.substr(0, end)};
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    split.host = text.substr(1, end - 1);
    ++end;
  }
  if (split.host.empty()) return std::nullopt;
  if (end >= text.size()) return split;
  split.port = text.substr(end + 1);
  if (text[end] != ':' || split.port.empty()) return std::nullopt;
  return split;
}

bool is_host(std::string_view host) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
  return host.find_first_not_of(kCharacters) == std::string_view::npos;
}

/// A longer path does not fit into the address of a Unix-domain socket.
constexpr std::size_t kMostUnixPath = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Wanted wanted(const Address&) {
  return {"an address to listen on",
          R"(HOST:PORT, such as "127.0.0.1:8000", "0.0.0.0:8000" or "[::1]:8000", )"
          R"("unix:/path" or "systemd:")"};
}
Complaint read(std::string_view text, Address& into) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) {
    if (text.size() - kUnix.size() > kMostUnixPath) {
      return fmt::format("names a socket with a path of {} bytes; the system allows {}",
                         text.size() - kUnix.size(), kMostUnixPath);
    }
    into = Address{.host = std::string(text.substr(kUnix.size())),
                   .port = 0,
                   .kind = Address::Kind::unix_socket};
    return std::nullopt;
  }
  if (text == "systemd:" || text == "systemd") {
    into = Address{.kind = Address::Kind::systemd};
    return std::nullopt;
  }
  const auto split = split_host_and_port(text);
  const auto port = split ? read_port(split->port) : std::nullopt;
  if (!port || !is_host(split->host)) return not_a(wanted(into), text);
  into = Address{.host = std::string(split->host), .port = *port};
  return std::nullopt;
}
std::string print(const Address& value) {
  return in_quotes(to_string(value));
}

Wanted wanted(const HttpUrl&) {
  return {"the base URL of an upstream",
          R"("http://host:port" without user, path or query, such as "http://127.0.0.1:8002")"};
}
Complaint read(std::string_view text, HttpUrl& into) {
  if (!text.empty() && !vx11::Url::parse(text)) return not_a(wanted(into), text);
  if (text.ends_with('/')) text.remove_suffix(1);
  into.value = text;
  return std::nullopt;
}
std::string print(const HttpUrl& value) {
  return in_quotes(value.value);
}
std::uint16_t port_of(const HttpUrl& url) {
  const auto parsed = vx11::Url::parse(url.value);
  return parsed ? parsed->port() : std::uint16_t{0};
}

Wanted wanted(const HealthPath&) {
  return {"the path of a health check", R"("/health", "/livez", "/readyz" or "/healthz")"};
}
Complaint read(std::string_view text, HealthPath& into) {
  constexpr std::array<std::string_view, 5> kPaths = {"", "/health", "/livez", "/readyz",
                                                      "/healthz"};
  if (std::find(kPaths.begin(), kPaths.end(), text) == kPaths.end()) {
    return not_a(wanted(into), text);
  }
  into.value = text;
  return std::nullopt;
}
std::string print(const HealthPath& value) {
  return in_quotes(value.value);
}

bool is_origin(std::string_view text) {
  const auto url = vx11::Url::parse(text);
  return url && url->text() == text;
}

bool is_host_without_port(std::string_view text) {
  const auto url = vx11::Url::parse(std::string("http://").append(text));
  return url && vx11::equals_ignoring_case(url->authority(), text) && !text.ends_with('.') &&
         url->port() == vx11::kHttpSchemes.front().default_port;
}

Wanted wanted(const RedisUrl&) {
  return {"the URL of a Redis server", R"("redis://host:port", such as "redis://127.0.0.1:6379")"};
}
Complaint read(std::string_view text, RedisUrl& into) {
  if (!text.empty() && !vx11::redis_port(text)) return not_a(wanted(into), text);
  into.value = text;
  return std::nullopt;
}
std::string print(const RedisUrl& value) {
  return in_quotes(mask_userinfo(value.value));
}

}  // namespace gateway
