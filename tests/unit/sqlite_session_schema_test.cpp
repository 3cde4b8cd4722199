// Databases of earlier versions, and the counts that the tables keep of themselves.
#include <vx11/testing/manual_clock.hpp>

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
      (6, 1, X'617373697374616E74', X'616E737765722032', 0, X'7B7D');)sql");
}

}  // namespace

TEST_CASE("a database of an earlier version keeps its turns, and gets its counts") {
  for (const int version : {1, 2, 3}) {
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
    CHECK(ask_sqlite(path, "PRAGMA user_version; PRAGMA integrity_check") == "4\nok\n");
  }
}

TEST_CASE("the counts of principals stay right while turns and sessions leave") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store =
      open(folder / "s.db", {.messages = 4, .sessions = 5, .sessions_per_principal = 2}, clock);
  for (const char* id : {"1", "2", "3", "3", "3", "3"}) {
    for (const char* principal : {"a", "b", ""}) append(*store, owned(principal, id), turn(id));
  }
  CHECK(erase(*store, owned("b", "3")));
  const std::string faults =
      "SELECT count(*) FROM owners o WHERE"
      " o.sessions <> (SELECT count(*) FROM sessions s WHERE s.owner = o.owner) OR"
      " o.bytes <> (SELECT sum(bytes) FROM sessions s WHERE s.owner = o.owner)";
  CHECK(ask_sqlite(folder / "s.db", faults) == "0\n");
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM owners") == "2\n");
  clock.advance(2h);
  for (const char* id : {"5", "6", "7"}) append(*store, id, turn(id));
  CHECK(ask_sqlite(folder / "s.db", "SELECT count(*) FROM owners") == "0\n");
}

TEST_CASE("byte counts stay right while turns and sessions leave") {
  const ScratchFolder folder;
  ManualClock clock;
  const auto store = open(folder / "s.db", {.messages = 4, .sessions = 3}, clock);
  for (const char* id : {"a", "b", "c", "d", "a", "a", "a", "e"}) append(*store, id, turn(id));
  clock.advance(2h);
  append(*store, "f", turn("f"));
  CHECK(ask_sqlite(folder / "s.db",
                   "SELECT t.bytes = (SELECT sum(bytes) FROM turns) AND"
                   " t.bytes = (SELECT sum(bytes) FROM sessions) FROM totals t") == "1\n");
}
