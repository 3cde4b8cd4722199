#include <vx11/session.hpp>
#include <vx11/version.hpp>

#include <chrono>
#include <string>
#include <utility>

#include "operator/answers.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

void write_breaker(json::Writer& json, const NamedBreaker& named,
                   const OperatorApiOptions& options) {
  const CircuitSnapshot seen = named.breaker->snapshot();
  json.key(named.name).open('{').key("state").string(to_string(seen.state));
  json.key("failure_count").integer(seen.failures).key("last_failure");
  if (seen.last_failure) {
    const Duration ago = options.clock.now() - *seen.last_failure;
    json.string(
        to_rfc3339(options.wall_clock.now() - std::chrono::duration_cast<WallTime::duration>(ago)));
  } else {
    json.raw("null");
  }
  json.close('}');
}

}  // namespace

Task<HttpResponse> show_breakers(const Context& context, const Call& /*call*/) {
  json::Writer json(512);
  json.open('{').key("status").string("ok").key("breakers").open('{');
  for (const NamedBreaker& named : context.options.breakers) {
    write_breaker(json, named, context.options);
  }
  json.close('}').key("timestamp").string(to_rfc3339(context.options.wall_clock.now()));
  json.close('}');
  return json_answer(200, std::move(json).take());
}

Task<HttpResponse> show_health(const Context& /*context*/, const Call& /*call*/) {
  return json_answer(
      200, R"({"status":"ok","module":"tentaculo_link","version":")" VX11_VERSION_STRING R"("})");
}

Task<HttpResponse> show_livez(const Context& /*context*/, const Call& /*call*/) {
  return json_answer(200, R"({"status":"ok"})");
}

Task<HttpResponse> show_readyz(const Context& context, const Call& /*call*/) {
  const bool draining = context.draining.load(std::memory_order_relaxed);
  return draining ? json_answer(503, R"({"status":"draining"})")
                  : json_answer(200, R"({"status":"ready"})");
}

Task<HttpResponse> show_metrics(const Context& context, const Call& /*call*/) {
  const OperatorApiOptions& options = context.options;
  return HttpResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                      context.metrics.text(options.breakers, options.clock.now()));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
