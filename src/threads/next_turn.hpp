#pragma once

/// \file
/// Lets an event loop serve others in the middle of long work. Internal.

#include <coroutine>

#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {

/// `co_await NextTurn()`: continues in the next turn of the thread's executor, behind the sockets
/// that are ready. On a thread without one it does not suspend.
class NextTurn final : public ResumingJob {
 public:
  NextTurn() noexcept : executor_(Executor::current()) {}

  bool await_ready() const noexcept { return executor_ == nullptr; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    executor_->post(*this);
  }

 private:
  Executor* executor_;
};

}  // namespace v0
}  // namespace vx11
