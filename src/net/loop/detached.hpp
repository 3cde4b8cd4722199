#pragma once

/// \file
/// A coroutine that nobody awaits. Internal.

#include <coroutine>
#include <exception>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Starts at once and frees itself when done. What leaves it as an exception is a defect.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
