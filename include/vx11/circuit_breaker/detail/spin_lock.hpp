#pragma once

/// \file
/// A lock for critical sections of a few nanoseconds. Internal.

#include <atomic>
#include <ctime>

#include <sched.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// A test-and-test-and-set lock: one exchange to lock, one store to unlock, half the uncontended
/// cost of a mutex. Waiting threads back off for increasing times, so that the holder keeps the
/// cache line for several acquisitions; finally they sleep, so that a holder of lower priority can
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

  /// Backs off, leaving the cache line to the current holder for some acquisitions.
  static void step_back(unsigned turn = 0) noexcept {
    for (unsigned i = 0; i < kFewestPauses << turn; ++i) pause();
  }

 private:
  static constexpr unsigned kFewestPauses = 16;
  static constexpr unsigned kTurnsOfPausing = 4;
  static constexpr unsigned kTurnsOfYielding = 64;

  /// Uses POSIX, because `<thread>` alone would add an eighth to the breaker's compile time.
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
