// The breaker's paths and their baselines: a hand-written breaker with a mutex, three fields and a
// clock read per call; a std::function call; and one atomic load as the lower bound.

#include <vx11/circuit_breaker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include <benchmark/benchmark.h>

#include "allocation_counter.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Options = vx11::CircuitBreakerOptions;

/// A hand-written breaker: correct, with a lock and a clock read on every call.
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
    if (++failures_ >= 3) open_until_ = Clock::now() + 1h;
  }

 private:
  std::mutex mutex_;
  int failures_ = 0;
  Clock::time_point open_until_ = {};
};

// Options whose failure rate the measured calls never reach: half of the calls of the failing
// benchmarks fail.
Options consecutive() {
  return {.open_for = 1h};
}
Options count_window() {
  return {.trip = vx11::CountWindow{.failure_rate = 0.9}};
}
Options time_window() {
  return {.trip = vx11::TimeWindow{.failure_rate = 0.9}};
}
Options slow_calls() {
  return {.trip = vx11::CountWindow{.slow = vx11::SlowCalls{.after = 1h}}};
}

/// One breaker per kind, shared by the threads of a benchmark.
template <Options (*describe)()>
vx11::CircuitBreaker& shared() {
  static vx11::CircuitBreaker breaker(describe());
  return breaker;
}

template <Options (*describe)()>
void closed_success(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = shared<describe>();
  const CountAllocations count(state);
  for (auto _ : state) {
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
    if (permit) permit->success();
  }
}

/// A failure, and a success that keeps the breaker from opening.
template <Options (*describe)()>
void closed_failure_and_success(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = shared<describe>();
  const CountAllocations count(state);
  for (auto _ : state) {
    auto failing = breaker.try_acquire();
    benchmark::DoNotOptimize(failing);
    if (failing) failing->failure();
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
    if (permit) permit->success();
  }
}

/// Failures only, on a breaker forced closed: they count but do not open it.
template <Options (*describe)()>
void closed_failure(benchmark::State& state) {
  static vx11::CircuitBreaker breaker(describe());
  breaker.force_close();
  const CountAllocations count(state);
  for (auto _ : state) {
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
    if (permit) permit->failure();
  }
}

vx11::CircuitBreaker& opened() {
  static vx11::CircuitBreaker breaker{{.failures_to_open = 1, .open_for = 1h}};
  if (auto permit = breaker.try_acquire()) permit->failure();
  return breaker;
}

void open_rejection(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = opened();
  const CountAllocations count(state);
  for (auto _ : state) {
    auto permit = breaker.try_acquire();
    benchmark::DoNotOptimize(permit);
  }
}

void closed_state_read(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = shared<&consecutive>();
  for (auto _ : state) benchmark::DoNotOptimize(breaker.state());
}

void open_state_read(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = opened();
  for (auto _ : state) benchmark::DoNotOptimize(breaker.state());
}

template <Options (*describe)()>
void snapshot(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = shared<describe>();
  for (auto _ : state) benchmark::DoNotOptimize(breaker.snapshot());
}

void execute(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = shared<&consecutive>();
  int answer = 42;
  const CountAllocations count(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(answer);
    benchmark::DoNotOptimize(breaker.run([&] { return answer; }));
  }
}

void execute_rejected(benchmark::State& state) {
  vx11::CircuitBreaker& breaker = opened();
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(breaker.run([] { return 42; }));
}

void floor_atomic_load(benchmark::State& state) {
  static std::atomic<std::uint64_t> word{0};
  for (auto _ : state) benchmark::DoNotOptimize(word.load(std::memory_order_acquire));
}

void baseline_clock_read(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Clock::now());
}

void baseline_function_call(benchmark::State& state) {
  int answer = 42;
  std::function<int()> call = [&] { return answer; };
  benchmark::DoNotOptimize(call);
  for (auto _ : state) benchmark::DoNotOptimize(call());
}

void baseline_locked_mutex(benchmark::State& state) {
  static std::mutex mutex;
  for (auto _ : state) {
    const std::lock_guard lock(mutex);
    benchmark::ClobberMemory();
  }
}

void baseline_closed_success(benchmark::State& state) {
  static MutexBreaker breaker;
  for (auto _ : state) {
    if (breaker.try_acquire()) breaker.success();
  }
}

void baseline_closed_failure_and_success(benchmark::State& state) {
  static MutexBreaker breaker;
  for (auto _ : state) {
    if (breaker.try_acquire()) breaker.failure();
    if (breaker.try_acquire()) breaker.success();
  }
}

void baseline_open_rejection(benchmark::State& state) {
  static MutexBreaker breaker;
  for (int i = 0; i < 3; ++i) breaker.failure();
  for (auto _ : state) benchmark::DoNotOptimize(breaker.try_acquire());
}

// In order: the lower bound and the baselines, then the breaker.
#define VX11_ONE_AND_TWO(...) BENCHMARK(__VA_ARGS__)->Threads(1)->Threads(2)

VX11_ONE_AND_TWO(floor_atomic_load);
VX11_ONE_AND_TWO(baseline_clock_read);
VX11_ONE_AND_TWO(baseline_function_call);
VX11_ONE_AND_TWO(baseline_locked_mutex);
VX11_ONE_AND_TWO(baseline_closed_success);
VX11_ONE_AND_TWO(baseline_closed_failure_and_success);
VX11_ONE_AND_TWO(baseline_open_rejection);

VX11_ONE_AND_TWO(closed_success<&consecutive>);
VX11_ONE_AND_TWO(closed_success<&count_window>);
VX11_ONE_AND_TWO(closed_success<&time_window>);
VX11_ONE_AND_TWO(closed_success<&slow_calls>);
VX11_ONE_AND_TWO(closed_failure<&consecutive>);
VX11_ONE_AND_TWO(closed_failure<&count_window>);
VX11_ONE_AND_TWO(closed_failure<&time_window>);
VX11_ONE_AND_TWO(closed_failure_and_success<&consecutive>);
VX11_ONE_AND_TWO(open_rejection);
VX11_ONE_AND_TWO(closed_state_read);
VX11_ONE_AND_TWO(open_state_read);
VX11_ONE_AND_TWO(snapshot<&consecutive>);
VX11_ONE_AND_TWO(snapshot<&count_window>);
VX11_ONE_AND_TWO(snapshot<&time_window>);
VX11_ONE_AND_TWO(execute);
VX11_ONE_AND_TWO(execute_rejected);

}  // namespace
