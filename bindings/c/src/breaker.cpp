#include <vx11/to_json.hpp>

#include <chrono>
#include <memory>
#include <utility>

#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;

vx11::Result<std::shared_ptr<vx11::CircuitBreaker>> make_breaker(const char* description) {
  Fields fields(description);
  vx11::CircuitBreakerOptions options;
  fields.read("failures_to_open", options.failures_to_open);
  fields.read_ms("open_for_ms", options.open_for);
  fields.read("probes", options.probes);
  fields.read_ms("probe_timeout_ms", "probe_limit_ms", options.probe_timeout);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  auto valid = vx11::validate(options);
  if (!valid) return vx11::fail(valid.error());
  return std::make_shared<vx11::CircuitBreaker>(std::move(options));
}

/// Rounded up, so that a call after this delay is not rejected for arriving early.
std::int64_t whole_ms(vx11::Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

}  // namespace

vx11_code vx11_breaker_new(const char* options, vx11_breaker** breaker, char** error) {
  return guarded(error, [&] { return give(make_breaker(options), breaker); });
}

vx11_code vx11_breaker_free(vx11_breaker* breaker) {
  return release(breaker);
}

vx11_code vx11_breaker_acquire(vx11_breaker* breaker, vx11_permit** permit,
                               int64_t* retry_after_ms) {
  return guarded(nullptr, [&] {
    const auto shared = needed(breaker)->breaker;
    result(permit);
    auto admission = shared->try_acquire();
    if (!admission) {
      if (retry_after_ms) *retry_after_ms = whole_ms(admission.error().retry_after);
      return Ending(VX11_CIRCUIT_OPEN, {});
    }
    return give(std::shared_ptr<vx11_permit>(new vx11_permit{shared, std::move(*admission)}),
                permit);
  });
}

vx11_code vx11_permit_finish(vx11_permit* permit, vx11_verdict verdict) {
  return guarded(nullptr, [&] {
    const auto taken =
        std::static_pointer_cast<vx11_permit>(HandleTable::instance().take(Kind::permit, permit));
    if (!taken) return misuse("permit was finished");
    if (verdict == VX11_SUCCESS) taken->permit.success();
    if (verdict == VX11_FAILURE) taken->permit.failure();
    return Ending();  // without success() or failure() the outcome is neutral
  });
}

vx11_circuit_state vx11_breaker_state(const vx11_breaker* breaker) {
  const auto object = held(breaker);
  return object ? static_cast<vx11_circuit_state>(object->breaker->state()) : VX11_NO_BREAKER;
}

vx11_code vx11_breaker_snapshot(const vx11_breaker* breaker, char** json, char** error) {
  return guarded(error, [&] { return give(to_json(needed(breaker)->breaker->snapshot()), json); });
}
