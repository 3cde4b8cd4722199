// The cost of balancing one chat over 50 targets, each with a breaker: a choice, the begin of the
// call, its record and its end. The baseline is a plain round robin: an index counted up.

#include <vx11/balancer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "allocation_counter.hpp"

namespace {

using namespace std::chrono_literals;
using vx11::Balancer;
using vx11::BalancerOptions;
using vx11::CircuitBreaker;
using vx11::Verdict;

constexpr std::size_t kTargets = 50;

/// Weights 1 to 3, so that no policy has it easy.
std::vector<vx11::BalancerMember> members() {
  std::vector<vx11::BalancerMember> made;
  for (std::size_t i = 0; i < kTargets; ++i) {
    made.push_back({.name = "target-" + std::to_string(i),
                    .weight = static_cast<std::uint32_t>(i % 3 + 1),
                    .breaker = std::make_shared<CircuitBreaker>()});
  }
  return made;
}

/// Shared by the threads of a benchmark; a few calls are under way all the time.
struct Shared {
  explicit Shared(vx11::BalancingPolicy policy)
      : balancer(members(), BalancerOptions{.policy = policy}) {
    for (std::size_t i = 0; i < kTargets; ++i) {
      balancer.begin(i).record(Verdict::success, std::chrono::milliseconds(i + 1));
      if (i % 3 == 0) under_way.push_back(balancer.begin(i));
    }
  }
  Balancer balancer;
  std::vector<Balancer::Call> under_way = {};
};

template <class Policy>
void balance(benchmark::State& state) {
  static Shared shared{Policy{}};
  const CountAllocations count(state);
  for (auto _ : state) {
    const auto member = shared.balancer.pick({}, "0b7f3c52-9f5c-4d0e-8f0a-1c2d3e4f5a6b");
    Balancer::Call call = shared.balancer.begin(*member);
    benchmark::DoNotOptimize(call);
    call.record(Verdict::success, 20ms);
  }
}

/// Every other target is taken out of use by its breaker.
template <class Policy>
void balance_half_isolated(benchmark::State& state) {
  std::vector<vx11::BalancerMember> all = members();
  for (std::size_t i = 0; i < kTargets; i += 2) {
    const auto breaker = std::make_shared<CircuitBreaker>();
    breaker->isolate();
    all[i].breaker = breaker;
  }
  Balancer balancer(std::move(all), BalancerOptions{.policy = Policy{}});
  const CountAllocations count(state);
  for (auto _ : state) {
    const auto member = balancer.pick({}, "0b7f3c52-9f5c-4d0e-8f0a-1c2d3e4f5a6b");
    Balancer::Call call = balancer.begin(*member);
    benchmark::DoNotOptimize(call);
    call.record(Verdict::success, 20ms);
  }
}

void baseline_round_robin_index(benchmark::State& state) {
  static std::atomic<std::size_t> next{0};
  const CountAllocations count(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(next.fetch_add(1, std::memory_order_relaxed) % kTargets);
  }
}
void floor_clock_read(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(vx11::SteadyClock().now());
}
void peak_ewma(benchmark::State& state) {
  balance<vx11::PeakEwma>(state);
}
void weighted_round_robin(benchmark::State& state) {
  balance<vx11::WeightedRoundRobin>(state);
}
void least_in_flight(benchmark::State& state) {
  balance<vx11::LeastInFlight>(state);
}
void sticky_session(benchmark::State& state) {
  balance<vx11::StickySession>(state);
}
void half_isolated_peak_ewma(benchmark::State& state) {
  balance_half_isolated<vx11::PeakEwma>(state);
}
void half_isolated_weighted_round_robin(benchmark::State& state) {
  balance_half_isolated<vx11::WeightedRoundRobin>(state);
}

BENCHMARK(baseline_round_robin_index)->Threads(1)->Threads(2);
BENCHMARK(floor_clock_read);
BENCHMARK(peak_ewma)->Threads(1)->Threads(2);
BENCHMARK(weighted_round_robin)->Threads(1)->Threads(2);
BENCHMARK(least_in_flight)->Threads(1)->Threads(2);
BENCHMARK(sticky_session)->Threads(1)->Threads(2);
BENCHMARK(half_isolated_peak_ewma);
BENCHMARK(half_isolated_weighted_round_robin);

}  // namespace
