#pragma once

#include <cstdint>

#include <benchmark/benchmark.h>

/// Heap allocations of this process so far, counted by operator new in allocation_counter.cpp.
std::uint64_t allocations() noexcept;

/// Reports heap allocations per iteration as a counter beside the time.
class CountAllocations {
 public:
  explicit CountAllocations(benchmark::State& state) : state_(state), before_(allocations()) {}
  CountAllocations(const CountAllocations&) = delete;
  CountAllocations& operator=(const CountAllocations&) = delete;
  ~CountAllocations() {
    const auto made = static_cast<double>(allocations() - before_);
    state_.counters["allocs"] = benchmark::Counter(made / static_cast<double>(state_.iterations()),
                                                   benchmark::Counter::kAvgThreads);
  }

 private:
  benchmark::State& state_;
  std::uint64_t before_;
};
