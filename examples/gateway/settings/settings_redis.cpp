#include "gateway/settings/settings_tables.hpp"

namespace gateway {

namespace {

/// Whom the gateway connects to, and as whom.
std::vector<Setting> server_settings() {
  using Config = GatewayConfig;
  using Redis = RedisConfig;
  return {
      {.key = "redis.url",
       .flag = "--redis",
       .value_name = "URL",
       .field = field(&Config::redis, &RedisConfig::url),
       .doc = "The Redis server whose status is reported, "
              "`redis://[[user]:password@]host[:port][/db]`. Empty: the status says "
              "`not_configured` and ignores the component. Also the Redis of what gateways share "
              "while `sessions.store` is none; TLS, Sentinel and Cluster need `sessions.store`.",
       .shown_default = "none"},
      {.key = "redis.password",
       .field = field(&Config::redis, &Redis::password),
       .doc = "The password at the Redis of `url` and of `sessions.store`, in place of one in the "
              "URL.",
       .shown_default = "none"},
      {.key = "redis.password_file",
       .field = field(&Config::redis, &Redis::password_file),
       .doc = "A file with that password in its first line, instead of the password itself."},
      {.key = "redis.sentinel_user",
       .field = field(&Config::redis, &Redis::sentinel_user),
       .doc = "The user at the Sentinels of `sessions.store`.",
       .shown_default = "their default user"},
      {.key = "redis.sentinel_password",
       .field = field(&Config::redis, &Redis::sentinel_password),
       .doc = "The password at the Sentinels.",
       .shown_default = "none"},
      {.key = "redis.sentinel_password_file",
       .field = field(&Config::redis, &Redis::sentinel_password_file),
       .doc = "A file with that password in its first line, instead of the password itself."},
      {.key = "redis.ca_file",
       .field = field(&Config::redis, &Redis::ca_file),
       .doc = "A PEM file with the authorities of the certificates of `rediss://` servers.",
       .shown_default = "the system's authorities"},
      {.key = "redis.certificate_file",
       .field = field(&Config::redis, &Redis::certificate_file),
       .doc = "A PEM file with the certificate that identifies the gateway to them, followed by "
              "those of its authorities.",
       .shown_default = "none"},
      {.key = "redis.key_file",
       .field = field(&Config::redis, &Redis::key_file),
       .doc = "A PEM file with its private key, not encrypted."},
      {.key = "redis.server_name",
       .field = field(&Config::redis, &Redis::server_name),
       .doc = "The name in the servers' certificates. Sentinels and clusters announce numeric "
              "addresses, which certificates seldom have.",
       .shown_default = "the host that is connected to"},
  };
}

/// How it uses what it shares through Redis.
std::vector<Setting> use_settings() {
  using Config = GatewayConfig;
  using Redis = RedisConfig;
  return {
      {.key = "redis.prefix",
       .field = field(&Config::redis, &Redis::prefix),
       .doc = "What the keys in Redis begin with. Another one for each system that shares a "
              "database; without `{` and `}`."},
      {.key = "redis.connect_timeout",
       .field = ranged<Duration>(1ms, 1min, &Config::redis, &Redis::connect_timeout),
       .doc = "The time limit for a connection to Redis, with name look-up, TLS and "
              "authentication."},
      {.key = "redis.command_timeout",
       .field = ranged<Duration>(1ms, 1min, &Config::redis, &Redis::command_timeout),
       .doc = "A server that leaves a command unanswered for this long counts as dead, and its "
              "connection is closed."},
      {.key = "redis.wait_replicas",
       .field = ranged<std::uint32_t>(0, 100, &Config::redis, &Redis::wait_replicas),
       .doc = "How many replicas have to confirm a write (`WAIT`) before it counts as stored. It "
              "does not prevent the loss of a write in a failover."},
      {.key = "redis.wait_timeout",
       .field = ranged<Duration>(1ms, 1min, &Config::redis, &Redis::wait_timeout),
       .doc = "How long a write waits for them."},
  };
}

}  // namespace

std::vector<Setting> redis_settings() {
  std::vector<Setting> all = server_settings();
  for (Setting& setting : use_settings()) all.push_back(std::move(setting));
  return all;
}

}  // namespace gateway
