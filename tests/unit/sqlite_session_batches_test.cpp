// Turns that wait share a transaction, and readers do not wait for it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "power_cut_vfs.hpp"
#include "scratch_folder.hpp"
#include "sqlite_session_site.hpp"
#include "store/sqlite_changes.hpp"
#include "store/sqlite_log_writes.hpp"
#include "store/sqlite_turns.hpp"

using namespace sqlite_session_site;

TEST_CASE("turns that wait share a transaction, and one wake-up") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  Chats chats(store);
  const auto stored = [&] {
    return std::stoi(ask_sqlite(folder / "s.db", "SELECT count(*) FROM turns"));
  };
  append(*store, "first", turn("0"));
  std::size_t pages = 0;
  {
    const Lock lock(folder / "s.db");
    pages = std::filesystem::file_size(folder / "s.db-wal");
    for (int i = 0; i < 100; ++i) chats.append(std::to_string(i % 10), turn(std::to_string(i)));
  }
  CHECK(chats.wait().empty());
  CHECK(stored() == 101);
  // One was taken before the others came. A transaction of its own writes five pages at least.
  CHECK(chats.loop.wake_ups() <= 3);
  CHECK(std::filesystem::file_size(folder / "s.db-wal") - pages < 100 * 4096);
  CHECK(contents(recent(*store, "9", 4)) == Contents{"ask 89", "answer 89", "ask 99", "answer 99"});
}

TEST_CASE("turns of one turn of a loop are one transaction") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  append(*store, "first", turn("0"));
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open((folder / "s.db").c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, "SELECT * FROM totals", nullptr, nullptr, nullptr) == SQLITE_OK);
  {
    const vx11::sqlite::ChangeCounter transactions(database);
    REQUIRE(transactions.is_known());
    Chats chats(store);
    chats.append("a", turn("1"));
    append(*store, "b", turn("1"));  // on a thread without a loop: queued and stored at once
    CHECK(recent(*store, "a").empty());
    chats.append("c", turn("1"));
    const auto before = transactions.read();
    CHECK(chats.wait().empty());
    CHECK(transactions.read() - before == 1);
    for (const char* id : {"a", "b", "c"}) CHECK(recent(*store, id).size() == 2);
  }
  sqlite3_close(database);
}

TEST_CASE("a list of turns is read back, and what is none is refused") {
  using vx11::sqlite::StoredTurns;
  const StoredTurns turns = {{1, 0}, {127, 128}, {128, 70'000}, {1LL << 60U, 1LL << 40U}};
  const std::string packed = vx11::sqlite::pack(turns);
  StoredTurns read;
  CHECK(vx11::sqlite::unpack(packed, read));
  REQUIRE(read.size() == turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    CHECK(read[i].key == turns[i].key);
    CHECK(read[i].bytes == turns[i].bytes);
  }
  CHECK(vx11::sqlite::unpack("", read = {}));
  for (const std::string& damaged :
       {packed.substr(0, packed.size() - 1), packed + '\x01', packed + '\xFF',
        std::string("\0\1", 2), std::string(12, '\xFF')}) {
    read.clear();
    CHECK_FALSE(vx11::sqlite::unpack(damaged, read));
  }
}

TEST_CASE("a turn that fails takes none of its transaction with it") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("0"));
  ask_sqlite(folder / "s.db",
             "CREATE TRIGGER fault BEFORE INSERT ON turns WHEN instr(NEW.turn, X'03626164')"
             "  BEGIN SELECT RAISE(FAIL, 'private text'); END");  // 'bad'
  Chats chats(store);
  {
    const Lock lock(folder / "s.db");
    for (const char* id : {"a", "b"}) chats.append(id, turn(id));
    chats.append("a", Turn({"user", "ask"}, {"assistant", "bad"}));
    for (const char* id : {"c", "s"}) chats.append(id, turn(id));
  }
  CHECK(chats.wait() == std::vector<std::string>{"cannot write sessions: constraint failed"});
  for (const char* id : {"a", "b", "c"}) CHECK(recent(*store, id).size() == 2);
  CHECK(recent(*store, "s").size() == 4);
  CHECK(ask_sqlite(folder / "s.db",
                   "SELECT t.bytes = (SELECT sum(bytes) FROM turns), t.sessions FROM totals t") ==
        "1\n4\n");
}

TEST_CASE("a transaction that cannot be committed fails all its turns, and leaves none") {
  const ScratchFolder folder;
  PowerCutVfs disk;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("0"));
  Chats chats(store);
  disk.is_full = true;
  for (const char* id : {"a", "b", "s"}) chats.append(id, turn(id));
  CHECK(chats.wait() ==
        std::vector<std::string>(3, "cannot write sessions: database or disk is full"));
  CHECK(contents(recent(*store, "s")) == Contents{"ask 0", "answer 0"});
  CHECK(summary(*store, "a") == "user: why?");
  disk.is_full = false;
  append(*store, "s", turn("1"));
  CHECK(summary(*store, "s") == "user: ask 1\nassistant: answer 1\nuser: why?");
  CHECK(recent(*store, "a").empty());
}

TEST_CASE("what a transaction adds to the log is written by two system calls") {
  const ScratchFolder folder;
  PowerCutVfs disk;
  std::atomic<int> operations = 0;
  disk.before_operation = [&] { ++operations; };
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("0"));
  const int before = operations;
  append(*store, "s", turn("1"));
  CHECK(operations - before <= 2);
}

TEST_CASE("pages of a transaction that was rolled back are not written over those of others") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const auto run = [&](const std::string& sql) {
    CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  };
  const std::string fill =
      "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
      " INSERT INTO t SELECT randomblob(1000) FROM n; ";
  run("PRAGMA journal_mode = WAL; PRAGMA cache_size = 10; CREATE TABLE t (x); " + fill +
      "PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM t");
  {
    vx11::sqlite::LogWrites log(database);
    run("BEGIN IMMEDIATE; " + fill + "ROLLBACK");  // the cache is small, so pages leave it early
    log.discard();
    ask_sqlite(path, "INSERT INTO t SELECT zeroblob(1000) FROM t");
    run("BEGIN IMMEDIATE; " + fill + "COMMIT");
    CHECK(ask_sqlite(path, "PRAGMA integrity_check; SELECT count(*) FROM t") == "ok\n600\n");
    sqlite3_close(database);
  }
  CHECK(ask_sqlite(path, "PRAGMA integrity_check; SELECT count(*) FROM t") == "ok\n600\n");
}

TEST_CASE("the queue is bounded") {
  const ScratchFolder folder;
  const auto made = vx11::open_sqlite_session_store(
      folder / "s.db", {.patience = std::chrono::minutes(1)}, {.queue = 5});
  REQUIRE(made);
  Chats chats(*made);
  {
    const Lock lock(folder / "s.db");
    for (int i = 0; i < 20; ++i) chats.append(std::to_string(i), turn("x"));
  }
  const auto failures = chats.wait();
  CHECK(failures.size() >= 10);  // one to five have left the queue for a transaction
  CHECK(failures.size() <= 15);
  for (const auto& failure : failures) {
    CHECK(failure == "cannot write sessions: too many operations wait");
  }
}

TEST_CASE("reading does not wait for a transaction, of this process or another") {
  const ScratchFolder folder;
  const auto store = open_patient(folder / "s.db");
  append(*store, "s", turn("1"));
  const auto other = open_patient(folder / "s.db");
  Chats chats(store);
  {
    const Lock lock(folder / "s.db");
    chats.append("s", turn("2"));
    for (const auto& reader : {store, other}) {
      CHECK(summary(*reader, "s") == "user: ask 1\nassistant: answer 1\nuser: why?");
      CHECK(recent(*reader, "s").size() == 2);
    }
  }
  CHECK(chats.wait().empty());
  CHECK(summary(*store, "s") == "user: ask 2\nassistant: answer 2\nuser: why?");
}

TEST_CASE("a summary of two stores on one file is never older than what either stored") {
  const ScratchFolder folder;
  const auto one = open(folder / "s.db");
  const auto other = open(folder / "s.db");
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i);
    append(i % 3 == 0 ? *other : *one, "s", turn(text));
    const std::string said = "user: ask " + text + "\nassistant: answer " + text + "\nuser: why?";
    for (int again = 0; again < 2; ++again) {
      CHECK(summary(*one, "s") == said);
      CHECK(summary(*other, "s") == said);
    }
  }
  CHECK(erase(*other, "s"));
  CHECK(summary(*one, "s") == "user: why?");
  append(*one, "s", turn("20"));
  CHECK_FALSE(erase(*one, "none"));  // changes nothing
  append(*other, "s", turn("21"));
  CHECK(summary(*one, "s") == "user: ask 21\nassistant: answer 21\nuser: why?");
}

TEST_CASE("a summary needs no thread once the session is known") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  Loop loop;
  const vx11::Executor::ExecutorScope here(loop);
  auto task = store->summary("s", "why?");
  CHECK(std::move(task).operator co_await().await_ready());
}

TEST_CASE(
    "a file that another process holds is looked at often, since it may be free only briefly") {
  const ScratchFolder folder;
  PowerCutVfs disk;
  const auto store = open_with(folder / "s.db", {.patience = 250ms});
  append(*store, "s", turn("1"));
  const Lock lock(folder / "s.db");
  const int before = disk.lock_attempts;
  CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("2"))));
  CHECK(disk.lock_attempts - before >= 100);
}

namespace {

/// Operations wait in the queue for as long as the test says.
class QueueClock final : public vx11::TimeSource {
 public:
  vx11::TimePoint now() const noexcept override {
    return vx11::TimePoint(1h) + (std::this_thread::get_id() == test_ ? 0ns : waited.load());
  }
  vx11::WallTime wall_now() const noexcept override { return vx11::WallTime(1h); }

  std::atomic<vx11::Duration> waited = 0ns;

 private:
  const std::thread::id test_ = std::this_thread::get_id();
};

}  // namespace

TEST_CASE("an operation that has waited for the patience fails, also one that reads") {
  const ScratchFolder folder;
  QueueClock clock;
  const auto store = open_with(folder / "s.db", {.clock = clock, .patience = 250ms});
  append(*store, "s", turn("1"));
  clock.waited = 251ms;
  const auto read = vx11::sync_wait(store->recent("s", 1));
  REQUIRE_FALSE(read);
  CHECK(read.error().detail == "cannot read sessions: database is locked");
  CHECK_FALSE(vx11::sync_wait(store->append("s", "u", turn("2"))));
  clock.waited = 249ms;
  CHECK(recent(*store, "s").size() == 2);
}
