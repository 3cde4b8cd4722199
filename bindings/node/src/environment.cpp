#include "environment.hpp"

#include <utility>

namespace vx11::node {

std::shared_ptr<Environment> Environment::of(Napi::Env env) {
  using Held = std::shared_ptr<Environment>;
  if (auto* held = env.GetInstanceData<Held>()) return *held;
  auto* held = new Held(std::make_shared<Environment>());
  env.SetInstanceData<Held>(held);
  env.AddCleanupHook([environment = *held] { environment->end(); });
  return *held;
}

bool Environment::add(vx11_call* call) {
  const std::lock_guard lock(mutex_);
  return !ended_ && calls_.insert(call).second;
}

void Environment::remove(vx11_call* call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
}

bool Environment::add(const std::shared_ptr<vx11_stop>& stop) {
  const std::lock_guard lock(mutex_);
  return !ended_ && stops_.insert(stop).second;
}

void Environment::remove(const std::shared_ptr<vx11_stop>& stop) {
  const std::lock_guard lock(mutex_);
  stops_.erase(stop);
}

void Environment::end() {
  std::set<vx11_call*> calls;
  std::set<std::shared_ptr<vx11_stop>> stops;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    calls = std::exchange(calls_, {});
    stops = std::exchange(stops_, {});
  }
  for (vx11_call* call : calls) vx11_call_fail(call, VX11_UNREACHABLE, "the worker has ended");
  for (const auto& stop : stops) vx11_stop_request(stop.get());
}

}  // namespace vx11::node
