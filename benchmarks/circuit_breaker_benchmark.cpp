// The breaker's hot paths beside the baselines that a hand-written one would have: a mutex around
// three fields with a clock read per call, and, as the floor, one atomic load.

#include <vx11/circuit_breaker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include <benchmark/benchmark.h>

#include "allocation_counter.hpp"

namespace {

using Clock = std::chrono::steady_clock;

/// What one writes by hand: correct, locked, and asking the time on every call.
class MutexBreaker {
 public:
  bool try_acquire() {
    const std::lock_guard lock(mutex_);
    return Clock::now() >= open_until_;
  }
  void success() {
    const std::lock_guard lock(mutex_);
    failures_ = 0;
  }
  void failure() {
    const std::lock_guard lock(mutex_);
    if (++failures_ >= 3) open_until_ = Clock::now() + std::chrono::hours(1);
  }

 private:
  std::mutex mutex_;
  int failures_ = 0;
  Clock::time_point open_until_ = {};
};

void floor_atomic_load(benchmark::State& state) {
  static std::atomic<std::uint64_t> word{0};
  for (auto _ : state) benchmark::DoNotOptimize(word.load(std::memory_order_acquire));
}

void breaker_closed_success(benchmark::State& state) {
  static vx11::CircuitBreaker breaker;
  const CountAllocations count(state);
  for (auto _ : state) {
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
    if (permit) permit->success();
  }
}

void baseline_closed_success(benchmark::State& state) {
  static MutexBreaker breaker;
  for (auto _ : state) {
    if (breaker.try_acquire()) breaker.success();
  }
}

void breaker_open_rejection(benchmark::State& state) {
  static vx11::CircuitBreaker breaker{{.failures_to_open = 1, .open_for = std::chrono::hours(1)}};
  if (auto permit = breaker.try_acquire()) permit->failure();
  const CountAllocations count(state);
  for (auto _ : state) {
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
  }
}

void baseline_open_rejection(benchmark::State& state) {
  static MutexBreaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failure();
  for (auto _ : state) benchmark::DoNotOptimize(breaker.try_acquire());
}

void clock_read(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Clock::now());
}

BENCHMARK(floor_atomic_load)->Threads(1)->Threads(2);
BENCHMARK(clock_read);
BENCHMARK(breaker_closed_success)->Threads(1)->Threads(2);
BENCHMARK(baseline_closed_success)->Threads(1)->Threads(2);
BENCHMARK(breaker_open_rejection)->Threads(1)->Threads(2);
BENCHMARK(baseline_open_rejection)->Threads(1)->Threads(2);

}  // namespace
