#include "threads/workers.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::SteadyClock;
using vx11::TimePoint;
using vx11::Workers;

namespace {

TimePoint in(vx11::Duration time) {
  return SteadyClock().now() + time;
}

}  // namespace

TEST_CASE("every job is run before the pool is destroyed") {
  std::atomic<int> runs = 0;
  {
    Workers workers(3);
    for (int i = 0; i < 200; ++i) workers.run([&] { ++runs; });
  }
  CHECK(runs == 200);
}

TEST_CASE("as many jobs run side by side as there may be threads") {
  std::latch all_inside(4);
  Workers workers(4);
  for (int i = 0; i < 4; ++i) workers.run([&] { all_inside.arrive_and_wait(); });
  all_inside.wait();
}

TEST_CASE("there are never more threads than were allowed") {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    Workers workers(2);
    for (int i = 0; i < 100; ++i) {
      workers.run([&] {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      });
    }
  }
  CHECK(threads.size() >= 1);
  CHECK(threads.size() <= 2);
  CHECK(threads.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("a pool of none has one thread all the same") {
  std::latch done(1);
  Workers workers(0);
  workers.run([&] { done.count_down(); });
  done.wait();
}

TEST_CASE("jobs of one thread run in the order they came") {
  std::vector<int> order;
  {
    Workers workers(1);
    for (int i = 0; i < 20; ++i) workers.run([&, i] { order.push_back(i); });
  }
  REQUIRE(order.size() == 20);
  for (int i = 0; i < 20; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a job with a time does not run before it") {
  const TimePoint due = in(20ms);
  std::latch done(1);
  TimePoint ran = {};
  Workers workers(1);
  workers.run_at(due, [&] {
    ran = SteadyClock().now();
    done.count_down();
  });
  done.wait();
  CHECK(ran >= due);
}

TEST_CASE("of jobs with a time the earlier one runs first, whichever came first") {
  std::vector<int> order;
  std::latch done(2);
  Workers workers(1);
  const TimePoint now = SteadyClock().now();
  const auto note = [&](int number) {
    order.push_back(number);
    done.count_down();
  };
  workers.run_at(now + 10ms, [&] { note(2); });
  workers.run_at(now + 5ms, [&] { note(1); });
  done.wait();
  CHECK(order == std::vector{1, 2});
}

TEST_CASE("a job for now is not held up by one for later") {
  std::latch done(1);
  Workers workers(1);
  workers.run_at(in(1h), [] {});
  workers.run([&] { done.count_down(); });
  done.wait();
}

TEST_CASE("time is minded while other threads are busy") {
  std::latch released(1);
  std::latch ticked(1);
  Workers workers(2);
  workers.run_at(in(10ms), [&] { ticked.count_down(); });
  workers.run([&] { released.wait(); });
  ticked.wait();
  released.count_down();
}

TEST_CASE("two jobs in a row do not both rely on one idle thread") {
  for (int i = 0; i < 200; ++i) {
    std::latch first(1);
    std::latch both(2);
    Workers workers(2);
    workers.run([&] { first.count_down(); });
    first.wait();
    std::this_thread::yield();  // usually its thread is idle by now: the case to test
    for (int job = 0; job < 2; ++job) workers.run([&] { both.arrive_and_wait(); });
  }
}

TEST_CASE("what is not yet due is dropped with the pool") {
  const auto held = std::make_shared<int>();
  bool ran = false;
  {
    Workers workers(1);
    workers.run_at(in(1h), [&ran, held] { ran = true; });
    CHECK(held.use_count() == 2);
  }
  CHECK_FALSE(ran);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a job may hand in another, even while the pool ends") {
  std::atomic<int> runs = 0;
  {
    Workers workers(1);
    workers.run([&] {
      ++runs;
      workers.run([&] { ++runs; });
    });
  }
  CHECK(runs == 2);
}

TEST_CASE("an exception of a job does not reach the others") {
  std::latch done(1);
  Workers workers(1);
  workers.run([] { throw std::runtime_error("a job's mistake"); });
  workers.run([&] { done.count_down(); });
  done.wait();
}

TEST_CASE("a job may destroy the pool it runs on") {
  std::latch owned(1);
  std::latch gone(1);
  auto workers = std::make_unique<Workers>(2);
  Workers& pool = *workers;
  pool.run([&] {
    owned.wait();
    workers.reset();
    gone.count_down();
  });
  owned.count_down();
  gone.wait();
  CHECK(workers == nullptr);
}

TEST_CASE("a job that destroys its pool leaves no due job to run later") {
  std::latch owned(1);
  std::latch gone(1);
  bool ran = false;
  bool ran_before_the_end = false;
  auto workers = std::make_unique<Workers>(1);
  Workers& pool = *workers;
  pool.run([&] {
    owned.wait();
    workers.reset();
    ran_before_the_end = ran;
    gone.count_down();
  });
  pool.run([&] { ran = true; });
  owned.count_down();
  gone.wait();
  CHECK(ran_before_the_end);
}

TEST_CASE("an idle pool that was never used ends at once") {
  Workers workers(8);
}

TEST_CASE("many threads hand in work at once") {
  std::atomic<int> runs = 0;
  {
    Workers workers(3);
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          workers.run([&] { ++runs; });
          workers.run_at(SteadyClock().now(), [&] { ++runs; });
        }
      });
    }
  }
  CHECK(runs == 2000);
}
