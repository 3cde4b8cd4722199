#include <vx11/task.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using vx11::sync_wait;
using vx11::Task;
using vx11::when_all;
using vx11::detail::TaskAccess;

namespace {

/// Suspends, and resumes on a thread of its own.
struct HopToThread {
  std::vector<std::thread>& threads;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    threads.emplace_back([waiting] { waiting.resume(); });
  }
  void await_resume() const noexcept {}
};

/// Suspends until the test resumes it.
struct Gate {
  std::coroutine_handle<> waiting = nullptr;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  void await_resume() const noexcept {}
};

/// Joins what HopToThread started.
struct Threads {
  std::vector<std::thread> list;
  ~Threads() {
    for (auto& thread : list) thread.join();
  }
};

Task<int> value(int n) {
  co_return n;
}
Task<int> hopped(int n, std::vector<std::thread>& threads) {
  HopToThread hop{threads};
  co_await hop;
  co_return n;
}
Task<int> failing() {
  throw std::runtime_error("from inside");
  co_return 0;
}
Task<long> sum_of_ready(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await value(1);
  co_return sum;
}
/// No coroutine: what it returns is ready.
Task<int> ready(int n) {
  return n;
}
Task<std::unique_ptr<int>> ready_moved_only() {
  return std::make_unique<int>(8);
}
Task<long> sum_of_frameless(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await ready(1);
  co_return sum;
}
Task<void> mark(bool& flag) {
  flag = true;
  co_return;
}
Task<int> through_gate(Gate& gate, int n) {
  co_await gate;
  co_return n;
}
Task<std::unique_ptr<int>> moved_only() {
  co_return std::make_unique<int>(7);
}
Task<std::string> holding(std::shared_ptr<int> kept) {
  co_return std::to_string(*kept);
}

Task<int> catching() {
  try {
    co_return co_await failing();
  } catch (const std::runtime_error&) {
    co_return -1;
  }
}

struct Parameters {
  Parameters(std::string first, std::string second)
      : first(std::move(first)), second(std::move(second)) {}
  std::string first;
  std::string second;
};
Task<std::string> joined(Parameters parameters) {
  co_return parameters.first + parameters.second;
}
Task<std::string> named_before_it_is_awaited() {
  Parameters parameters(std::string(64, 'a'), std::string(64, 'b'));
  Task<std::string> task = joined(std::move(parameters));
  co_return co_await std::move(task);
}

}  // namespace

TEST_CASE("a task does nothing before it is awaited") {
  bool ran = false;
  Task<void> task = mark(ran);
  CHECK_FALSE(ran);
  sync_wait(std::move(task));
  CHECK(ran);
}

TEST_CASE("a task that was never awaited is destroyed with what it holds") {
  auto kept = std::make_shared<int>(1);
  { const Task<std::string> task = holding(kept); }
  CHECK(kept.use_count() == 1);
}

TEST_CASE("sync_wait returns the value of a task that never suspends") {
  CHECK(sync_wait(value(42)) == 42);
}

TEST_CASE("sync_wait blocks until a task ends on another thread") {
  for (int i = 0; i < 200; ++i) {
    Threads threads;
    CHECK(sync_wait(hopped(i, threads.list)) == i);
  }
}

TEST_CASE("values that can only be moved come through") {
  CHECK(*sync_wait(moved_only()) == 7);
}

TEST_CASE("an exception is rethrown to the awaiting coroutine") {
  CHECK_THROWS_AS(sync_wait(failing()), std::runtime_error);
  CHECK(sync_wait(catching()) == -1);
}

TEST_CASE("a loop over tasks that are always ready runs in constant stack") {
  CHECK(sync_wait(sum_of_ready(1'000'000)) == 1'000'000);
}

TEST_CASE("arguments named first and moved into an awaited call are destroyed once") {
  CHECK(sync_wait(named_before_it_is_awaited()) == std::string(64, 'a') + std::string(64, 'b'));
}

TEST_CASE("when_all returns the results in the order of the tasks, not of their ends") {
  Threads threads;
  std::vector<Task<int>> tasks;
  tasks.push_back(hopped(0, threads.list));
  tasks.push_back(value(1));
  tasks.push_back(hopped(2, threads.list));
  CHECK(sync_wait(when_all(std::move(tasks))) == std::vector<int>{0, 1, 2});
}

TEST_CASE("when_all starts every task before it waits for any") {
  Gate first;
  Gate second;
  std::vector<Task<int>> tasks;
  tasks.push_back(through_gate(first, 1));
  tasks.push_back(through_gate(second, 2));
  Task<std::vector<int>> all = when_all(std::move(tasks));
  bool woken = false;
  REQUIRE_FALSE(TaskAccess::start(
      all, [](void* flag) { *static_cast<bool*>(flag) = true; }, &woken));
  REQUIRE(first.waiting);
  REQUIRE(second.waiting);
  second.waiting.resume();
  CHECK_FALSE(woken);
  first.waiting.resume();
  CHECK(woken);
  CHECK(TaskAccess::take(all) == std::vector<int>{1, 2});
}

TEST_CASE("when_all of nothing is done at once") {
  CHECK(sync_wait(when_all(std::vector<Task<int>>())).empty());
  sync_wait(when_all(std::vector<Task<void>>()));
}

TEST_CASE("when_all rethrows only after all have ended") {
  Threads threads;
  std::vector<Task<int>> tasks;
  tasks.push_back(failing());
  tasks.push_back(hopped(1, threads.list));
  CHECK_THROWS_AS(sync_wait(when_all(std::move(tasks))), std::runtime_error);
}

TEST_CASE("a task moved onto another is destroyed first") {
  auto kept = std::make_shared<int>(5);
  Task<std::string> task = holding(kept);
  task = holding(std::make_shared<int>(6));
  CHECK(kept.use_count() == 1);
  CHECK(sync_wait(std::move(task)) == "6");
}

TEST_CASE(
    "a function that returns a value instead of being a coroutine makes a task that is ready") {
  CHECK(sync_wait(ready(3)) == 3);
  CHECK(*sync_wait(ready_moved_only()) == 8);
  CHECK(sync_wait(sum_of_frameless(1'000'000)) == 1'000'000);
}

TEST_CASE("a ready task is complete when it is started, and makes no callback") {
  Task<int> task = ready(4);
  bool woken = false;
  CHECK(TaskAccess::start(
      task, [](void* flag) { *static_cast<bool*>(flag) = true; }, &woken));
  CHECK(TaskAccess::take(task) == 4);
  CHECK_FALSE(woken);
}

TEST_CASE("when_all takes tasks that are ready among others") {
  Threads threads;
  std::vector<Task<int>> tasks;
  tasks.push_back(ready(1));
  tasks.push_back(hopped(2, threads.list));
  tasks.push_back(value(3));
  CHECK(sync_wait(when_all(std::move(tasks))) == std::vector<int>{1, 2, 3});
}

TEST_CASE("a task that is ready and one that is a coroutine can be moved onto each other") {
  Task<std::string> task = std::string("ready");
  task = holding(std::make_shared<int>(6));
  Task<std::string> other = std::string("again");
  std::swap(task, other);
  CHECK(sync_wait(std::move(task)) == "again");
  CHECK(sync_wait(std::move(other)) == "6");
}

TEST_CASE("awaited where it stands, a task keeps its result and lends it") {
  const auto doubled = [](Task<int> task) -> Task<int> {
    int& result = co_await task;
    result *= 2;
    co_return TaskAccess::take(task);
  };
  Threads threads;
  CHECK(sync_wait(doubled(ready(1))) == 2);
  CHECK(sync_wait(doubled(value(2))) == 4);
  CHECK(sync_wait(doubled(hopped(3, threads.list))) == 6);
  CHECK_THROWS_AS(sync_wait(doubled(failing())), std::runtime_error);
}
