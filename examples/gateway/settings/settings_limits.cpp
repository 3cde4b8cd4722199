#include "gateway/settings/settings_tables.hpp"

namespace gateway {

namespace {

constexpr std::uint32_t kMostChats = 1'000'000;

}  // namespace

std::vector<Setting> limit_settings() {
  using Config = GatewayConfig;
  using Limits = LimitsConfig;
  return {
      {.key = "limits.max_body_bytes",
       .field = ranged<std::size_t>(1024, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_body_bytes),
       .doc = "The largest accepted request body."},
      {.key = "limits.max_message_bytes",
       .field = ranged<std::size_t>(1, 1024UL * 1024 * 1024, &Config::limits,
                                    &LimitsConfig::max_message_bytes),
       .doc = "The largest accepted `message` of a chat."},
      {.key = "limits.auth_failures",
       .field = field(&Config::limits, &Limits::auth_failures),
       .doc = "How many wrong credentials an address may send: further ones are answered 429 "
              "without being checked, except those that were right before from the same address. "
              "All addresses of an IPv6 network of 64 bits count as one, here and below. Behind a "
              "proxy that `server.trusted_proxies` does not name, all clients have its address: "
              "\"off\" is better there."},
      {.key = "limits.auth_failures_on_loopback",
       .field = field(&Config::limits, &Limits::auth_failures_on_loopback),
       .doc = "Whether that holds for loopback addresses, too, such as those of a proxy or of "
              "monitoring on the same machine."},
      {.key = "limits.per_address",
       .field = field(&Config::limits, &Limits::per_address),
       .doc = "Requests of every address, `/health`, `/livez`, `/readyz` and `/metrics` excepted; "
              "further ones are answered 429. As many as the period allows may arrive at once. "
              "Behind a proxy all clients have the address of the proxy."},
      {.key = "limits.per_token",
       .field = field(&Config::limits, &Limits::per_token),
       .doc = "The same of every token of `auth.tokens` that has no `rate` of its own, of every "
              "subject of a JWT, and of `auth.token`."},
      {.key = "limits.per_session",
       .field = field(&Config::limits, &Limits::per_session),
       .doc = "Chats of every session of a token."},
      {.key = "limits.tokens_per_minute",
       .field = field(&Config::limits, &Limits::tokens_per_minute),
       .doc = "Language tokens of the chats of every token, input and output, per minute, as far "
              "as upstreams count them. They are charged when an answer is complete; then chats "
              "are answered 429 until enough time has passed. 0: no limit."},
      {.key = "limits.shared",
       .field = field(&Config::limits, &Limits::shared),
       .doc = "Whether `per_token`, `per_session` and `tokens_per_minute` hold for all gateways in "
              "sum that share the Redis of `sessions.store`, or else of `redis.url`. While it does "
              "not answer, each gateway decides alone."},
      {.key = "limits.concurrent_per_token",
       .field = ranged(0U, kMostChats, &Config::limits, &Limits::concurrent_per_token),
       .doc = "Chats in progress of every token without a `concurrent` of its own, streams to "
              "their end; further ones are answered 429. 0: no limit."},
      {.key = "limits.concurrent",
       .field = ranged(0U, kMostChats, &Config::limits, &Limits::concurrent),
       .doc = "All chats in progress; further ones are answered 503, while status and health "
              "answer as before. 0: no limit."},
      {.key = "limits.concurrency",
       .field = field(&Config::limits, &Limits::concurrency),
       .doc = "`adaptive`: `concurrent` is the highest value of a limit that falls as chats become "
              "slower or fail, and rises again."},
  };
}

}  // namespace gateway
