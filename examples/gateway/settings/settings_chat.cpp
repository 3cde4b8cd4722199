#include "gateway/settings/settings_tables.hpp"
#include "gateway/settings/worded_field.hpp"

namespace gateway {

namespace {

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

/// A setting of `UpstreamTlsConfig`.
template <class Member>
Field upstream_tls(UpstreamConfig GatewayConfig::*upstream, Member member) {
  return field(upstream, &UpstreamConfig::tls, member);
}

}  // namespace

std::vector<Setting> chat_settings() {
  using Config = GatewayConfig;
  return {
      {.key = "chat.route",
       .field = field(&Config::chat, &ChatConfig::route),
       .doc = "The route, a table `[routes.NAME]`, of the chats of `/operator/chat/ask`. Empty: "
              "switch, then madre."},
      {.key = "chat.deadline",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::deadline),
       .doc = "Time limit of a chat, over all upstreams."},
      {.key = "chat.stream_silence",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::stream_silence),
       .doc = "The longest time between two pieces of text of a streamed answer, while the client "
              "reads. Comments and events without text do not count."},
      {.key = "chat.stream_deadline",
       .field = ranged<Duration>(1ms, 24h, &Config::chat, &ChatConfig::stream_deadline),
       .doc = "Time limit of a whole stream. An upstream that never ends would hold a connection "
              "for ever."},
      {.key = "chat.head_after",
       .field = ranged<Duration>(1ms, 1h, &Config::chat, &ChatConfig::head_after),
       .doc = "Silence after which the head of a streamed answer is sent, with a comment. Later "
              "failures are `error` events in place of a 503."},
      {.key = "chat.heartbeat",
       .field = ranged<Duration>(10ms, 1h, &Config::chat, &ChatConfig::heartbeat),
       .doc = "Silence within a streamed answer after which a comment is sent. Keep it below the "
              "limits of proxies, often 30s."},
      {.key = "chat.last_resorts",
       .field = ranged<std::uint32_t>(0, 10'000, &Config::chat, &ChatConfig::last_resorts),
       .doc = "Concurrent chats that may bypass an open breaker when the breakers of all targets "
              "are open. With 0 such chats are answered 503 at once, with Retry-After."},
      {.key = "chat.breaker_hints",
       .field = field(&Config::chat, &ChatConfig::breaker_hints),
       .doc = "Whether gateways that share the Redis of `sessions.store`, or else of `redis.url`, "
              "exchange which circuit breakers are open. Where at least two others and half of all "
              "have one open, the next failure opens it here, too."},
      {.key = "chat.fallback_after",
       .field = field(&Config::chat, &ChatConfig::fallback_after),
       .doc = "When switch has not answered after this time (a stream: sent no piece), madre is "
              "asked beside it, and the first good answer is taken. `auto`: three times the 95th "
              "percentile of the target's last 100 answers, at least 4 s and at most its limit. "
              "`0s`: only after a failure."},
      {.key = "chat.overtaken",
       .field = field(&Config::chat, &ChatConfig::overtaken),
       .doc = "Calls that another answer has overtaken, or whose client left after "
              "`fallback_after`: `observe` lets up to 8 of each upstream run to their limit and "
              "counts their outcome for the circuit breaker; `cancel` stops them, uncounted."},
      {.key = "chat.power_aware",
       .field = field(&Config::chat, &ChatConfig::power_aware),
       .doc = "Whether chats pass by switch while madre's power state, read every "
              "`power.poll_interval`, says that it sleeps: no connection, no failure of its "
              "breaker, reason `switch_asleep`. While the state is not known, chats try switch."},

      {.key = "completions.aliases",
       .field = field(&Config::completions, &CompletionsConfig::aliases),
       .doc = "Further model names for clients of the OpenAI chat API, each `NAME=MODEL`, such as "
              "`gpt-4o=vx11`. The models are `vx11`, the chain of `chat.route` or else switch and "
              "madre, and `vx11/NAME`, each target, group and route alone."},
      {.key = "completions.session",
       .field = field(&Config::completions, &CompletionsConfig::session),
       .doc = "Which member of such a request ties it to a session: `metadata` takes "
              "`metadata.session_id`; `metadata_or_user` takes `user` where that is absent. "
              "Requests with neither are stored nowhere."},

      {.key = "switch.url",
       .flag = "--switch",
       .value_name = "URL",
       .field = field(&Config::switch_, &UpstreamConfig::url),
       .doc = "Base URL of switch. Empty: there is no switch, and madre answers chats.",
       .shown_default = "none"},
      {.key = "switch.ca_file",
       .field = upstream_tls(&Config::switch_, &UpstreamTlsConfig::ca_file),
       .doc = "A PEM file with the certificate authorities for https. Empty: those of the system."},
      {.key = "switch.certificate_file",
       .field = upstream_tls(&Config::switch_, &UpstreamTlsConfig::certificate_file),
       .doc = "A PEM file with the certificate that identifies the gateway to switch by TLS, if it "
              "asks for one, followed by those of its authorities."},
      {.key = "switch.certificate_key_file",
       .field = upstream_tls(&Config::switch_, &UpstreamTlsConfig::certificate_key_file),
       .doc = "A PEM file with the key of `certificate_file`, not encrypted."},
      {.key = "switch.pins",
       .field = upstream_tls(&Config::switch_, &UpstreamTlsConfig::pins),
       .doc = "With https: keys of which the certificate of switch must have one, as the `pins` of "
              "a target."},
      {.key = "switch.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::switch_, &UpstreamConfig::limit),
       .doc = "Time limit of one chat request to switch; after that madre is asked."},
      {.key = "switch.breaker.failures_to_open",
       .field = breaker_failures(&Config::switch_),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.key = "switch.breaker.open_for",
       .field = breaker_open_for(&Config::switch_),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.key = "switch.breaker.probes",
       .field = breaker_probes(&Config::switch_),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},

      {.key = "madre.url",
       .flag = "--madre",
       .value_name = "URL",
       .field = worded(field(&Config::madre, &UpstreamConfig::url),
                       {"the base URL of an upstream",
                        R"("http://host:port" without user, path or query, such as )"
                        R"("http://127.0.0.1:8001")"}),
       .doc = "Base URL of madre. Empty: the gateway answers in its place, with the policy "
              "solo_madre and a fixed chat answer.",
       .shown_default = "embedded"},
      {.key = "madre.health_path",
       .field = field(&Config::madre, &UpstreamConfig::health_path),
       .doc =
           "The path that the status requests as evidence of madre, in place of "
           "`/madre/power/state`: `/health`, `/livez`, `/readyz` or `/healthz`. The deployed "
           "madre's `/health` calls switch, hormiguero and spawner. Empty: `/health` is requested "
           "only if madre has no power windows."},
      {.key = "madre.ca_file",
       .field = upstream_tls(&Config::madre, &UpstreamTlsConfig::ca_file),
       .doc = "A PEM file with the certificate authorities for https. Empty: those of the system."},
      {.key = "madre.certificate_file",
       .field = upstream_tls(&Config::madre, &UpstreamTlsConfig::certificate_file),
       .doc = "A PEM file with the certificate that identifies the gateway to madre by TLS, if it "
              "asks for one, followed by those of its authorities."},
      {.key = "madre.certificate_key_file",
       .field = upstream_tls(&Config::madre, &UpstreamTlsConfig::certificate_key_file),
       .doc = "A PEM file with the key of `certificate_file`, not encrypted."},
      {.key = "madre.pins",
       .field = upstream_tls(&Config::madre, &UpstreamTlsConfig::pins),
       .doc = "With https: keys of which the certificate of madre must have one, as the `pins` of "
              "a target."},
      {.key = "madre.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::madre, &UpstreamConfig::limit),
       .doc = "Time limit of one chat request to madre."},
      {.key = "madre.breaker.failures_to_open",
       .field = breaker_failures(&Config::madre),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.key = "madre.breaker.open_for",
       .field = breaker_open_for(&Config::madre),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.key = "madre.breaker.probes",
       .field = breaker_probes(&Config::madre),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},

      {.key = "upstream.token",
       .field = field(&Config::upstream, &UpstreamsConfig::token),
       .doc = "The token sent to switch and madre.",
       .shown_default = "as auth.token"},
      {.key = "upstream.token_file",
       .field = field(&Config::upstream, &UpstreamsConfig::token_file),
       .doc = "A file whose first line is that token. Instead of `token`."},
      {.key = "upstream.name_cache",
       .field = ranged<Duration>(0s, 24h, &Config::upstream, &UpstreamsConfig::name_cache),
       .doc = "How long the addresses of host names are used before they are looked up again. They "
              "are looked up at once if none of them accepts a connection, and used for longer "
              "while the name server does not answer."},
  };
}

}  // namespace gateway
