#include "threads/offload.hpp"

#include <vx11/store/sqlite.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "scratch_folder.hpp"
#include "test_executor.hpp"

using vx11::Result;
using vx11::Task;

namespace {

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

  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Places> places;
  start(places_of(workers), places);
  executor.run_one();
  REQUIRE(places);
  CHECK(places->front() != std::this_thread::get_id());
  CHECK(places->back() == std::this_thread::get_id());
}

TEST_CASE("a database that another process holds does not hold an event loop") {
  const ScratchFolder folder;
  const auto store = vx11::open_sqlite_session_store(folder / "s.db").value();
  OtherProcess other(folder / "s.db");
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<void>> stored;
  start(store->append("s", "u", turn()), stored);
  executor.run_one();  // the end of the loop's turn
  // The loop is free meanwhile: the store waits on a worker.
  CHECK_FALSE(stored);
  other.lets_go();
  executor.run_one();
  REQUIRE(stored);
  CHECK(stored->has_value());
}

TEST_CASE("a call that waited too long for a locked database fails") {
  const ScratchFolder folder;
  vx11::testing::ManualClock clock;
  const auto store = vx11::open_sqlite_session_store(folder / "s.db", {.clock = clock}).value();
  OtherProcess other(folder / "s.db");
  TestExecutor executor;
  const vx11::Executor::ExecutorScope stay(executor);
  std::optional<Result<void>> first;
  std::optional<Result<void>> second;
  std::optional<Result<void>> in_time;
  start(store->append("s", "u", turn()), first);
  executor.run_one();  // the end of the loop's turn: it waits for the lock
  start(store->append("s", "u", turn()), second);
  clock.advance(std::chrono::seconds(3));
  start(store->append("s", "u", turn()), in_time);
  executor.run_one();  // both are behind it
  other.lets_go();
  for (int i = 0; i < 3; ++i) executor.run_one();
  REQUIRE(second);
  REQUIRE_FALSE(*second);
  CHECK(second->error().code == vx11::Errc::storage);
  REQUIRE(in_time);
  CHECK(in_time->has_value());
}
