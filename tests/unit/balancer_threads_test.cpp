// A balancer under calls from several threads, bounded by operations, not by time; for
// ThreadSanitizer, and for what must be exact nevertheless.

#include <vx11/balancer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Balancer;
using vx11::Verdict;

namespace {

constexpr std::uint64_t kThreads = 4;
constexpr std::uint64_t kCalls = 5'000;

/// Weights 1 to 4; the first member has `breaker`.
std::vector<vx11::BalancerMember> members(std::shared_ptr<vx11::CircuitBreaker> breaker = {}) {
  std::vector<vx11::BalancerMember> made;
  for (std::uint32_t i = 0; i < 4; ++i) {
    made.push_back({.name = "target-" + std::to_string(i),
                    .weight = i + 1,
                    .breaker = std::exchange(breaker, nullptr)});
  }
  return made;
}

/// Sums of what one or all threads have seen.
struct Count {
  std::uint64_t picks = 0;
  std::uint64_t none = 0;
};

template <class Work>
Count on_all_threads(const Work& work) {
  std::vector<Count> counts(kThreads);
  std::vector<std::thread> threads;
  for (Count& count : counts) threads.emplace_back([&] { work(count); });
  for (std::thread& thread : threads) thread.join();
  Count sum;
  for (const Count& count : counts) {
    sum.picks += count.picks;
    sum.none += count.none;
  }
  return sum;
}

std::uint64_t calls_of(const Balancer& balancer) {
  std::uint64_t calls = 0;
  for (const vx11::BalancerLoad& load : balancer.loads()) {
    CHECK(load.in_flight == 0);
    calls += load.calls;
  }
  return calls;
}

}  // namespace

TEST_CASE("no call is lost between threads, whatever the policy") {
  const std::vector<vx11::BalancingPolicy> policies = {
      vx11::PeakEwma{}, vx11::WeightedRoundRobin{}, vx11::LeastInFlight{}, vx11::StickySession{}};
  for (const auto& policy : policies) {
    const auto breaker = std::make_shared<vx11::CircuitBreaker>();
    Balancer balancer(members(breaker), {.policy = policy, .slow_start = 1ms});
    const Count sum = on_all_threads([&](Count& count) {
      for (std::uint64_t i = 0; i < kCalls; ++i) {
        const auto member = balancer.pick({}, "session-" + std::to_string(i % 50));
        if (!member) {
          ++count.none;
          continue;
        }
        ++count.picks;
        Balancer::Call call = balancer.begin(*member);
        call.record(i % 7 == 0 ? Verdict::failure : Verdict::success,
                    std::chrono::milliseconds(i % 20));
        if (i % 100 == 0) call.cool_down(1us);
        if (i % 200 == 0) breaker->isolate();
        if (i % 200 == 20) breaker->automatic();
        if (i % 1000 == 0) CHECK(balancer.loads().size() == 4);
      }
    });
    CHECK(sum.picks + sum.none == kThreads * kCalls);
    CHECK(calls_of(balancer) == sum.picks);
  }
}

TEST_CASE("shares of weighted round robin are exact over all threads") {
  Balancer balancer(members(), {.policy = vx11::WeightedRoundRobin{}});
  on_all_threads([&](Count&) {
    for (std::uint64_t i = 0; i < kCalls; ++i) {
      const Balancer::Call call = balancer.begin(balancer.pick().value());
    }
  });
  CHECK(calls_of(balancer) == kThreads * kCalls);
  const auto loads = balancer.loads();
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(loads[i].calls == (i + 1) * kThreads * kCalls / 10);
}
