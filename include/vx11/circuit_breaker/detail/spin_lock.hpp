#pragma once

/// \file
/// A lock for critical sections of a few nanoseconds. Internal.

#include <atomic>
#include <ctime>

#include <sched.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// A test-and-test-and-set lock: one exchange to take, one store to give back, half of what a mutex
/// costs uncontended. Who waits steps back for longer and longer, so that the holder keeps the
/// cache line for several turns; and sleeps in the end, so that a holder of lower priority gets to
/// run. Meets Lockable.
class SpinLock {
 public:
  void lock() noexcept {
    for (unsigned turn = 0; !try_lock(); ++turn) wait(turn);
  }
  bool try_lock() noexcept {
    return !held_.load(std::memory_order_relaxed) &&
           !held_.exchange(true, std::memory_order_acquire);
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }

  /// Leaves the cache line to whoever has it just now, for some calls of his.
  static void step_back(unsigned turn = 0) noexcept {
    for (unsigned i = 0; i < kFewestPauses << turn; ++i) pause();
  }

 private:
  static constexpr unsigned kFewestPauses = 16;
  static constexpr unsigned kTurnsOfPausing = 4;
  static constexpr unsigned kTurnsOfYielding = 64;

  /// By POSIX, because `<thread>` alone would add an eighth to what the breaker takes to compile.
  static void wait(unsigned turn) noexcept {
    if (turn < kTurnsOfPausing) {
      step_back(turn);
    } else if (turn < kTurnsOfYielding) {
      sched_yield();
    } else {
      constexpr timespec kFiftyMicroseconds{.tv_sec = 0, .tv_nsec = 50'000};
      nanosleep(&kFiftyMicroseconds, nullptr);
    }
  }
  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::atomic<bool> held_{false};
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
