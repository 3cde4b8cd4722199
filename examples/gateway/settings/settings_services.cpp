#include <algorithm>
#include <iterator>

#include "gateway/settings/power_settings.hpp"
#include "gateway/settings/settings_tables.hpp"

namespace gateway {

namespace {

/// `[status]` and `[sessions]`.
std::vector<Setting> part_settings() {
  using Config = GatewayConfig;
  return {
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
       .doc = "Where sessions are stored: `memory`, `sqlite:PATH` for a file that outlives the "
              "process, or the URL of a Redis that several gateways share: `redis://`, "
              "`rediss://` with TLS, `redis+sentinel://a,b,c/NAME` or `redis+cluster://a,b,c`. "
              "`[redis]` has the rest.",
       .shown_default = "`sqlite:` and `vx11/sessions.db` below `$XDG_STATE_HOME`, or below "
                        "`~/.local/state`"},
      {.key = "sessions.durability",
       .field = field(&Config::sessions, &SessionsConfig::durability),
       .doc = "Which end a stored turn survives in a file: `process`, any end of the gateway; "
              "`power`, a power cut, too, for which each transaction waits for the disk."},
      {.key = "sessions.messages",
       .field = ranged<std::size_t>(1, 10'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::messages),
       .doc = "Messages kept per session; the oldest are removed first. A file may hold up to a "
              "third more for a while, which are not read but count as bytes."},
      {.key = "sessions.idle",
       .field = ranged<Duration>(1s, 24h * 366, &Config::sessions, &SessionsConfig::limits,
                                 &vx11::SessionLimits::idle_timeout),
       .doc = "A session that has not been read or written for this long expires."},
      {.key = "sessions.max",
       .field = ranged<std::size_t>(1, 100'000'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::sessions),
       .doc = "Sessions kept in all; the least recently used are removed first."},
      {.key = "sessions.max_per_principal",
       .field = ranged<std::size_t>(0, 100'000'000, &Config::sessions, &SessionsConfig::limits,
                                    &vx11::SessionLimits::sessions_per_principal),
       .doc = "Sessions kept of one principal, that is of one named token or one `sub` of JWTs; "
              "its own least recently used are removed first. 0: a tenth of `max`."},
      {.key = "sessions.max_bytes_per_principal",
       .field =
           ranged<std::size_t>(0, 1024UL * 1024 * 1024 * 1024, &Config::sessions,
                               &SessionsConfig::limits, &vx11::SessionLimits::bytes_per_principal),
       .doc = "Bytes kept of one principal; its own least recently used sessions are removed "
              "first. 0: a tenth of `max_bytes`."},

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
      {.key = "sessions.max_wait",
       .field = ranged<Duration>(10ms, 10s, &Config::sessions, &SessionsConfig::max_wait),
       .doc = "How long a chat waits to read its session, and again to store its turn; then it is "
              "answered without, and the answer says so. After five failures in a row the store "
              "is left out for 5 to 30 s, a Redis for 1 to 2 s."},
      {.key = "sessions.encryption_keys",
       .field = field(&Config::sessions, &SessionsConfig::encryption_keys),
       .doc = "A file of keys with which sessions in Redis are encrypted (AES-256-GCM): on each "
              "line a number and 64 hexadecimal digits, as `openssl rand -hex 32` prints them. The "
              "first one encrypts, all of them decrypt. Only its owner and its group may read it.",
       .shown_default = "none, not encrypted"},
  };
}

/// `[metrics]` and `[log]`.
std::vector<Setting> report_settings() {
  using Config = GatewayConfig;
  return {
      {.key = "metrics.access",
       .field = field(&Config::metrics, &MetricsConfig::access),
       .doc =
           "Who may read `GET /metrics`: `public` for everyone, `token` with a credential, `auto` "
           "for everyone on a loopback address and with a credential elsewhere."},
      {.key = "metrics.public",
       .field = field(&Config::metrics, &MetricsConfig::open),
       .doc = "Deprecated: `true` is the same as `access = \"public\"`."},
      {.key = "metrics.requests",
       .field = field(&Config::metrics, &MetricsConfig::requests),
       .doc = "Whether requests and chats are counted and timed: the families `vx11_http_*`, "
              "`vx11_chat_*`, `gen_ai_*`, `vx11_requests_total` and `vx11_completions_*`. `false` "
              "saves some 2 % of the instructions of a chat, and is for gateways without a "
              "scraper: `vx11-gateway top` shows no requests then. All other metrics and `[slo]` "
              "stay. Counting that a reload turns on again continues where it ended."},

      {.key = "log.level",
       .flag = "--log-level",
       .value_name = "LEVEL",
       .field = field(&Config::log, &LogConfig::level),
       .doc = "The lowest severity that is logged to standard error: trace, debug, info, warn, "
              "error, off."},
      {.key = "log.format",
       .field = field(&Config::log, &LogConfig::format),
       .doc = "The form of the lines on standard error: `text`, or `json` with the members `time`, "
              "`level`, `event`, `message` and the event's fields (docs/observability.md)."},
  };
}

}  // namespace

std::vector<Setting> service_settings() {
  std::vector<Setting> all = redis_settings();
  for (std::vector<Setting> more :
       {power_settings(), part_settings(), limit_settings(), report_settings()}) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace gateway
