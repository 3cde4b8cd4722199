#include "detour.hpp"

#include <vx11/store/sqlite.hpp>
#include <vx11/task.hpp>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

using vx11::Result;
using vx11::Task;

namespace {

/// An event loop in its simplest form: the test's own thread, which goes on when it is told to.
class TestHome final : public vx11::Home {
 public:
  void resume_here(std::coroutine_handle<> waiting) override {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(waiting);
    came_.notify_one();
  }
  /// Waits for the next coroutine that comes home, and goes on with it.
  void go_on() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !waiting_.empty(); });
    const auto next = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    next.resume();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::coroutine_handle<>> waiting_;
};

/// Starts a task and lets it run to its end by itself.
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
  vx11::Detour detour(workers);
  co_await detour.away();
  places.push_back(std::this_thread::get_id());
  co_await detour.back();
  places.push_back(std::this_thread::get_id());
  co_return places;
}

}  // namespace

TEST_CASE("from a home the way leads to a worker and back; without one nobody goes anywhere") {
  vx11::Workers workers(1);
  const Places blocking = vx11::sync_wait(places_of(workers));
  CHECK(blocking == Places{std::this_thread::get_id(), std::this_thread::get_id()});

  TestHome home;
  const vx11::Home::Stay stay(home);
  std::optional<Places> places;
  start(places_of(workers), places);
  home.go_on();
  REQUIRE(places);
  CHECK(places->front() != std::this_thread::get_id());
  CHECK(places->back() == std::this_thread::get_id());
}

TEST_CASE("a database that another process holds does not hold an event loop") {
  std::string folder = (std::filesystem::temp_directory_path() / "vx11-detour-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/sessions.db";
  {
    const auto store = vx11::open_sqlite_session_store(path).value();
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);

    TestHome home;
    const vx11::Home::Stay stay(home);
    std::optional<Result<void>> stored;
    vx11::Turn turn(vx11::Message("user", "q", {}), vx11::Message("assistant", "a", {}));
    start(store->append("s", "u", std::move(turn)), stored);
    // Here the loop goes on with other things, for the store waits elsewhere.
    CHECK_FALSE(stored);
    REQUIRE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
    home.go_on();
    REQUIRE(stored);
    CHECK(stored->has_value());
    sqlite3_close(other);
  }
  std::filesystem::remove_all(folder);
}
