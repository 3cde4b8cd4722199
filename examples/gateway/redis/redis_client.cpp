#include "gateway/redis/redis_client.hpp"

#include <vx11/store/redis.hpp>
#include <vx11/store/session_keys.hpp>

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"

namespace gateway {

using vx11::Result;

namespace {

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// The parts of `scheme://credentials@servers`, the last with what follows them.
struct UrlParts {
  explicit UrlParts(std::string_view url) {
    const auto slashes = url.find("://");
    scheme = url.substr(0, slashes == url.npos ? 0 : slashes + 3);
    servers = url.substr(scheme.size());
    const auto at = servers.substr(0, servers.find('/')).rfind('@');
    if (at == servers.npos) return;
    credentials = servers.substr(0, at);
    servers.remove_prefix(at + 1);
  }

  std::string_view scheme = {};
  std::string_view credentials = {};
  std::string_view servers = {};
};

/// The limits that no store in Redis enforces.
constexpr std::array<std::string_view, 4> kLimitsOfAll = {
    "sessions.max", "sessions.max_per_principal", "sessions.max_bytes_per_principal",
    "sessions.max_bytes"};

void warn_of_limits(LoadedConfig& loaded) {
  for (const std::string_view key : kLimitsOfAll) {
    if (loaded.origin(key).source == Origin::Source::standard) continue;
    loaded.warnings.push_back(
        fmt::format("{}: has no effect on sessions in Redis; set maxmemory and maxmemory-policy "
                    "volatile-lru there",
                    place_of(loaded, key)));
  }
}

void check_keys(LoadedConfig& loaded) {
  const std::string& path = loaded.config.sessions.encryption_keys.value;
  if (path.empty()) return;
  if (!loaded.config.sessions.store.redis_url) {
    return complain(loaded, "sessions.encryption_keys",
                    "encrypts sessions in Redis only; delete it, or give sessions.store the URL of "
                    "a Redis");
  }
  const auto keys = vx11::SessionKeys::read(path);
  if (keys) return;
  const bool is_unreadable = keys.error().code == vx11::Errc::storage;
  complain(loaded, "sessions.encryption_keys", keys.error().detail,
           is_unreadable ? Mistake::Kind::machine : Mistake::Kind::written);
}

}  // namespace

std::string with_password(std::string_view url, const RedisConfig& config) {
  if (config.password.value.empty()) return std::string(url);
  const UrlParts parts(url);
  const auto colon = parts.credentials.find(':');
  const auto user = parts.credentials.substr(0, colon == parts.credentials.npos ? 0 : colon);
  return fmt::format("{}{}:{}@{}", parts.scheme, user, percent_encoded(config.password.value),
                     parts.servers);
}

std::uint16_t first_port(std::string_view url) {
  const UrlParts parts(url);
  std::string_view server = parts.servers.substr(0, parts.servers.find_first_of(",/"));
  std::uint16_t port = parts.scheme.find("+sentinel") == parts.scheme.npos ? 6379 : 26379;
  const auto colon = server.rfind(':');
  const bool has_port = colon != server.npos && server.find(']', colon) == server.npos;
  if (has_port) std::from_chars(server.data() + colon + 1, server.data() + server.size(), port);
  return port;
}

Result<std::shared_ptr<vx11::RedisClient>> make_redis(std::string_view url,
                                                      const RedisConfig& config,
                                                      vx11::SharedEvents events) {
  vx11::RedisOptions options;
  options.name = "redis";
  options.events = std::move(events);
  options.url = with_password(url, config);
  options.connect_timeout = config.connect_timeout;
  options.command_timeout = config.command_timeout;
  options.ca_file = config.ca_file.value;
  options.certificate_file = config.certificate_file.value;
  options.key_file = config.key_file.value;
  options.server_name = config.server_name;
  options.sentinel_user = config.sentinel_user;
  options.sentinel_password = config.sentinel_password.value;
  options.client_name = "vx11-gateway";
  options.wait_replicas = config.wait_replicas;
  options.wait_timeout = config.wait_timeout;
  return vx11::make_redis_client(std::move(options));
}

Result<std::shared_ptr<vx11::SessionStore>> make_redis_sessions(
    std::shared_ptr<vx11::RedisClient> client, const GatewayConfig& config) {
  vx11::RedisSessionStoreOptions options;
  options.store.limits = config.sessions.limits;
  options.store.patience = config.sessions.max_wait;
  options.key_prefix = config.redis.prefix + "s:";
  if (const std::string& path = config.sessions.encryption_keys.value; !path.empty()) {
    auto keys = vx11::SessionKeys::read(path);
    if (!keys) return vx11::fail(std::move(keys.error()));
    options.keys = *std::move(keys);
  }
  return vx11::make_redis_session_store(std::move(client), std::move(options));
}

void settle_redis(LoadedConfig& loaded) {
  RedisConfig& redis = loaded.config.redis;
  take_from_file(loaded, "redis.password", redis.password, redis.password_file);
  take_from_file(loaded, "redis.sentinel_password", redis.sentinel_password,
                 redis.sentinel_password_file);
  check_keys(loaded);
  const auto& url = loaded.config.sessions.store.redis_url;
  if (!url) return;
  warn_of_limits(loaded);
  if (redis.prefix.find_first_of("{}") != std::string::npos) {
    complain(loaded, "redis.prefix", "must not contain { or }; take them out");
  }
  if (const auto made = make_redis(*url, redis); !made) {
    complain(loaded, "sessions.store", made.error().detail);
  }
}

}  // namespace gateway
