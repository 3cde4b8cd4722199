// Databases of earlier versions, and the counts that the tables keep of themselves.
#include <vx11/testing/manual_clock.hpp>

#include <string>

#include "scratch_folder.hpp"
#include "session_store_calls.hpp"
#include "sqlite_session_file.hpp"

using namespace session_store_suite_parts;

TEST_CASE("a database of version 1 gets its byte counts and keeps its sessions") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  const std::string version_1 = R"sql(
    CREATE TABLE sessions (key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, user_id BLOB NOT NULL,
      created_at INTEGER NOT NULL, last_accessed INTEGER NOT NULL, used INTEGER NOT NULL);
    CREATE INDEX sessions_by_use ON sessions (used);
    CREATE TABLE messages (key INTEGER PRIMARY KEY,
      session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE, role BLOB NOT NULL,
      content BLOB NOT NULL, timestamp INTEGER NOT NULL, metadata BLOB NOT NULL);
    CREATE INDEX messages_by_session ON messages (session);
    CREATE TABLE totals (sessions INTEGER NOT NULL);
    INSERT INTO totals VALUES (0);
    CREATE TRIGGER session_begun AFTER INSERT ON sessions
      BEGIN UPDATE totals SET sessions = sessions + 1; END;
    CREATE TRIGGER session_gone AFTER DELETE ON sessions
      BEGIN UPDATE totals SET sessions = sessions - 1; END;
    PRAGMA application_id = 1987588401; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;
    INSERT INTO sessions VALUES (1, X'73', X'75', 0, 1766925296789, 1);
    INSERT INTO messages VALUES (1, 1, X'75736572', X'61736B2031', 0, X'7B7D');
    INSERT INTO messages VALUES (2, 1, X'617373697374616E74', X'616E737765722031', 0, X'7B7D');
  )sql";
  ask_sqlite(path, version_1);
  const ManualClock clock;
  const auto store = open(path, {}, clock);
  CHECK(contents(recent(*store, "s")) == Contents{"ask 1", "answer 1"});
  append(*store, "s", turn("2"));
  const std::string counts =
      "SELECT s.bytes = t.bytes AND s.bytes = (SELECT sum(bytes) FROM message_sizes), s.bytes"
      " FROM sessions s, totals t";
  CHECK(ask_sqlite(path, counts) ==
        "1\n" + std::to_string(2 * (4 + 5 + 2 + 128 + 9 + 8 + 2 + 128)) + "\n");
  CHECK(ask_sqlite(path, "PRAGMA user_version") == "3\n");
}

TEST_CASE("a database of version 2 knows principals from then on, and keeps its sessions") {
  const ScratchFolder folder;
  const std::string path = folder / "s.db";
  append(*open(path), "old", turn("1"));
  ask_sqlite(path,
             "DROP TRIGGER owner_begun; DROP TRIGGER owner_changed; DROP TRIGGER owner_left;"
             "DROP TABLE owners; DROP INDEX sessions_by_owner;"
             "ALTER TABLE sessions DROP COLUMN owner; PRAGMA user_version = 2");
  const auto store = open(path, {.sessions_per_principal = 1});
  for (const char* id : {"1", "2"}) append(*store, owned("a", id), turn(id));
  CHECK(contents(recent(*store, "old")) == Contents{"ask 1", "answer 1"});
  CHECK_FALSE(find(*store, owned("a", "1")));
  CHECK(find(*store, owned("a", "2")));
  CHECK(ask_sqlite(path, "PRAGMA user_version") == "3\n");
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
                   "SELECT t.bytes = (SELECT sum(bytes) FROM message_sizes) AND"
                   " t.bytes = (SELECT sum(bytes) FROM sessions) FROM totals t") == "1\n");
}
