#include "breaker_options.hpp"

#include <string>
#include <utility>

#include "fields.hpp"

namespace vx11::c {
namespace {

SlowCalls read_slow(Fields fields) {
  SlowCalls slow;
  fields.read_ms("after_ms", slow.after);
  fields.read("rate", slow.rate);
  fields.end();
  return slow;
}

template <class Window>
Window with_rates(Fields& fields, Window window) {
  fields.read("minimum_calls", window.minimum_calls);
  fields.read("failure_rate", window.failure_rate);
  if (fields.has("slow")) window.slow = read_slow(fields.object("slow"));
  fields.end();
  return window;
}

TripCondition read_trip(Fields fields) {
  std::string window;
  fields.require("window", window);
  if (window == "count") {
    CountWindow count;
    fields.read("size", count.size);
    return with_rates(fields, count);
  }
  if (window == "time") {
    TimeWindow time;
    fields.read_ms("span_ms", time.span);
    fields.read("buckets", time.buckets);
    return with_rates(fields, time);
  }
  if (!window.empty()) fields.mistake("window", "is neither count nor time");
  return ConsecutiveFailures();
}

void read_jitter(Fields fields, OpenJitter& jitter) {
  fields.read("from", jitter.from);
  fields.read("to", jitter.to);
  fields.end();
}

void read_growth(Fields fields, OpenGrowth& growth) {
  fields.read("factor", growth.factor);
  fields.read_ms("at_most_ms", growth.at_most);
  read_jitter(fields.object("jitter"), growth.jitter);
  fields.end();
}

}  // namespace

Result<CircuitBreakerOptions> breaker_options(const char* description) {
  Fields fields(description);
  CircuitBreakerOptions options;
  fields.read("failures_to_open", options.failures_to_open);
  fields.read_ms("open_for_ms", options.open_for);
  fields.read("probes", options.probes);
  fields.read("probes_to_close", options.probes_to_close);
  fields.read_ms("probe_timeout_ms", "probe_limit_ms", options.probe_timeout);
  if (fields.is_object("trip")) options.trip = read_trip(fields.object("trip"));
  fields.refuse("trip", "is not an object");
  if (fields.has("trip") && fields.has("failures_to_open")) {
    fields.mistake("failures_to_open", "has no effect with trip");
  }
  read_growth(fields.object("growth"), options.growth);
  auto right = fields.finish();
  if (!right) return fail(right.error());
  auto valid = validate(options);
  if (!valid) return fail(valid.error());
  return options;
}

}  // namespace vx11::c
