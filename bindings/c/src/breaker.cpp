#include <vx11/to_json.hpp>

#include <chrono>
#include <memory>
#include <utility>

#include "breaker_options.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;

vx11::Result<std::shared_ptr<vx11::CircuitBreaker>> make_breaker(const char* description) {
  auto options = breaker_options(description);
  if (!options) return vx11::fail(options.error());
  return std::make_shared<vx11::CircuitBreaker>(*std::move(options));
}

void set_mode(vx11::CircuitBreaker& breaker, vx11_circuit_mode mode) {
  switch (mode) {
    case VX11_AUTOMATIC:
      return breaker.automatic();
    case VX11_ISOLATED:
      return breaker.isolate();
    case VX11_FORCED_CLOSED:
      return breaker.force_close();
    case VX11_DISABLED:
      return breaker.disable();
    case VX11_METRICS_ONLY:
      return breaker.metrics_only();
  }
  throw Misuse{"mode is none of vx11_circuit_mode"};
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

vx11_code vx11_breaker_mode(const vx11_breaker* breaker, vx11_circuit_mode* mode) {
  static_assert(static_cast<int>(vx11::CircuitMode::metrics_only) == VX11_METRICS_ONLY);
  return guarded(nullptr, [&] {
    result(mode) = static_cast<vx11_circuit_mode>(needed(breaker)->breaker->mode());
    return Ending();
  });
}

vx11_code vx11_breaker_set_mode(vx11_breaker* breaker, vx11_circuit_mode mode) {
  return guarded(nullptr, [&] {
    set_mode(*needed(breaker)->breaker, mode);
    return Ending();
  });
}

vx11_code vx11_breaker_reset(vx11_breaker* breaker) {
  return guarded(nullptr, [&] {
    needed(breaker)->breaker->reset();
    return Ending();
  });
}
