#pragma once

/// \file
/// Leaving an event loop for work that blocks, and coming back. Internal.

#include <vx11/export.hpp>

#include <coroutine>

#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

/// A thread that must not be blocked and takes coroutines to go on with: an event loop.
class VX11_API Home {
 public:
  virtual ~Home() = default;
  /// Has `waiting` resumed on this thread. Called on any thread.
  virtual void resume_here(std::coroutine_handle<> waiting) = 0;

  /// The home that the calling thread is, or null: then it may be blocked.
  static Home* current() noexcept;

  /// While it lives, the calling thread is `home`.
  class VX11_API Stay {
   public:
    explicit Stay(Home& home) noexcept;
    ~Stay();
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
  };
};

/// Takes a coroutine to a worker and home again. On a thread that is nobody's home it stays where
/// it is: whoever blocks on a task may as well do its work.
///
/// ```cpp
/// Detour detour(workers);
/// co_await detour.away();
/// const auto result = work_that_blocks();
/// co_await detour.back();
/// ```
/// The workers and the home outlive it.
class Detour {
 public:
  explicit Detour(Workers& workers) noexcept : workers_(workers), home_(Home::current()) {}

  auto away() noexcept { return Away{*this}; }
  auto back() noexcept { return Back{*this}; }

 private:
  struct Away {
    Detour& detour;
    bool await_ready() const noexcept { return detour.home_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      detour.workers_.run([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  struct Back {
    Detour& detour;
    bool await_ready() const noexcept { return detour.home_ == nullptr; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      detour.home_->resume_here(waiting);
    }
    void await_resume() const noexcept {}
  };

  Workers& workers_;
  Home* home_;
};

}  // namespace v0
}  // namespace vx11
