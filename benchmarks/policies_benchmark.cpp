// The cost of each policy for a successful call, and the lower bounds: a plain call and one through
// a std::function. The call does nothing, so only the policy is measured.

#include <vx11/adaptive_limit.hpp>
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/fallback.hpp>
#include <vx11/hedge.hpp>
#include <vx11/keyed_rate_limiter.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/retry.hpp>
#include <vx11/timeout.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "allocation_counter.hpp"

namespace {

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Result;
using vx11::Task;

/// Not inlined, like a real call to an upstream.
[[gnu::noinline]] Result<int> call(Deadline deadline) {
  benchmark::DoNotOptimize(deadline);
  return 7;
}
Task<Result<int>> awaited_call(Deadline deadline) {
  co_return call(std::move(deadline));
}

const vx11::RateLimiterOptions kGenerous{.calls = 1'000'000'000, .burst = 0xFFFFFFFF};

template <class Pipeline>
void run(benchmark::State& state, Pipeline& pipeline) {
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(pipeline.run(&call));
}
template <class Pipeline>
void await(benchmark::State& state, Pipeline& pipeline) {
  const CountAllocations count(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(vx11::sync_wait(pipeline.async_run(&awaited_call)));
  }
}

void floor_plain_call(benchmark::State& state) {
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(call(Deadline()));
}
void floor_std_function(benchmark::State& state) {
  std::function<Result<int>(Deadline)> function = &call;
  benchmark::DoNotOptimize(function);
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(function(Deadline()));
}
void floor_awaited_call(benchmark::State& state) {
  const CountAllocations count(state);
  for (auto _ : state) benchmark::DoNotOptimize(vx11::sync_wait(awaited_call(Deadline())));
}
void floor_clock_read(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(vx11::SteadyClock().now());
}

void empty_pipeline(benchmark::State& state) {
  auto policies = vx11::pipeline();
  run(state, policies);
}
void retry(benchmark::State& state) {
  auto policies = vx11::pipeline(vx11::Retry());
  run(state, policies);
}
void retry_with_budget(benchmark::State& state) {
  auto policies = vx11::pipeline(vx11::Retry({.budget = std::make_shared<vx11::RetryBudget>()}));
  run(state, policies);
}
void timeout(benchmark::State& state) {
  auto policies = vx11::pipeline(vx11::Timeout(1s));
  run(state, policies);
}
void circuit_breaker(benchmark::State& state) {
  static vx11::CircuitBreaker breaker;
  auto policies = vx11::pipeline(std::ref(breaker));
  run(state, policies);
}
void bulkhead(benchmark::State& state) {
  static vx11::Bulkhead guarded;
  auto policies = vx11::pipeline(std::ref(guarded));
  run(state, policies);
}
void rate_limiter(benchmark::State& state) {
  static vx11::RateLimiter limiter(kGenerous);
  auto policies = vx11::pipeline(std::ref(limiter));
  run(state, policies);
}
void rate_limiter_rejection(benchmark::State& state) {
  static vx11::RateLimiter limiter({.calls = 1, .period = 1h});
  auto policies = vx11::pipeline(std::ref(limiter));
  benchmark::DoNotOptimize(policies.run(&call));
  run(state, policies);
}
void keyed_rate_limiter(benchmark::State& state) {
  static vx11::KeyedRateLimiter<int> limiter(
      {.rate = {.calls = 1000, .burst = 0xFFFFFFFF}, .max_keys = 10'000});
  for (int key = 0; key < 10'000; ++key) benchmark::DoNotOptimize(limiter.try_acquire(key));
  const CountAllocations count(state);
  int key = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(limiter.try_acquire(key));
    key = (key + 7919) % 10'000;
  }
}
void adaptive_limit(benchmark::State& state) {
  static vx11::AdaptiveLimit limit;
  auto policies = vx11::pipeline(std::ref(limit));
  run(state, policies);
}
void fallback(benchmark::State& state) {
  auto policies = vx11::pipeline(vx11::fallback(0));
  run(state, policies);
}
void recommended_pipeline(benchmark::State& state) {
  static vx11::CircuitBreaker breaker;
  static vx11::Bulkhead guarded;
  auto policies =
      vx11::pipeline(vx11::Retry(), std::ref(breaker), std::ref(guarded), vx11::Timeout(1s));
  run(state, policies);
}

void awaited_empty_pipeline(benchmark::State& state) {
  auto policies = vx11::pipeline();
  await(state, policies);
}
void awaited_circuit_breaker(benchmark::State& state) {
  static vx11::CircuitBreaker breaker;
  auto policies = vx11::pipeline(std::ref(breaker));
  await(state, policies);
}
void awaited_hedge(benchmark::State& state) {
  static vx11::Hedge hedge;
  auto policies = vx11::pipeline(std::ref(hedge));
  await(state, policies);
}
void awaited_recommended_pipeline(benchmark::State& state) {
  static vx11::CircuitBreaker breaker;
  static vx11::Bulkhead guarded;
  auto policies =
      vx11::pipeline(vx11::Retry(), std::ref(breaker), std::ref(guarded), vx11::Timeout(1s));
  await(state, policies);
}

BENCHMARK(floor_plain_call);
BENCHMARK(floor_std_function);
BENCHMARK(floor_clock_read);
BENCHMARK(empty_pipeline);
BENCHMARK(retry);
BENCHMARK(retry_with_budget)->Threads(1)->Threads(2);
BENCHMARK(timeout);
BENCHMARK(circuit_breaker)->Threads(1)->Threads(2);
BENCHMARK(bulkhead)->Threads(1)->Threads(2);
BENCHMARK(rate_limiter)->Threads(1)->Threads(2);
BENCHMARK(rate_limiter_rejection)->Threads(1)->Threads(2);
BENCHMARK(keyed_rate_limiter);
BENCHMARK(adaptive_limit)->Threads(1)->Threads(2);
BENCHMARK(fallback);
BENCHMARK(recommended_pipeline)->Threads(1)->Threads(2);
BENCHMARK(floor_awaited_call);
BENCHMARK(awaited_empty_pipeline);
BENCHMARK(awaited_circuit_breaker);
BENCHMARK(awaited_hedge);
BENCHMARK(awaited_recommended_pipeline);

}  // namespace
