#include <utility>
#include <vector>

#include "gateway/settings/settings_tables.hpp"

namespace gateway {

/// The files of `[log]`, and `[idempotency]`.
std::vector<Setting> request_settings() {
  using Config = GatewayConfig;
  constexpr std::size_t kGiB = std::size_t{1} << 30U;
  return {
      {.key = "log.access",
       .flag = "--access-log",
       .value_name = "FILE",
       .field = field(&Config::log, &LogConfig::access),
       .doc = "A file that gets one line of JSON for each request; `-` is standard output. Without "
              "tokens, questions, answers and paths. Opened anew at SIGHUP.",
       .shown_default = "none"},
      {.key = "log.audit",
       .flag = "--audit-log",
       .value_name = "FILE",
       .field = field(&Config::log, &LogConfig::audit),
       .doc = "A file that gets one line of JSON for each command for services, windows and "
              "circuit breakers, task, intent, change of INEE, read or deletion of a session and "
              "call of `/admin`, and for each credential or "
              "scope that was refused; `-` is standard output. Opened anew at SIGHUP.",
       .shown_default = "none"},

      {.key = "idempotency.lifetime",
       .field = ranged<Duration>(1s, 24h * 30, &Config::idempotency, &IdempotencyConfig::lifetime),
       .doc = "How long the answer to a chat with an `Idempotency-Key` is kept, in memory, and "
              "given again for the same key and body."},
      {.key = "idempotency.max_wait",
       .field = ranged<Duration>(0s, 1h, &Config::idempotency, &IdempotencyConfig::max_wait),
       .doc = "How long a chat waits for another one with its key that is in progress, before it "
              "is answered 409."},
      {.key = "idempotency.max_answers",
       .field = ranged<std::size_t>(1, 10'000'000, &Config::idempotency,
                                    &IdempotencyConfig::max_answers),
       .doc = "Answers kept; the least recently used are removed first."},
      {.key = "idempotency.max_bytes",
       .field = ranged<std::size_t>(1024, 64 * kGiB, &Config::idempotency,
                                    &IdempotencyConfig::max_bytes),
       .doc = "Bytes of the answers kept; the least recently used are removed first. One of more "
              "than 1 MiB is not kept."},
      {.key = "idempotency.shared",
       .field = field(&Config::idempotency, &IdempotencyConfig::shared),
       .doc = "Whether keys and answers are kept in the Redis of `sessions.store`, or else of "
              "`redis.url`, and so hold for all gateways that share it; `max_answers` and "
              "`max_bytes` have no effect there. While it does not answer, chats with a key are "
              "answered 503."},
  };
}

}  // namespace gateway
