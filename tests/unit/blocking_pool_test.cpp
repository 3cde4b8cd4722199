#include <vx11/blocking.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "test_executor.hpp"

using vx11::BlockingPool;
using vx11::Deadline;
using vx11::Errc;
using vx11::Result;
using vx11::sync_wait;
using vx11::Task;

namespace {

/// Keeps a thread of a pool occupied until it is released.
class Occupied {
 public:
  explicit Occupied(BlockingPool& pool)
      : thread_([this, &pool] { CHECK(sync_wait(pool.run([this] { hold(); }))); }) {
    begun_.get_future().wait();
  }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;
  ~Occupied() { release(); }
  void release() {
    if (!thread_.joinable()) return;
    end_.set_value();
    thread_.join();
  }

 private:
  void hold() {
    begun_.set_value();
    end_.get_future().wait();
  }

  std::promise<void> begun_;
  std::promise<void> end_;
  std::thread thread_;
};

Task<Result<std::thread::id>> where(BlockingPool& pool, Deadline deadline = {}) {
  Task<Result<std::thread::id>> running =
      pool.run([] { return std::this_thread::get_id(); }, std::move(deadline));
  co_return co_await std::move(running);
}

Task<Result<>> note(BlockingPool& pool, std::vector<int>& order, int number) {
  Task<Result<>> running = pool.run([&order, number] { order.push_back(number); });
  co_return co_await std::move(running);
}

}  // namespace

TEST_CASE("a blocking call runs on a thread of the pool, and its coroutine resumes on its loop") {
  BlockingPool pool;
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<std::thread::id>> found;
  start(where(pool), found);
  executor.run_one();
  REQUIRE(found);
  CHECK(found->value() != std::this_thread::get_id());
}

TEST_CASE("on a thread without a loop a blocking call blocks, on a thread of the pool too") {
  BlockingPool pool;
  CHECK(sync_wait(where(pool)).value() != std::this_thread::get_id());
  CHECK(sync_wait(where(pool)).value() == sync_wait(where(pool)).value());
}

TEST_CASE("one thread makes calls in the order of their arrival") {
  BlockingPool pool;
  Occupied first(pool);
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::vector<int> order;
  std::vector<std::optional<Result<>>> made(20);
  for (int i = 0; i < 20; ++i) start(note(pool, order, i), made[static_cast<std::size_t>(i)]);
  CHECK(pool.waiting() == 20);
  first.release();
  std::vector<int> expected;
  for (int i = 0; i < 20; ++i) {
    executor.run_one();
    expected.push_back(i);
  }
  CHECK(order == expected);
  CHECK(pool.waiting() == 0);
}

TEST_CASE("a result is passed on as it is, an exception is thrown to the caller") {
  BlockingPool pool;
  const Result<int> failed = sync_wait(
      pool.run([]() -> Result<int> { return vx11::fail(Errc::storage, "the disk is full"); }));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().detail == "the disk is full");
  CHECK(sync_wait(pool.run([] { return std::make_unique<int>(7); })).value().operator*() == 7);
  const auto breaks = []() -> int { throw std::runtime_error("broken"); };
  CHECK_THROWS_AS(sync_wait(pool.run(breaks)), std::runtime_error);
  CHECK(sync_wait(where(pool)));  // the thread is still there
}

TEST_CASE("as many calls run at once as the pool has threads") {
  BlockingPool pool({.threads = 2});
  Occupied one(pool);
  Occupied two(pool);  // begins only on a second thread
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<std::thread::id>> third;
  start(where(pool), third);
  CHECK(pool.waiting() == 1);
  two.release();
  executor.run_one();
  CHECK(third.value().has_value());
}

TEST_CASE("calls beyond the queue are rejected, and what waits is not lost") {
  BlockingPool pool({.queue = 1});
  Occupied first(pool);
  TestExecutor executor;
  std::optional<Result<std::thread::id>> waits;
  std::optional<Result<std::thread::id>> rejected;
  const vx11::Executor::ExecutorScope stay(executor);
  start(where(pool), waits);
  start(where(pool), rejected);
  REQUIRE(rejected);
  CHECK(rejected->error().code == Errc::rejected);
  CHECK_FALSE(waits);
  first.release();
  executor.run_one();
  CHECK(waits.value().has_value());
}

TEST_CASE("a call whose deadline passes, or that is cancelled, before its turn is not made") {
  vx11::testing::ManualClock clock;
  BlockingPool pool({.clock = clock});
  Occupied first(pool);
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::stop_source stop;
  std::optional<Result<std::thread::id>> late;
  std::optional<Result<std::thread::id>> cancelled;
  start(where(pool, Deadline::after(clock.now(), std::chrono::seconds(1))), late);
  start(where(pool, Deadline(vx11::TimePoint::max(), stop.get_token())), cancelled);
  clock.advance(std::chrono::seconds(2));
  stop.request_stop();
  first.release();
  executor.run_one();
  executor.run_one();
  CHECK(late.value().error().code == Errc::timeout);
  CHECK(cancelled.value().error().code == Errc::cancelled);
}

TEST_CASE("a pool that ends makes the calls that wait") {
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<std::thread::id>> made;
  {
    BlockingPool pool;
    Occupied first(pool);
    start(where(pool), made);
    first.release();
  }
  executor.run_one();
  CHECK(made.value().has_value());
}

TEST_CASE("the options of a pool are checked") {
  CHECK(vx11::validate(vx11::BlockingPoolOptions()));
  const auto wrong = vx11::validate(vx11::BlockingPoolOptions{.threads = 0, .queue = 0});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().detail.find("threads") != std::string::npos);
  CHECK(wrong.error().detail.find("queue") != std::string::npos);
}
