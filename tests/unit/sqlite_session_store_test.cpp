#include <vx11/store/sqlite.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "scratch_folder.hpp"
#include "session_store_suite.hpp"
#include "sqlite_session_file.hpp"

using namespace session_store_suite_parts;
namespace fs = std::filesystem;

namespace {

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

TEST_CASE("the SQLite store knows what it holds and what it has removed, also when opened again") {
  const ScratchFolder folder;
  ManualClock clock;
  const SessionLimits limits{.idle_timeout = 60s, .sessions = 2};
  {
    const auto store = open(folder / "sessions.db", limits, clock);
    CHECK(store->figures().sessions == 0);
    CHECK(store->figures().bytes == 0);
    for (const char* id : {"a", "b", "c"}) append(*store, id, turn("1"));
    CHECK(store->figures().sessions == 2);
    CHECK(*store->figures().bytes > 0);
    CHECK(store->figures().evicted == 1);
    CHECK(store->figures().expired == 0);
  }
  const auto store = open(folder / "sessions.db", limits, clock);
  CHECK(store->figures().sessions == 2);
  CHECK(store->figures().evicted == 0);
  CHECK(vx11::sync_wait(store->erase("c")).value());
  CHECK(store->figures().sessions == 1);
  const auto other = open(folder / "sessions.db", limits, clock);
  append(*other, "d", turn("1"));
  CHECK(other->figures().sessions == 2);
  CHECK(store->figures().sessions == 1);  // as of its own last change
  clock.advance(60s);
  append(*store, "b", turn("2"));
  CHECK(store->figures().sessions == 1);
  CHECK(store->figures().expired == 2);
  CHECK(store->figures().evicted == 0);
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

TEST_CASE("a turn that fails half way leaves nothing of itself") {
  const ScratchFolder folder;
  const auto store = open(folder / "s.db", {.messages = 4, .sessions = 2});
  append(*store, "old", turn("1"));
  append(*store, "s", turn("1"));
  append(*store, "s", turn("2"));
  ask_sqlite(folder / "s.db",
             "CREATE TRIGGER fault BEFORE INSERT ON turns WHEN instr(NEW.turn, X'6261642032')"
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
