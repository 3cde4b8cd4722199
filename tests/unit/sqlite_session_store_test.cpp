#include <vx11/store/sqlite.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_folder.hpp"
#include "session_store_suite.hpp"
#include "sqlite_session_file.hpp"

using namespace session_store_suite_parts;
namespace fs = std::filesystem;

namespace {

// Why `path` is refused; the error names it.
std::string refusal(const std::string& path) {
  const auto store = vx11::open_sqlite_session_store(path);
  REQUIRE(!store);
  CHECK(store.error().code == vx11::Errc::storage);
  const std::string start = "cannot open the session database " + path + ": ";
  REQUIRE_MESSAGE(store.error().detail.starts_with(start), store.error().detail);
  return store.error().detail.substr(start.size());
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const fs::path& path) {
  struct stat found = {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

// Runs `check` in a process of its own.
template <class Check>
pid_t start_child(const Check& check) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(check() ? 0 : 1);
  return child;
}

// Whether `check` held there.
bool held_in(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Whether `check` holds for an unprivileged user: permissions do not bind root.
template <class Check>
bool holds_for_nobody(const Check& check) {
  constexpr uid_t kNobody = 65534;
  return held_in(start_child([&] {
    if (geteuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) return false;
    return check();
  }));
}

// Limits every file of this process to `bytes`, like a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit full{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

// The text of the failure to append.
std::string append_failure(SessionStore& store, const std::string& id, const Turn& said) {
  const auto kept = vx11::sync_wait(store.append(id, "local", said));
  REQUIRE(!kept);
  CHECK(kept.error().code == vx11::Errc::storage);
  return kept.error().detail;
}

}  // namespace

TEST_CASE("the SQLite store does what every store does, in a file") {
  const ScratchFolder folder;
  session_store_suite([&](const SessionLimits& limits, const ManualClock& clock) {
    return open(folder / "sessions.db", limits, clock);
  });
}

TEST_CASE("the SQLite store does what every store does, in memory") {
  session_store_suite([](const SessionLimits& limits, const ManualClock& clock) {
    return open(":memory:", limits, clock);
  });
  CHECK(!fs::exists(":memory:"));
}

TEST_CASE("sessions survive a restart") {
  const ScratchFolder folder;
  ManualClock clock;
  append(*open(folder / "s.db", {}, clock), "s", turn("1"), "ana");
  clock.advance(59min);
  const auto session = find(*open(folder / "s.db", {}, clock), "s");
  REQUIRE(session);
  CHECK(session->user_id == "ana");
  CHECK(session->created_at == clock.wall_now() - 59min);
  CHECK(contents(session->messages) == Contents{"ask 1", "answer 1"});
}

TEST_CASE("sessions expire while nothing runs") {
  const ScratchFolder folder;
  ManualClock clock;
  append(*open(folder / "s.db", {}, clock), "s", turn("1"));
  clock.advance(1h);
  CHECK(!find(*open(folder / "s.db", {}, clock), "s"));
}

TEST_CASE("a clock set back ends no session and does not confuse their order") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {.sessions = 2}, clock);
  append(*store, "a", turn("1"));
  clock.set_wall(clock.wall_now() - 24h);
  append(*store, "b", turn("2"));
  append(*store, "c", turn("3"));
  CHECK(!find(*store, "a"));
  CHECK(find(*store, "b"));
  CHECK(find(*store, "c"));
}

TEST_CASE("smaller limits apply to what was kept under larger ones") {
  const ScratchFolder folder;
  {
    const auto store = open(folder / "s.db");
    for (const char* id : {"a", "b", "c", "d"}) append(*store, id, turn("1"));
    append(*store, "d", turn("2"));
  }
  const auto store = open(folder / "s.db", {.messages = 2, .sessions = 2});
  CHECK(contents(recent(*store, "d")) == Contents{"ask 2", "answer 2"});
  append(*store, "d", turn("3"));
  CHECK(!find(*store, "a"));
  CHECK(!find(*store, "b"));
  CHECK(find(*store, "c"));
  CHECK(ask_sqlite(folder / "s.db",
                   "SELECT count(*), (SELECT sessions FROM totals) FROM sessions") == "2\n2\n");
}

TEST_CASE("what is gone leaves nothing in the file") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {.messages = 4, .sessions = 2}, clock);
  for (int i = 0; i < 5; ++i) append(*store, "a", turn("x"));
  append(*store, "b", turn("x"));
  append(*store, "c", turn("x"));
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM turns") == "2\n");
  clock.advance(1h);
  append(*store, "d", turn("x"));
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM turns") == "1\n");
  CHECK(ask_sqlite(folder / "s.db", "SELECT sessions FROM totals") == "1\n");
}

TEST_CASE("two stores on one file see each other's turns at once") {
  const ScratchFolder folder;
  const auto one = open(folder / "s.db");
  const auto other = open(folder / "s.db");
  append(*one, "s", turn("1"));
  append(*other, "s", turn("2"));
  CHECK(contents(recent(*one, "s")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
  CHECK(recent(*one, "s") == recent(*other, "s"));
}

TEST_CASE("two stores that write one file at once lose nothing") {
  const ScratchFolder folder;
  constexpr int kTurns = 100;
  const auto write = [&](const std::string& who) {
    const auto store = vx11::open_sqlite_session_store(
        folder / "s.db", {.limits = {.messages = 1'000}, .patience = std::chrono::minutes(1)});
    for (int i = 0; store && i < kTurns; ++i) {
      static_cast<void>(vx11::sync_wait((*store)->append("shared", who, turn(who))));
    }
  };
  {
    const std::jthread one(write, "one");
    const std::jthread other(write, "other");
  }
  const auto messages = recent(*open(folder / "s.db", {.messages = 1'000}), "shared");
  CHECK(messages.size() == 4 * kTurns);
  CHECK(is_whole(messages));
}

TEST_CASE("several processes that begin a new file at once share it") {
  constexpr int kProcesses = 6;
  for (int round = 0; round < 10; ++round) {
    const ScratchFolder folder;
    const auto begin = [&] {
      const auto store =
          vx11::open_sqlite_session_store(folder / "s.db", {.patience = std::chrono::minutes(1)});
      return store && vx11::sync_wait((*store)->append("s", "u", turn("x")));
    };
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) children.push_back(start_child(begin));
    for (const pid_t child : children) CHECK(held_in(child));
    CHECK(recent(*open(folder / "s.db"), "s").size() == 2 * kProcesses);
  }
}

TEST_CASE("the file is in WAL mode, sound, and says what it is") {
  const ScratchFolder folder;
  append(*open(folder / "s.db"), "s", turn("1"));
  const auto pragma = [&](const char* name) {
    return ask_sqlite(folder / "s.db", std::string("PRAGMA ") + name);
  };
  CHECK(pragma("journal_mode") == "wal\n");
  CHECK(pragma("integrity_check") == "ok\n");
  CHECK(pragma("foreign_key_check") == "");
  CHECK(pragma("user_version") == "5\n");
  CHECK(pragma("application_id") == "1987588401\n");
}

TEST_CASE("a new file and its folders are their owner's alone") {
  const ScratchFolder folder;
  const mode_t before = umask(0);
  const auto store = open(folder / "a/b/s.db");
  append(*store, "s", turn("1"));
  umask(before);
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(folder / "a/b") == 0700);
  for (const char* name : {"a/b/s.db", "a/b/s.db-wal", "a/b/s.db-shm"}) {
    CAPTURE(name);
    CHECK(mode_of(folder / name) == 0600);
  }
}

TEST_CASE("folders that exist keep their modes, files become their owner's alone") {
  const ScratchFolder folder;
  fs::create_directory(folder / "a");
  fs::permissions(folder / "a", fs::perms(0755));
  std::ofstream(folder / "a/s.db").close();
  fs::permissions(folder / "a/s.db", fs::perms(0640));
  append(*open(folder / "a/s.db"), "s", turn("1"));
  CHECK(mode_of(folder / "a") == 0755);
  CHECK(mode_of(folder / "a/s.db") == 0600);
}

TEST_CASE("a path is a path, even if it looks like a URI") {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  open("file:s.db?mode=memory");
  CHECK(fs::exists("file:s.db?mode=memory"));
  fs::current_path(before);
}

TEST_CASE("a store keeps working when the working directory changes") {
  const ScratchFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto store = open("s.db");
  fs::current_path(before);
  append(*store, "s", turn("1"));
  CHECK(recent(*open(folder / "s.db"), "s").size() == 2);
}

TEST_CASE("a file that is no database is refused and left as it is") {
  const ScratchFolder folder;
  for (const std::string& text : {std::string("hello"), std::string(10'000, 'x')}) {
    std::ofstream(folder / "s.db") << text;
    CHECK(refusal(folder / "s.db") == "file is not a database");
    CHECK(content_of(folder / "s.db") == text);
  }
}

TEST_CASE("another program's database is refused and left as it is") {
  const ScratchFolder folder;
  ask_sqlite(folder / "s.db", "CREATE TABLE theirs (x)");
  const std::string before = content_of(folder / "s.db");
  CHECK(refusal(folder / "s.db") == "it is the database of another program");
  CHECK(content_of(folder / "s.db") == before);
}

TEST_CASE("a database of a newer version is refused and left as it is") {
  const ScratchFolder folder;
  append(*open(folder / "s.db"), "s", turn("1"));
  ask_sqlite(folder / "s.db", "PRAGMA user_version = 6; PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string before = content_of(folder / "s.db");
  CHECK(refusal(folder / "s.db") ==
        "it was written by a newer version (schema 6, this one knows 5)");
  CHECK(content_of(folder / "s.db") == before);
}

TEST_CASE("a database without its tables is refused") {
  const ScratchFolder folder;
  open(folder / "s.db");
  ask_sqlite(folder / "s.db", "DROP TABLE totals");
  CHECK(refusal(folder / "s.db") == "SQL logic error");
}

TEST_CASE("what cannot be a file is refused") {
  const ScratchFolder folder;
  std::ofstream(folder / "file").close();
  CHECK(refusal(folder.path().string()) == "not a regular file");
  CHECK(refusal(folder / "file/s.db") == "Not a directory");
  CHECK(refusal("/proc/no-such-folder/s.db") == "No such file or directory");
  CHECK(refusal("/dev/null") == "not a regular file");
  CHECK(refusal("") == "the path is empty");
  CHECK(refusal(std::string("s\0.db", 5)) == "the path holds a NUL");
}

TEST_CASE("a folder in which one may not write is refused") {
  const ScratchFolder folder;
  fs::permissions(folder.path(), fs::perms(0500));
  CHECK(holds_for_nobody([&] {
    const auto store = vx11::open_sqlite_session_store(folder / "s.db");
    return !store && store.error().detail.ends_with(": Permission denied");
  }));
  fs::permissions(folder.path(), fs::perms(0700));
}

TEST_CASE("a database that one may only read is refused") {
  const ScratchFolder folder;
  open(folder / "s.db");
  fs::permissions(folder.path(), fs::perms(0777));
  fs::permissions(folder / "s.db", fs::perms(0444));
  CHECK(holds_for_nobody([&] {
    const auto store = vx11::open_sqlite_session_store(folder / "s.db");
    return !store && store.error().detail.ends_with(": attempt to write a readonly database");
  }));
}

TEST_CASE("a turn that fails half way leaves nothing of itself") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db", {.messages = 4, .sessions = 2});
  append(*store, "old", turn("1"));
  append(*store, "s", turn("1"));
  append(*store, "s", turn("2"));
  ask_sqlite(folder / "s.db",
             "CREATE TRIGGER fault BEFORE INSERT ON turns WHEN NEW.answer = X'6261642032'"
             "  BEGIN SELECT RAISE(FAIL, 'private text'); END");  // 'bad 2'
  const Turn bad({"user", "bad 1"}, {"assistant", "bad 2"});

  SUBCASE("in a session that exists") {
    append_failure(*store, "s", bad);
  }
  SUBCASE("in a new one, for which another would have left") {
    append_failure(*store, "new", bad);
    CHECK(!find(*store, "new"));
  }
  CHECK(append_failure(*store, "s", bad) == "cannot write sessions: constraint failed");
  CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
  CHECK(find(*store, "old"));
  append(*store, "s", turn("3"));
  CHECK(contents(recent(*store, "s")) == Contents{"ask 2", "answer 2", "ask 3", "answer 3"});
}

TEST_CASE(
    "on a full disk no turn is stored partially, reading works, and writing works again later") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db", {.message_bytes = 2 << 20, .session_bytes = 8 << 20});
  append(*store, "s", turn("1"));
  const Turn large({"user", "large"}, {"assistant", std::string(1 << 20, 'x')});
  {
    const FullDisk full(fs::file_size(folder / "s.db-wal") + 100'000);
    const std::string text = append_failure(*store, "s", large);
    CHECK(text.starts_with("cannot write sessions: "));
    CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1"});
  }
  {
    const FullDisk full(1);
    CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1"});
    append_failure(*store, "s", turn("2"));
  }
  append(*store, "s", large);
  CHECK(recent(*store, "s").size() == 4);
  CHECK(ask_sqlite(folder / "s.db", "PRAGMA integrity_check") == "ok\n");
}

TEST_CASE("a database that was damaged meanwhile is an error, not an end") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  ask_sqlite(folder / "s.db", "DROP TABLE turns");
  CHECK(append_failure(*store, "s", turn("2")) == "cannot write sessions: SQL logic error");
  const auto messages = vx11::sync_wait(store->recent("s", kAll));
  REQUIRE(!messages);
  CHECK(messages.error().detail == "cannot read sessions: SQL logic error");
}

namespace {

/// Holds the write lock of a database, as another process might for ever.
class Lock {
 public:
  explicit Lock(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { sqlite3_close(database_); }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace

TEST_CASE("a file that another process holds is waited for no longer than the patience") {
  CHECK(vx11::SessionStoreOptions().patience == 250ms);
  const ScratchFolder folder;
  const ManualClock clock;  // so that no operation waits in the queue for as long
  const auto made =
      vx11::open_sqlite_session_store(folder / "s.db", {.clock = clock, .patience = 1ms});
  REQUIRE(made);
  SessionStore& store = **made;
  append(store, "s", turn("1"));
  {
    const Lock lock(folder / "s.db");
    CHECK(append_failure(store, "s", turn("2")) == "cannot write sessions: database is locked");
    CHECK(contents(recent(store, "s")) == Contents{"ask 1", "answer 1"});
  }
  append(store, "s", turn("3"));
  CHECK(recent(store, "s").size() == 4);
}

TEST_CASE("a file that was moved, deleted or replaced is noticed by every operation") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db");
  append(*store, "s", turn("1"));
  const char* const reason = "the file was moved, deleted or replaced";
  const auto is_noticed = [&] {
    CHECK(append_failure(*store, "s", turn("2")) ==
          std::string("cannot write sessions: ") + reason);
    const auto messages = vx11::sync_wait(store->recent("s", 1));
    REQUIRE_FALSE(messages);
    CHECK(messages.error().detail == std::string("cannot read sessions: ") + reason);
    CHECK_FALSE(vx11::sync_wait(store->find("s")));
  };
  SUBCASE("moved, and back") {
    fs::rename(folder / "s.db", folder / "elsewhere.db");
    is_noticed();
    fs::rename(folder / "elsewhere.db", folder / "s.db");
    append(*store, "s", turn("3"));
    CHECK(recent(*store, "s").size() == 4);
  }
  SUBCASE("deleted") {
    fs::remove(folder / "s.db");
    is_noticed();
  }
  SUBCASE("replaced") {
    fs::rename(folder / "s.db", folder / "old.db");
    open(folder / "s.db");
    is_noticed();
  }
}
