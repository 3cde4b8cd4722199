#include "gateway/settings/settings_tables.hpp"
#include "gateway/settings/worded_field.hpp"

namespace gateway {

std::vector<Setting> intent_settings() {
  using Config = GatewayConfig;
  using Breaker = vx11::CircuitBreakerOptions;
  const auto tls = [](auto member) {
    return field(&Config::hormiguero, &UpstreamConfig::tls, member);
  };
  return {
      {.key = "intents.enabled",
       .field = field(&Config::intents, &IntentsConfig::enabled),
       .doc = "Whether `POST /operator/manifestator/emit-intent` exists, which asks madre to build "
              "a service. Needs `madre.url`."},

      {.key = "inee.enabled",
       .field = field(&Config::inee, &IneeConfig::enabled),
       .doc = "Whether the paths below `/operator/inee/` exist, which are passed on to hormiguero "
              "while it runs. Needs `hormiguero.url` and `madre.url`."},

      {.key = "hormiguero.url",
       .field = worded(field(&Config::hormiguero, &UpstreamConfig::url),
                       {"the base URL of an upstream",
                        R"("http://host:port" without user, path or query, such as )"
                        R"("http://127.0.0.1:8004")"}),
       .doc = "Base URL of hormiguero, with `inee.enabled`. It is called only while the power "
              "state says that it runs.",
       .shown_default = "none"},
      {.key = "hormiguero.ca_file",
       .field = tls(&UpstreamTlsConfig::ca_file),
       .doc = "A PEM file with the certificate authorities for https. Empty: those of the system."},
      {.key = "hormiguero.certificate_file",
       .field = tls(&UpstreamTlsConfig::certificate_file),
       .doc = "A PEM file with the certificate that identifies the gateway to hormiguero by TLS, "
              "if it asks for one, followed by those of its authorities."},
      {.key = "hormiguero.certificate_key_file",
       .field = tls(&UpstreamTlsConfig::certificate_key_file),
       .doc = "A PEM file with the key of `certificate_file`, not encrypted."},
      {.key = "hormiguero.pins",
       .field = tls(&UpstreamTlsConfig::pins),
       .doc = "With https: keys of which the certificate of hormiguero must have one, as the "
              "`pins` of a target."},
      {.key = "hormiguero.limit",
       .field = ranged<Duration>(1ms, 1h, &Config::hormiguero, &UpstreamConfig::limit),
       .doc = "Time limit of one request to hormiguero."},
      {.key = "hormiguero.breaker.failures_to_open",
       .field = ranged(1U, 1'000'000U, &Config::hormiguero, &UpstreamConfig::breaker,
                       &Breaker::failures_to_open),
       .doc = "Consecutive failures that open the circuit breaker."},
      {.key = "hormiguero.breaker.open_for",
       .field = ranged<Duration>(1ms, 24h, &Config::hormiguero, &UpstreamConfig::breaker,
                                 &Breaker::open_for),
       .doc = "How long the breaker stays open before it lets a probe through."},
      {.key = "hormiguero.breaker.probes",
       .field = ranged(1U, 1000U, &Config::hormiguero, &UpstreamConfig::breaker, &Breaker::probes),
       .doc = "Calls let through as probes; all of them have to succeed to close the breaker."},
  };
}

}  // namespace gateway
