#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "http/percent.hpp"
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
  json.key("mode").string(to_string(seen.mode)).close('}');
}

/// The given one alone, or all.
HttpResponse report(const OperatorApiOptions& options, const NamedBreaker* only = nullptr) {
  json::Writer json(512);
  json.open('{').key("status").string("ok").key("breakers").open('{');
  for (const NamedBreaker& named : options.breakers) {
    if (only == nullptr || only == &named) write_breaker(json, named, options);
  }
  json.close('}').key("timestamp").string(to_rfc3339(options.wall_clock.now())).close('}');
  return json_answer(200, std::move(json).take());
}

const NamedBreaker* breaker_of(const Context& context, const Call& call) {
  const auto name = decode_percent(call.argument);
  const auto& breakers = context.options.breakers;
  const auto found = std::find_if(breakers.begin(), breakers.end(),
                                  [&](const NamedBreaker& each) { return each.name == name; });
  return found == breakers.end() ? nullptr : &*found;
}

void isolate(CircuitBreaker& breaker) {
  breaker.isolate();
}

/// Closed and automatic, with no failures in a row. The totals stay, since counters of metrics do
/// not go backwards.
void close(CircuitBreaker& breaker) {
  breaker.automatic();  // closes one that is controlled by hand
  const CircuitSnapshot seen = breaker.snapshot();
  if (seen.state == CircuitState::closed && seen.failures == 0) return;
  breaker.force_close();
  breaker.automatic();
}

HttpResponse change(const Context& context, const Call& call, void (*action)(CircuitBreaker&)) {
  const NamedBreaker* const named = breaker_of(context, call);
  if (named == nullptr) return error_answer(404, "breaker_not_found");
  if (named->control == nullptr) return error_answer(409, "breaker_not_controllable");
  action(*named->control);
  return report(context.options, named);
}

}  // namespace

Task<HttpResponse> show_breakers(const Context& context, const Call& /*call*/) {
  return report(context.options);
}

Task<HttpResponse> isolate_breaker(const Context& context, const Call& call) {
  return change(context, call, &isolate);
}

Task<HttpResponse> reset_breaker(const Context& context, const Call& call) {
  return change(context, call, &close);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
