#include <vx11/health/redis_probe.hpp>
#include <vx11/to_json.hpp>

#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;
using vx11::Errc;
using vx11::fail;
using vx11::HealthCheck;
using vx11::Result;

/// The description of a component's check.
struct CheckWords {
  std::string kind = "not_configured";
  std::string url = {};
  std::string path = "/health";
  vx11::Headers headers = {};
};

template <class Probe>
Result<HealthCheck> as_check(Result<Probe> probe) {
  if (!probe) return fail(probe.error());
  return HealthCheck(std::move(*probe));
}

Result<HealthCheck> check_of(CheckWords words, const std::shared_ptr<vx11_transport>& transport,
                             const std::shared_ptr<vx11_breaker>& breaker) {
  if (words.kind == "not_configured") return HealthCheck(vx11::NotConfigured());
  if (words.kind == "self") return HealthCheck(vx11::SelfCheck());
  if (words.kind == "absent") return HealthCheck(vx11::Absent());
  if (words.kind == "redis") return as_check(vx11::make_redis_probe(words.url));
  if (words.kind == "breaker") {
    if (!breaker) return fail(Errc::invalid_argument, "check breaker needs a breaker");
    return HealthCheck(std::shared_ptr<const vx11::CircuitBreaker>(breaker->breaker));
  }
  if (words.kind == "http") {
    if (!transport) return fail(Errc::invalid_argument, "check http needs a transport");
    return as_check(vx11::make_http_probe(transport->transport, std::move(words.url),
                                          std::move(words.path), std::move(words.headers)));
  }
  return fail(Errc::invalid_argument, "there is no such check");
}

Result<vx11::HealthComponent> component_of(Fields fields,
                                           const std::shared_ptr<vx11_transport>& transport,
                                           const std::shared_ptr<vx11_breaker>& breaker) {
  vx11::HealthComponent component;
  CheckWords words;
  fields.require("name", component.name);
  fields.read("port", component.port);
  fields.read("required", component.required);
  fields.read_ms("timeout_ms", "limit_ms", component.timeout);
  fields.read("check", words.kind);
  fields.read("url", words.url);
  fields.read("path", words.path);
  fields.read("headers", words.headers);
  auto right = fields.finish();
  if (!right) return fail(right.error());
  auto check = check_of(std::move(words), transport, breaker);
  if (!check) return fail(check.error().code, component.name + ": " + check.error().detail);
  component.check = std::move(*check);
  return component;
}

Result<std::shared_ptr<vx11::HealthAggregator>> make_health(const char* description,
                                                            const vx11_transport* const* transports,
                                                            const vx11_breaker* const* breakers,
                                                            const vx11_power* power) {
  Fields fields(description);
  vx11::HealthOptions options;
  fields.read_ms("reuse_for_ms", options.reuse_for);
  for (Fields& each : fields.objects("components")) {
    const std::size_t i = options.components.size();
    auto component = component_of(std::move(each), optional(transports ? transports[i] : nullptr),
                                  optional(breakers ? breakers[i] : nullptr));
    if (!component) return fail(component.error());
    options.components.push_back(std::move(*component));
  }
  auto right = fields.finish();
  if (!right) return fail(right.error());
  if (power) options.power = needed(power)->client;
  auto health = vx11::HealthAggregator::create(std::move(options));
  if (!health) return fail(health.error());
  return std::make_shared<vx11::HealthAggregator>(*std::move(health));
}

}  // namespace

vx11_code vx11_health_new(const char* options, const vx11_transport* const* transports,
                          const vx11_breaker* const* breakers, const vx11_power* power,
                          vx11_health** health, char** error) {
  return guarded(error,
                 [&] { return give(make_health(options, transports, breakers, power), health); });
}

vx11_code vx11_health_free(vx11_health* health) {
  return release(health);
}

vx11_code vx11_health_check(vx11_health* health, int64_t timeout_ms, const vx11_stop* stop,
                            char** report, char** error) {
  return guarded(error, [&] {
    const auto aggregator = needed(health)->aggregator;
    return give(to_json(aggregator->check(deadline_of(timeout_ms, stop))), report);
  });
}
