#include "gateway/limits.hpp"

#include <utility>

namespace gateway {

using vx11::Result;

namespace {

OptionalRate failures_of(const GatewayConfig& config) {
  return config.auth.mode == AuthMode::off ? OptionalRate{} : config.limits.auth_failures;
}

}  // namespace

Result<Limits> make_limits(const GatewayConfig& config, const Credentials& credentials,
                           const Limits& earlier) {
  Limits limits = earlier;
  limits.failures = failures_of(config);
  limits.loopback_too = config.limits.auth_failures_on_loopback;
  limits.credentials = credentials.auth;
  const bool is_same = limits.credentials == earlier.credentials &&
                       limits.failures == earlier.failures &&
                       limits.loopback_too == earlier.loopback_too;
  if (is_same) return limits;
  if (earlier.attempts != nullptr) limits.refused_before += earlier.attempts->refused();
  limits.auth = credentials.auth;
  limits.attempts = nullptr;
  if (!limits.failures.rate) return limits;
  using vx11::LoopbackClients;
  auto made = vx11::AttemptLimiter::create(
      credentials.auth,
      {.failures = *limits.failures.rate,
       .loopback = limits.loopback_too ? LoopbackClients::limited : LoopbackClients::exempt,
       .events = limits.events});
  if (!made) return vx11::fail(std::move(made.error()));
  limits.auth = *made;
  limits.attempts = *std::move(made);
  return limits;
}

Result<std::shared_ptr<vx11::HttpHandler>> within_limits(
    const GatewayConfig& config, Limits& limits, const Credentials& credentials,
    std::shared_ptr<vx11::HttpHandler> api, std::shared_ptr<vx11::RequestMetrics> metrics) {
  const LimitsConfig& with = config.limits;
  const auto& tokens = credentials.tokens.file;
  const bool any = with.per_address.rate || with.per_token.rate || with.per_session.rate ||
                   with.tokens_per_minute > 0 || with.concurrent_per_token > 0 ||
                   with.concurrent > 0 || tokens != nullptr;
  if (!any) {
    limits.requests = nullptr;
    return api;
  }
  vx11::RequestLimitsOptions options{.per_address = with.per_address.rate,
                                     .per_token = with.per_token.rate,
                                     .per_session = with.per_session.rate,
                                     .session_member = config.completions.session,
                                     .tokens_per_minute = with.tokens_per_minute,
                                     .concurrent_per_token = with.concurrent_per_token,
                                     .concurrent = with.concurrent,
                                     .concurrency = with.concurrency,
                                     .shared = limits.shared,
                                     .cors_origins = config.server.cors_origins,
                                     .counters = limits.counters,
                                     .metrics = std::move(metrics),
                                     .events = limits.events};
  if (tokens != nullptr) {
    options.limits_of = [tokens](std::string_view name) { return tokens->limits_of(name); };
  }
  auto limited = limits.requests != nullptr
                     ? limits.requests->successor(std::move(api), std::move(options))
                     : vx11::RequestLimits::create(std::move(api), std::move(options));
  if (!limited) return vx11::fail(std::move(limited.error()));
  limits.requests = *limited;
  return std::shared_ptr<vx11::HttpHandler>(*std::move(limited));
}

std::vector<vx11::MetricFamily> limit_families(const Limits& limits) {
  std::vector<vx11::MetricFamily> families;
  vx11::MetricFamily family = vx11::limit_metrics(limits.counters);
  family.series.push_back({.labels = {{"limit", "auth_failures"}},
                           .value = [attempts = limits.attempts, before = limits.refused_before] {
                             return before + (attempts ? attempts->refused() : 0);
                           }});
  families.push_back(std::move(family));
  if (limits.shared) families.push_back(vx11::shared_limit_metrics(limits.counters));
  return families;
}

}  // namespace gateway
