#pragma once

/// \file
/// What the addon holds for one JavaScript environment: the main thread's or a worker's.

#include <memory>
#include <mutex>
#include <set>

#include <napi.h>
#include <vx11.h>

namespace vx11::node {

/// Ends with its environment: calls that a function of the environment should answer are failed and
/// calls that it awaits are stopped, so that no thread of the addon waits for a worker that has
/// ended. Thread-safe.
class Environment {
 public:
  /// The one of `env`, made by the first call.
  static std::shared_ptr<Environment> of(Napi::Env env);

  /// A request that a function of this environment should answer.
  /// \return false if the environment has ended
  bool add(vx11_call* call);
  void remove(vx11_call* call);
  /// Something that this environment awaits.
  /// \return false if the environment has ended
  bool add(const std::shared_ptr<vx11_stop>& stop);
  void remove(const std::shared_ptr<vx11_stop>& stop);

 private:
  void end();

  std::mutex mutex_;
  bool ended_ = false;
  std::set<vx11_call*> calls_;
  std::set<std::shared_ptr<vx11_stop>> stops_;
};

}  // namespace vx11::node
