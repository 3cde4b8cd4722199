#include <vx11/retry_budget.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::RetryBudget;
using vx11::testing::ManualClock;

namespace {

int withdrawn(RetryBudget& budget, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += budget.withdraw() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("retries are a share of the calls") {
  ManualClock clock;
  RetryBudget budget({.share = 0.2, .min_per_second = 0}, clock);
  CHECK_FALSE(budget.withdraw());
  for (int i = 0; i < 50; ++i) budget.deposit();
  CHECK(budget.saved() == doctest::Approx(10));
  CHECK(withdrawn(budget, 100) == 10);
}

TEST_CASE("a few per second are allowed without traffic, and are not saved up") {
  ManualClock clock;
  RetryBudget budget({.share = 0, .min_per_second = 3}, clock);
  CHECK(withdrawn(budget, 100) == 3);
  clock.advance(1s);
  CHECK(withdrawn(budget, 100) == 3);
  clock.advance(1h);
  CHECK(withdrawn(budget, 100) == 3);
}

TEST_CASE("savings are bounded") {
  ManualClock clock;
  RetryBudget budget({.share = 1, .min_per_second = 0, .max_saved = 5}, clock);
  for (int i = 0; i < 1000; ++i) budget.deposit();
  CHECK(withdrawn(budget, 100) == 5);
}

TEST_CASE("shares out of range neither give for ever nor overflow") {
  ManualClock clock;
  for (const double share : {-1.0, 0.0, std::nan("")}) {
    RetryBudget none({.share = share, .min_per_second = 0}, clock);
    for (int i = 0; i < 100; ++i) none.deposit();
    CHECK_FALSE(none.withdraw());
  }
  RetryBudget all({.share = 1e300, .min_per_second = 0, .max_saved = 7}, clock);
  for (int i = 0; i < 100; ++i) all.deposit();
  CHECK(withdrawn(all, 100) == 7);
  RetryBudget empty({.share = 1, .min_per_second = 0, .max_saved = 0}, clock);
  empty.deposit();
  CHECK_FALSE(empty.withdraw());
}

TEST_CASE("many threads together withdraw no more than was deposited") {
  ManualClock clock;
  RetryBudget budget({.share = 0.5, .min_per_second = 0, .max_saved = 100'000}, clock);
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; ++call) {
        budget.deposit();
        if (budget.withdraw()) ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  count += withdrawn(budget, 10'000);
  CHECK(count == 2000);
}
