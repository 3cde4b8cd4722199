// Databases of earlier versions, and the counts that the tables keep of themselves.
#include <vx11/testing/manual_clock.hpp>

#include <filesystem>
#include <string>

#include "scratch_folder.hpp"
#include "session_store_calls.hpp"
#include "sqlite_session_file.hpp"
#include "store/sqlite_schema.hpp"

using namespace session_store_suite_parts;

namespace {

/// A database of an earlier version, with a session "s" of two turns and half of an older one, and
/// one whose only message has no question.
void make_version(const std::string& path, int version) {
  ask_sqlite(path, vx11::sqlite::kTables);
  if (version >= 2) ask_sqlite(path, vx11::sqlite::kByteCounts);
  if (version >= 3) ask_sqlite(path, vx11::sqlite::kOwners);
  std::string later = version >= 4 ? vx11::sqlite::kTurns : "";
  if (version >= 5) later += vx11::sqlite::kCounted;
  ask_sqlite(
      path,
      "PRAGMA application_id = 1987588401; PRAGMA journal_mode = WAL; PRAGMA user_version = " +
          std::to_string(version) + R"sql(;
    INSERT INTO sessions (key, id, user_id, created_at, last_accessed, used)
      VALUES (1, X'73', X'75', 0, 1766925296789, 1), (2, X'74', X'75', 0, 1766925296789, 2);
    INSERT INTO messages VALUES (1, 1, X'617373697374616E74', X'616E737765722030', 0, X'7B7D'),
      (2, 1, X'75736572', X'61736B2031', 1234, X'7B7D'),
      (3, 1, X'617373697374616E74', X'616E737765722031', 0, X'7B7D'),
      (4, 2, X'617373697374616E74', X'616E737765722039', 0, X'7B7D'),
      (5, 1, X'75736572', X'61736B2032', 0, X'7B7D'),
      (6, 1, X'617373697374616E74', X'616E737765722032', 0, X'7B7D');)sql" +
          later);
}

bool total_is_right(const std::string& path) {
  return ask_sqlite(path, "SELECT bytes = (SELECT sum(bytes) FROM turns) FROM totals") == "1\n";
}

/// Sessions whose bytes or turns are not those of their turns.
int wrong_counts(const std::string& path) {
  return std::stoi(
      ask_sqlite(path,
                 "SELECT count(*) FROM sessions s WHERE (s.bytes, s.turns) <>"
                 " (SELECT sum(bytes), count(*) FROM turns t WHERE t.session = s.key)"));
}

/// What a process leaves that is killed now.
void copy_as_after_a_crash(const std::string& path, const std::string& to) {
  for (const char* end : {"", "-wal"}) std::filesystem::copy_file(path + end, to + end);
}

}  // namespace

TEST_CASE("a database of an earlier version keeps its turns, and gets its counts") {
  for (const int version : {1, 2, 3, 4, 5}) {
    CAPTURE(version);
    const ScratchFolder folder;
    const std::string path = folder / "s.db";
    make_version(path, version);
    const ManualClock clock;
    const auto store = open(path, {.sessions_per_principal = 1}, clock);
    CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1", "ask 2", "answer 2"});
    CHECK(recent(*store, "s")[0].timestamp == vx11::WallTime(1234ms));
    CHECK_FALSE(find(*store, "t"));
    append(*store, "s", turn("3"));
    for (const char* id : {"1", "2"}) append(*store, owned("a", id), turn(id));
    CHECK_FALSE(find(*store, owned("a", "1")));
    CHECK(find(*store, owned("a", "2")));
    CHECK(ask_sqlite(path,
                     "SELECT t.sessions, t.bytes = (SELECT sum(bytes) FROM sessions),"
                     " t.bytes = (SELECT sum(bytes) FROM turns), count(*) FROM totals t, turns") ==
          "2\n1\n1\n4\n");
    CHECK(ask_sqlite(path, "SELECT bytes FROM sessions WHERE id = X'73'") ==
          std::to_string(3 * (4 + 5 + 2 + 128 + 9 + 8 + 2 + 128)) + "\n");
    CHECK(ask_sqlite(path, "PRAGMA user_version; PRAGMA integrity_check") == "6\nok\n");
  }
}

TEST_CASE("the counts of principals stay right while turns and sessions leave") {
  const ScratchFolder folder;
  ManualClock clock;
  const vx11::SessionLimits limits{.messages = 4, .sessions = 5, .sessions_per_principal = 2};
  auto store = open(folder / "s.db", limits, clock);
  for (const char* id : {"1", "2", "3", "3", "3", "3"}) {
    for (const char* principal : {"a", "b", ""}) append(*store, owned(principal, id), turn(id));
  }
  CHECK(erase(*store, owned("b", "3")));
  store.reset();
  const std::string faults =
      "SELECT count(*) FROM owners o WHERE"
      " o.sessions <> (SELECT count(*) FROM sessions s WHERE s.owner = o.owner) OR"
      " o.bytes <> (SELECT sum(bytes) FROM sessions s WHERE s.owner = o.owner)";
  CHECK(ask_sqlite(folder / "s.db", faults) == "0\n");
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM owners") == "2\n");
  store = open(folder / "s.db", limits, clock);
  clock.advance(2h);
  for (const char* id : {"5", "6", "7"}) append(*store, id, turn(id));
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM owners") == "0\n");
}

TEST_CASE("byte counts stay right while turns and sessions leave") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {.messages = 4, .sessions = 3}, clock);
  for (const char* id : {"a", "b", "c", "d", "a", "a", "a", "e"}) append(*store, id, turn(id));
  CHECK(total_is_right(folder / "s.db"));
  clock.advance(2h);
  append(*store, "f", turn("f"));
  CHECK(total_is_right(folder / "s.db"));
}

TEST_CASE("what turns change of their sessions is written for many turns at once") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  const auto unwritten = [&] {
    return std::stoi(ask_sqlite(path, "SELECT count(*) FROM turns, totals WHERE key > counted"));
  };
  auto store = open(path);
  for (int i = 0; i < 10; ++i) append(*store, "s", turn(std::to_string(i)));
  CHECK(unwritten() == 10);
  SUBCASE("when the store is closed") {
    store.reset();
    CHECK(unwritten() == 0);
  }
  SUBCASE("when there are many sessions") {
    for (int i = 0; i < 1'100; ++i) append(*store, std::to_string(i), turn("1"));
    CHECK(unwritten() <= 1'024);
    CHECK(ask_sqlite(path, "SELECT turns FROM sessions WHERE id = X'73'") == "10\n");
  }
  SUBCASE("when the order of use is needed") {
    store = open(path, {.sessions = 2});
    for (const char* id : {"a", "s", "b"}) append(*store, id, turn("1"));
    CHECK(unwritten() == 0);
    CHECK_FALSE(find(*store, "a"));
    CHECK(find(*store, "s"));
  }
  store.reset();
  CHECK(wrong_counts(path) == 0);
}

TEST_CASE("what was not written of sessions is counted after a crash") {
  const ScratchFolder folder;
  ManualClock clock;
  {
    const auto store = open(folder / "s.db", {.messages = 4}, clock);
    for (const char* id : {"s", "t", "u"}) append(*store, id, turn("0"));
    clock.advance(50min);
    for (int i = 1; i < 4; ++i) append(*store, "s", turn(std::to_string(i)));
    append(*store, "t", turn("1"));
    copy_as_after_a_crash(folder / "s.db", folder / "crashed.db");
  }
  const std::string path = folder / "crashed.db";
  clock.advance(40min);
  SUBCASE("a session is as old as its newest turn") {
    CHECK(contents(recent(*open(path, {}, clock), "s")) ==
          Contents{"ask 2", "answer 2", "ask 3", "answer 3"});
    CHECK_FALSE(find(*open(path, {}, clock), "u"));
  }
  SUBCASE("and expires like it") {
    clock.advance(20min);
    CHECK_FALSE(find(*open(path, {}, clock), "s"));
    append(*open(path, {}, clock), "s", turn("9"));
    CHECK(contents(recent(*open(path, {}, clock), "s")) == Contents{"ask 9", "answer 9"});
  }
  SUBCASE("the least recently used leaves first") {
    append(*open(path, {.sessions = 2}, clock), "v", turn("1"));
    const auto store = open(path, {}, clock);
    CHECK_FALSE(find(*store, "s"));
    CHECK(find(*store, "t"));
  }
  SUBCASE("too many turns leave") {
    append(*open(path, {.messages = 4}, clock), "s", turn("4"));
    CHECK(recent(*open(path, {}, clock), "s").size() == 4);
  }
  const bool is_there = find(*open(path, {}, clock), "t").has_value();
  CHECK(erase(*open(path, {}, clock), "t") == is_there);
  CHECK(wrong_counts(path) == 0);
  CHECK(total_is_right(path));
}

TEST_CASE("two stores on one file count each other's turns") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  const vx11::SessionLimits limits{.messages = 6, .sessions = 4};
  for (int turns_in_a_row : {1, 7, 300}) {
    CAPTURE(turns_in_a_row);
    auto one = open(path, limits);
    auto other = open(path, limits);
    for (int i = 0; i < 1'200; ++i) {
      SessionStore& store = i / turns_in_a_row % 2 == 0 ? *one : *other;
      append(store, std::string(1, static_cast<char>('a' + i * i % 7 % 5)), turn("x"));
      if (i % 100 == 99) erase(store, "b");
    }
    one.reset();
    other.reset();
    CHECK(wrong_counts(path) == 0);
    CHECK(total_is_right(path));
    CHECK(ask_sqlite(path, "SELECT max(turns) FROM sessions") == "3\n");
  }
}

TEST_CASE("a session in use does not keep expired ones in the file") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {}, clock);
  append(*store, "used", turn("0"));
  for (const char* id : {"a", "b", "c"}) append(*store, id, turn("0"));
  for (int i = 1; i < 6; ++i) {
    clock.advance(30min);
    append(*store, "used", turn(std::to_string(i)));
  }
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM sessions") == "1\n");
  CHECK(recent(*store, "used").size() == 12);
}

TEST_CASE("a session that was read is in use for summaries, too") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {}, clock);
  append(*store, "s", turn("1"));
  clock.advance(40min);
  CHECK(recent(*store, "s").size() == 2);
  clock.advance(40min);
  CHECK(vx11::sync_wait(store->summary("s", "why?")) ==
        "user: ask 1\nassistant: answer 1\nuser: why?");
}
