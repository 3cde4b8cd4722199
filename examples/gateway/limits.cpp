#include "limits.hpp"

#include <utility>

namespace gateway {

using vx11::Result;

Result<Limits> make_limits(const GatewayConfig& config, const Credentials& credentials) {
  Limits limits{.auth = credentials.auth};
  const auto& failures = config.limits.auth_failures.rate;
  if (!failures || config.auth.mode == AuthMode::off) return limits;
  auto attempts = vx11::AttemptLimiter::create(credentials.auth, {.failures = *failures});
  if (!attempts) return vx11::fail(std::move(attempts.error()));
  limits.auth = *attempts;
  limits.attempts = *std::move(attempts);
  return limits;
}

Result<std::shared_ptr<vx11::HttpHandler>> within_limits(const GatewayConfig& config,
                                                         const Limits& limits,
                                                         const Credentials& credentials,
                                                         std::shared_ptr<vx11::HttpHandler> api) {
  const LimitsConfig& with = config.limits;
  const auto& tokens = credentials.tokens.file;
  const bool any = with.per_address.rate || with.per_token.rate || with.per_session.rate ||
                   with.tokens_per_minute > 0 || with.concurrent_per_token > 0 ||
                   with.concurrent > 0 || tokens != nullptr;
  if (!any) return api;
  vx11::RequestLimitsOptions options{.per_address = with.per_address.rate,
                                     .per_token = with.per_token.rate,
                                     .per_session = with.per_session.rate,
                                     .tokens_per_minute = with.tokens_per_minute,
                                     .concurrent_per_token = with.concurrent_per_token,
                                     .concurrent = with.concurrent,
                                     .concurrency = with.concurrency,
                                     .cors_origins = config.server.cors_origins,
                                     .counters = limits.counters};
  if (tokens != nullptr) {
    options.limits_of = [tokens](std::string_view name) { return tokens->limits_of(name); };
  }
  auto limited = vx11::RequestLimits::create(std::move(api), std::move(options));
  if (!limited) return vx11::fail(std::move(limited.error()));
  return std::shared_ptr<vx11::HttpHandler>(*std::move(limited));
}

vx11::MetricFamily limit_family(const Limits& limits) {
  vx11::MetricFamily family = vx11::limit_metrics(limits.counters);
  family.series.push_back(
      {.labels = {{"limit", "auth_failures"}},
       .value = [attempts = limits.attempts] { return attempts ? attempts->refused() : 0; }});
  return family;
}

}  // namespace gateway
