#include "threads/offload.hpp"

#include <vx11/store/sqlite.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "scratch_folder.hpp"

using vx11::Result;
using vx11::Task;

namespace {

/// A minimal event loop: the test's own thread, which resumes coroutines in `go_on`.
class TestHome final : public vx11::Executor {
 public:
  void post(vx11::QueuedJob& job) noexcept override {
    const std::lock_guard lock(mutex_);
    waiting_.push(job);
    came_.notify_one();
  }
  /// Waits for the next coroutine that is posted, and resumes it.
  void go_on() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !waiting_.empty(); });
    vx11::QueuedJob* const next = waiting_.pop();
    lock.unlock();
    next->run();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  vx11::JobQueue waiting_;
};

/// Starts a task and runs it detached to its end.
template <class T>
struct Running {
  struct promise_type {
    Running get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
template <class T>
Running<T> start(Task<T> task, std::optional<T>& into) {
  into.emplace(co_await std::move(task));
}

using Places = std::vector<std::thread::id>;
Task<Places> places_of(vx11::Workers& workers) {
  Places places;
  vx11::OffloadScope offload(workers);
  co_await offload.to_worker();
  places.push_back(std::this_thread::get_id());
  co_await offload.to_executor();
  places.push_back(std::this_thread::get_id());
  co_return places;
}

vx11::Turn turn() {
  return vx11::Turn(vx11::Message("user", "q", {}), vx11::Message("assistant", "a", {}));
}

/// Holds a database's write lock, as another process would.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    run("BEGIN IMMEDIATE");
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  ~OtherProcess() { sqlite3_close(database_); }
  void lets_go() { run("COMMIT"); }

 private:
  void run(const char* sql) {
    REQUIRE(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  sqlite3* database_ = nullptr;
};

}  // namespace

TEST_CASE("an executor offloads to a worker and back; without one the call stays on its thread") {
  vx11::Workers workers(1);
  const Places blocking = vx11::sync_wait(places_of(workers));
  CHECK(blocking == Places{std::this_thread::get_id(), std::this_thread::get_id()});

  TestHome executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Places> places;
  start(places_of(workers), places);
  executor.go_on();
  REQUIRE(places);
  CHECK(places->front() != std::this_thread::get_id());
  CHECK(places->back() == std::this_thread::get_id());
}

TEST_CASE("a database that another process holds does not hold an event loop") {
  const ScratchFolder folder;
  const auto store = vx11::open_sqlite_session_store(folder / "s.db").value();
  OtherProcess other(folder / "s.db");
  TestHome executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<void>> stored;
  start(store->append("s", "u", turn()), stored);
  // The loop is free meanwhile: the store waits on a worker.
  CHECK_FALSE(stored);
  other.lets_go();
  executor.go_on();
  REQUIRE(stored);
  CHECK(stored->has_value());
}

TEST_CASE("a call that waited too long for a locked database fails") {
  const ScratchFolder folder;
  vx11::testing::ManualClock clock;
  const auto store = vx11::open_sqlite_session_store(folder / "s.db", {.clock = clock}).value();
  OtherProcess other(folder / "s.db");
  TestHome executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<void>> first;
  std::optional<Result<void>> second;
  std::optional<Result<void>> in_time;
  start(store->append("s", "u", turn()), first);
  start(store->append("s", "u", turn()), second);  // behind the first, which waits for the lock
  clock.advance(std::chrono::seconds(3));
  start(store->append("s", "u", turn()), in_time);
  other.lets_go();
  for (int i = 0; i < 3; ++i) executor.go_on();
  REQUIRE(second);
  REQUIRE_FALSE(*second);
  CHECK(second->error().code == vx11::Errc::storage);
  REQUIRE(in_time);
  CHECK(in_time->has_value());
}
