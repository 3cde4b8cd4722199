// The database's file: whose it is, commits together, and what a lock, a full disk and a foreign
// file do.

#include "operator/store/database.hpp"

#include <vx11/task.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <SQLiteCpp/Transaction.h>
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "scratch_folder.hpp"

namespace {

using backend::Connection;
using backend::Database;
using vx11::Errc;
using vx11::Result;
using vx11::sync_wait;

std::shared_ptr<Database> open(const std::string& path) {
  auto opened = Database::open({.path = path, .busy_timeout = std::chrono::milliseconds(0)});
  REQUIRE_MESSAGE(opened, opened.error().detail);
  return *opened;
}

Result<std::int64_t> add(Database& database, const std::string& type) {
  return sync_wait(database.write([&type](Connection& connection) {
    connection.run(
        "INSERT INTO events (at, severity, type, module, summary, correlation_id,"
        " payload) VALUES (0, 3, ?1, '', '', '', '{}')",
        type);
    return connection.last_id();
  }));
}

std::int64_t count(Database& database) {
  const auto counted = sync_wait(database.read([](Connection& connection) {
    return connection.integer("SELECT count(*) FROM events").value_or(-1);
  }));
  REQUIRE(counted);
  return *counted;
}

void execute(const std::string& path, const std::string& sql) {
  SQLite::Database other(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  other.exec(sql);
}

std::string mistake_of(const std::string& path) {
  const auto opened = Database::open({.path = path});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::storage);
  return opened.error().detail;
}

/// Holds the database's thread, so that further changes wait together.
class HeldThread {
 public:
  explicit HeldThread(Database& database)
      : thread_([this, &database] {
          CHECK(sync_wait(database.write([this](Connection&) {
            if (!held_.exchange(true)) begun_.set_value();
            release_.get_future().wait();
          })));
        }) {
    begun_.get_future().wait();
  }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;
  ~HeldThread() { release(); }
  void release() {
    if (!thread_.joinable()) return;
    release_.set_value();
    thread_.join();
  }

 private:
  std::atomic<bool> held_ = false;
  std::promise<void> begun_;
  std::promise<void> release_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("the database is made for its owner alone, and what was written survives") {
  const ScratchFolder folder;
  const std::string path = folder / "new/folder/operator.db";
  {
    const auto database = open(path);
    CHECK(add(*database, "one") == 1);
  }
  struct stat file = {};
  REQUIRE(::stat(path.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0600U);
  REQUIRE(::stat((folder / "new").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0700U);
  CHECK(count(*open(path)) == 1);
}

TEST_CASE("what others may do with an existing file is taken away") {
  const ScratchFolder folder;
  const std::string path = folder.write("operator.db", "");
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  const auto database = open(path);
  struct stat file = {};
  REQUIRE(::stat(path.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0600U);
}

TEST_CASE("a file is refused that is another program's, newer, no database, or in use") {
  const ScratchFolder folder;
  execute(folder / "other.db", "CREATE TABLE theirs (x)");
  CHECK(mistake_of(folder / "other.db").find("another program") != std::string::npos);
  { const auto ours = open(folder / "newer.db"); }
  execute(folder / "newer.db", "PRAGMA user_version = 99");
  CHECK(mistake_of(folder / "newer.db").find("newer version") != std::string::npos);
  folder.write("text.db", std::string(4096, 'x'));
  CHECK(mistake_of(folder / "text.db").find("no database") != std::string::npos);
  const auto used = open(folder / "used.db");
  CHECK(mistake_of(folder / "used.db").find("another vx11-operator uses it") != std::string::npos);
  CHECK(add(*used, "one") == 1);  // the refused one took no lock away
  CHECK_FALSE(Database::open({.path = folder.path().string()}));
  CHECK_FALSE(Database::open({.path = ""}));
}

TEST_CASE("changes that wait share a commit; one that fails takes none with it") {
  const ScratchFolder folder;
  const auto database = open(folder / "operator.db");
  int commits = 0;
  const auto count_one = [](void* number) { return ++*static_cast<int*>(number), 0; };
  CHECK(sync_wait(database->write([&](Connection& connection) {
    sqlite3_commit_hook(connection.sqlite().getHandle(), count_one, &commits);
  })));
  HeldThread held(*database);
  std::vector<std::thread> threads;
  std::atomic<int> stored = 0;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const auto id = sync_wait(database->write([i](Connection& connection) -> Result<int> {
        connection.run(
            "INSERT INTO events (at, severity, type, module, summary, correlation_id,"
            " payload) VALUES (0, 3, ?1, '', '', '', '{}')",
            i);
        if (i % 4 == 0) return vx11::fail(Errc::rejected, "not this one");
        if (i % 4 == 1) connection.run("INSERT INTO events (at) VALUES (NULL)");
        return i;
      }));
      ++(id ? stored : failed);
    });
  }
  while (database->waiting() < 20) std::this_thread::yield();
  held.release();
  for (std::thread& thread : threads) thread.join();
  CHECK(commits == 3);  // the hook's own change, the one that held the thread, and all others
  CHECK(stored == 10);
  CHECK(failed == 10);
  CHECK(count(*database) == 10);
}

TEST_CASE("a change is announced after its commit, in order, and never if it failed") {
  const ScratchFolder folder;
  const auto database = open(folder / "operator.db");
  std::vector<int> announced;
  for (int i = 0; i < 4; ++i) {
    const auto change = [i](Connection&) -> Result<int> {
      if (i == 2) return vx11::fail(Errc::rejected);
      return i;
    };
    const auto committed = [&announced](const Result<int>& number) {
      announced.push_back(*number);
    };
    sync_wait(database->write(change, committed));
  }
  CHECK(announced == std::vector<int>{0, 1, 3});
}

TEST_CASE("a locked database fails changes with storage, answers queries, and recovers") {
  const ScratchFolder folder;
  const std::string path = folder / "operator.db";
  const auto database = open(path);
  CHECK(add(*database, "one") == 1);
  {
    SQLite::Database other(path, SQLite::OPEN_READWRITE);
    SQLite::Transaction lock(other, SQLite::TransactionBehavior::IMMEDIATE);
    const auto refused = add(*database, "two");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::storage);
    CHECK(refused.error().detail.find("locked") != std::string::npos);
    CHECK(count(*database) == 1);
    CHECK(database->errors() == 1);
  }
  CHECK(add(*database, "three") == 2);
  CHECK(database->errors() == 1);
  CHECK(count(*database) == 2);
}

TEST_CASE("a full disk fails changes with storage and loses nothing that was acknowledged") {
  const ScratchFolder folder;
  const auto database = open(folder / "operator.db");
  CHECK(add(*database, "one") == 1);
  const auto limit = [&](const char* pragma) {
    CHECK(sync_wait(database->write([pragma](Connection& c) { c.integer(pragma); })));
  };
  limit("PRAGMA max_page_count = 1");  // SQLite takes the present size
  const auto refused = add(*database, std::string(1'000'000, 'x'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("full") != std::string::npos);
  CHECK(add(*database, "small") == 2);
  CHECK(database->stores());
  REQUIRE_FALSE(add(*database, std::string(1'000'000, 'x')));
  CHECK_FALSE(database->stores());
  CHECK(count(*database) == 2);
  limit("PRAGMA max_page_count = 1000000");
  CHECK_FALSE(database->stores());  // nothing was written
  CHECK(sync_wait(database->probe()));
  CHECK(database->stores());
  CHECK(add(*database, std::string(1'000'000, 'x')) == 3);
  CHECK(count(*database) == 3);
}

TEST_CASE("a damaged file is not ready, although its first page can be written") {
  const ScratchFolder folder;
  const std::string path = folder / "operator.db";
  { const auto whole = open(path); }
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const auto size = static_cast<std::size_t>(std::filesystem::file_size(path));
    file.seekp(4096);
    file << std::string(size - 4096, '\xA5');
  }
  const auto database = open(path);
  CHECK(database->stores());
  CHECK_FALSE(add(*database, "one"));
  CHECK_FALSE(database->stores());
  CHECK_FALSE(sync_wait(database->probe()));
  CHECK_FALSE(database->stores());
}

TEST_CASE("changes beyond the queue fail at once, and those that wait do not") {
  const ScratchFolder folder;
  const auto opened = Database::open({.path = folder / "operator.db", .queue = 1});
  REQUIRE(opened);
  Database& database = **opened;
  HeldThread held(database);
  std::promise<Result<std::int64_t>> first;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      if (!add(database, "more")) ++refused;
    });
  }
  while (refused < 4) std::this_thread::yield();
  held.release();
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 4);
  CHECK(count(database) == 1);
}
