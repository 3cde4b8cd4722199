#pragma once

/// \file
/// Coroutines that are not awaited. Internal.

#include <vx11/task.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Starts at once and frees itself when done. An exception that leaves it is a defect.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

/// Starts `task` on the calling thread and keeps `owner`, which the task refers to, alive
/// meanwhile.
template <class Owner>
Detached run_detached(std::shared_ptr<Owner> owner, Task<void> task) {
  const std::shared_ptr<Owner> kept = std::move(owner);
  Task<void> running = std::move(task);
  co_await std::move(running);
}

}  // namespace v0
}  // namespace vx11
