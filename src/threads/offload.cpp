#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

thread_local Executor* current_home = nullptr;

}  // namespace

Executor* Executor::current() noexcept {
  return current_home;
}

Executor::ExecutorScope::ExecutorScope(Executor& executor) noexcept {
  current_home = &executor;
}
Executor::ExecutorScope::~ExecutorScope() {
  current_home = nullptr;
}

}  // namespace v0
}  // namespace vx11
