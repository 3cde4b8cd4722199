#include "jobs.hpp"

namespace vx11::node {
namespace {

Napi::Value make(const Napi::CallbackInfo& info) {
  vx11_breaker* breaker = nullptr;
  char* error = nullptr;
  check(info.Env(), vx11_breaker_new(text(info[0]).c_str(), &breaker, &error), error);
  return wrap(info.Env(), breaker, vx11_breaker_free);
}

/// A permit, or the milliseconds after which to retry.
Napi::Value acquire(const Napi::CallbackInfo& info) {
  vx11_permit* permit = nullptr;
  int64_t retry_after_ms = 0;
  const vx11_code code =
      vx11_breaker_acquire(unwrap<vx11_breaker>(info[0]).get(), &permit, &retry_after_ms);
  if (code == VX11_CIRCUIT_OPEN) return Napi::Number::New(info.Env(), double(retry_after_ms));
  check(info.Env(), code, nullptr);
  // One that is destroyed without an outcome is neutral.
  return wrap(info.Env(), permit,
              [](vx11_permit* last) { vx11_permit_finish(last, VX11_NEUTRAL); });
}

/// Only the first outcome counts.
void finish(const Napi::CallbackInfo& info) {
  vx11_permit_finish(unwrap<vx11_permit>(info[0]).get(), static_cast<vx11_verdict>(whole(info[1])));
}

Napi::Value state(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), vx11_breaker_state(unwrap<vx11_breaker>(info[0]).get()));
}

Napi::Value snapshot(const Napi::CallbackInfo& info) {
  char *json = nullptr, *error = nullptr;
  const vx11_code code = vx11_breaker_snapshot(unwrap<vx11_breaker>(info[0]).get(), &json, &error);
  return answer(code, json, error)(info.Env());
}

Napi::Value mode(const Napi::CallbackInfo& info) {
  vx11_circuit_mode mode = VX11_AUTOMATIC;
  check(info.Env(), vx11_breaker_mode(unwrap<vx11_breaker>(info[0]).get(), &mode), nullptr);
  return Napi::Number::New(info.Env(), mode);
}

void set_mode(const Napi::CallbackInfo& info) {
  const auto mode = static_cast<vx11_circuit_mode>(whole(info[1]));
  check(info.Env(), vx11_breaker_set_mode(unwrap<vx11_breaker>(info[0]).get(), mode), nullptr);
}

void reset(const Napi::CallbackInfo& info) {
  check(info.Env(), vx11_breaker_reset(unwrap<vx11_breaker>(info[0]).get()), nullptr);
}

}  // namespace

void export_breaker(Napi::Env env, Napi::Object exports) {
  exports.Set("breakerNew", Napi::Function::New(env, make));
  exports.Set("breakerAcquire", Napi::Function::New(env, acquire));
  exports.Set("permitFinish", Napi::Function::New(env, finish));
  exports.Set("breakerState", Napi::Function::New(env, state));
  exports.Set("breakerSnapshot", Napi::Function::New(env, snapshot));
  exports.Set("breakerMode", Napi::Function::New(env, mode));
  exports.Set("breakerSetMode", Napi::Function::New(env, set_mode));
  exports.Set("breakerReset", Napi::Function::New(env, reset));
}

}  // namespace vx11::node
