#pragma once

/// \file
/// Coroutines that are not awaited. Internal.

#include <vx11/task.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace backend {

/// Starts at once and frees itself when done. An exception that leaves it is a defect.
struct DetachedTask {
  struct promise_type {
    DetachedTask get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

/// Starts `task` on the calling thread. It keeps what it refers to alive itself.
inline DetachedTask run_detached(vx11::Task<void> task) {
  vx11::Task<void> running = std::move(task);
  co_await std::move(running);
}

}  // namespace backend
