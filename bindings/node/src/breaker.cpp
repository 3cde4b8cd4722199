#include "jobs.hpp"

namespace vx11::node {
namespace {

Napi::Value make(const Napi::CallbackInfo& info) {
  vx11_breaker* breaker = nullptr;
  char* error = nullptr;
  check(info.Env(), vx11_breaker_new(text(info[0]).c_str(), &breaker, &error), error);
  return wrap(info.Env(), breaker, vx11_breaker_free);
}

/// A permit destroyed without an outcome is neutral.
void drop(vx11_permit* permit) {
  vx11_permit_finish(permit, VX11_NEUTRAL);
}

/// A permit, or the milliseconds after which to retry.
Napi::Value acquire(const Napi::CallbackInfo& info) {
  vx11_permit* permit = nullptr;
  int64_t retry_after_ms = 0;
  const vx11_code code =
      vx11_breaker_acquire(unwrap<vx11_breaker>(info[0]).get(), &permit, &retry_after_ms);
  if (code == VX11_CIRCUIT_OPEN) return Napi::Number::New(info.Env(), double(retry_after_ms));
  check(info.Env(), code, nullptr);
  auto* held = new vx11_permit*(permit);
  return Napi::External<vx11_permit*>::New(info.Env(), held, [](Napi::Env, vx11_permit** held) {
    if (*held) drop(*held);
    delete held;
  });
}

/// Only the first outcome counts.
void finish(const Napi::CallbackInfo& info) {
  vx11_permit** held = info[0].As<Napi::External<vx11_permit*>>().Data();
  if (*held) vx11_permit_finish(*held, static_cast<vx11_verdict>(whole(info[1])));
  *held = nullptr;
}

Napi::Value state(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), vx11_breaker_state(unwrap<vx11_breaker>(info[0]).get()));
}

Napi::Value snapshot(const Napi::CallbackInfo& info) {
  char *json = nullptr, *error = nullptr;
  const vx11_code code = vx11_breaker_snapshot(unwrap<vx11_breaker>(info[0]).get(), &json, &error);
  return answer(code, json, error)(info.Env());
}

}  // namespace

void export_breaker(Napi::Env env, Napi::Object exports) {
  exports.Set("breakerNew", Napi::Function::New(env, make));
  exports.Set("breakerAcquire", Napi::Function::New(env, acquire));
  exports.Set("permitFinish", Napi::Function::New(env, finish));
  exports.Set("breakerState", Napi::Function::New(env, state));
  exports.Set("breakerSnapshot", Napi::Function::New(env, snapshot));
}

}  // namespace vx11::node
