#pragma once

/// \file
/// The tables of a session database. Internal.

#include <vx11/result.hpp>

#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "store/sqlite_connection.hpp"
#include "store/sqlite_turns.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// Incremented with every change of the tables; stored in the file as its `user_version`.
inline constexpr std::int64_t kSchemaVersion = 6;
/// Identifies the file's application: "vx11", stored as its `application_id`.
inline constexpr std::int64_t kApplicationId = 0x76783131;

/// Times are milliseconds since 1970; user and message texts are stored as blobs.
///
/// `used` numbers the uses of all sessions, so that an index finds the least recently used one, and
/// correctly even if uses fall into one millisecond or the clock was set back. The number of
/// sessions is stored in a table because counting rows means visiting them.
inline constexpr const char* kTables = R"sql(
CREATE TABLE sessions (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  user_id BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  last_accessed INTEGER NOT NULL,
  used INTEGER NOT NULL
);
CREATE INDEX sessions_by_use ON sessions (used);

CREATE TABLE messages (
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
  role BLOB NOT NULL,
  content BLOB NOT NULL,
  timestamp INTEGER NOT NULL,
  metadata BLOB NOT NULL
);
CREATE INDEX messages_by_session ON messages (session);

CREATE TABLE totals (sessions INTEGER NOT NULL);
INSERT INTO totals VALUES (0);
CREATE TRIGGER session_begun AFTER INSERT ON sessions
  BEGIN UPDATE totals SET sessions = sessions + 1; END;
CREATE TRIGGER session_gone AFTER DELETE ON sessions
  BEGIN UPDATE totals SET sessions = sessions - 1; END;
)sql";

/// Version 2: the bytes of each session and of all, as `stored_bytes` counts them, maintained by
/// triggers, because summing up means visiting every message. Applied to a new file and to one of
/// version 1. The deletion of a session deletes its messages, each of which counts itself off.
inline constexpr const char* kByteCounts = R"sql(
ALTER TABLE sessions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE VIEW message_sizes AS SELECT key, session,
  length(role) + length(content) + length(metadata) + 128 AS bytes FROM messages;
UPDATE sessions SET bytes =
  (SELECT coalesce(sum(m.bytes), 0) FROM message_sizes m WHERE m.session = sessions.key);
UPDATE totals SET bytes = (SELECT coalesce(sum(bytes), 0) FROM sessions);
CREATE TRIGGER message_kept AFTER INSERT ON messages BEGIN
  UPDATE sessions SET bytes = bytes
    + length(new.role) + length(new.content) + length(new.metadata) + 128 WHERE key = new.session;
  UPDATE totals SET bytes = bytes
    + length(new.role) + length(new.content) + length(new.metadata) + 128;
END;
CREATE TRIGGER message_gone AFTER DELETE ON messages BEGIN
  UPDATE sessions SET bytes = bytes
    - length(old.role) - length(old.content) - length(old.metadata) - 128 WHERE key = old.session;
  UPDATE totals SET bytes = bytes
    - length(old.role) - length(old.content) - length(old.metadata) - 128;
END;
)sql";

/// Version 3: the principal of each session, empty for none, and what each has in all. Applied
/// after the byte counts. Sessions without a principal cost nothing of it: the triggers and the
/// index leave them out.
inline constexpr const char* kOwners = R"sql(
ALTER TABLE sessions ADD COLUMN owner BLOB NOT NULL DEFAULT x'';
CREATE INDEX sessions_by_owner ON sessions (owner, used) WHERE owner <> x'';
CREATE TABLE owners (
  owner BLOB PRIMARY KEY,
  sessions INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER owner_begun AFTER INSERT ON sessions WHEN new.owner <> x'' BEGIN
  INSERT INTO owners VALUES (new.owner, 1, new.bytes)
    ON CONFLICT (owner) DO UPDATE SET sessions = sessions + 1;
END;
CREATE TRIGGER owner_changed AFTER UPDATE OF bytes ON sessions WHEN new.owner <> x'' BEGIN
  UPDATE owners SET bytes = bytes + new.bytes - old.bytes WHERE owner = new.owner;
END;
CREATE TRIGGER owner_left AFTER DELETE ON sessions WHEN old.owner <> x'' BEGIN
  UPDATE owners SET sessions = sessions - 1, bytes = bytes - old.bytes WHERE owner = old.owner;
  DELETE FROM owners WHERE owner = old.owner AND sessions = 0;
END;
)sql";

/// Version 4: one row for each turn, in the order in which all turns were stored, so that the turns
/// of one transaction share pages; their sums are kept by the writer, once for each transaction.
/// The first message of a session is dropped if its question was trimmed. Sessions without a
/// principal and those with one each have an index of their uses. `boot` and `clock_offset`: see
/// `LastingClock`.
inline constexpr const char* kTurns = R"sql(
DROP TRIGGER message_kept; DROP TRIGGER message_gone;
DROP TRIGGER session_begun; DROP TRIGGER session_gone;
DROP TRIGGER owner_begun; DROP TRIGGER owner_changed; DROP TRIGGER owner_left;
DROP VIEW message_sizes;
CREATE TABLE turns (
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  question_role BLOB NOT NULL,
  question BLOB NOT NULL,
  asked_at INTEGER NOT NULL,
  question_metadata BLOB NOT NULL,
  answer_role BLOB NOT NULL,
  answer BLOB NOT NULL,
  answered_at INTEGER NOT NULL,
  answer_metadata BLOB NOT NULL
);
WITH numbered AS MATERIALIZED (SELECT *,
  row_number() OVER (PARTITION BY session ORDER BY key DESC) AS number FROM messages)
INSERT INTO turns (session, bytes, question_role, question, asked_at, question_metadata,
    answer_role, answer, answered_at, answer_metadata)
  SELECT a.session, length(q.role) + length(q.content) + length(q.metadata) + length(a.role)
    + length(a.content) + length(a.metadata) + 256,
    q.role, q.content, q.timestamp, q.metadata, a.role, a.content, a.timestamp, a.metadata
  FROM numbered a JOIN numbered q ON q.session = a.session AND q.number = a.number + 1
  WHERE a.number % 2 = 1 ORDER BY a.key;
CREATE INDEX turns_by_session ON turns (session);
DROP TABLE messages;
ALTER TABLE sessions ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET turns = (SELECT count(*) FROM turns t WHERE t.session = sessions.key),
  bytes = (SELECT coalesce(sum(t.bytes), 0) FROM turns t WHERE t.session = sessions.key),
  last_accessed = min(last_accessed, 1000 * CAST(strftime('%s', 'now') AS INTEGER));
DELETE FROM sessions WHERE turns = 0;
DROP INDEX sessions_by_use;
CREATE INDEX sessions_by_use ON sessions (used) WHERE owner = x'';
CREATE INDEX owned_sessions_by_use ON sessions (used) WHERE owner <> x'';
DELETE FROM owners;
INSERT INTO owners SELECT owner, count(*), sum(bytes) FROM sessions WHERE owner <> x''
  GROUP BY owner;
UPDATE totals SET sessions = (SELECT count(*) FROM sessions),
  bytes = (SELECT coalesce(sum(bytes), 0) FROM sessions);
ALTER TABLE totals ADD COLUMN boot BLOB NOT NULL DEFAULT x'';
ALTER TABLE totals ADD COLUMN clock_offset INTEGER NOT NULL DEFAULT 0;
)sql";

/// Version 5: what a turn changes of its session is written later, for many turns at once. The rows
/// of sessions are right as of the turn `counted`; later turns have their time of use with them.
inline constexpr const char* kCounted = R"sql(
ALTER TABLE turns ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
UPDATE totals SET counted = (SELECT coalesce(max(key), 0) FROM turns);
)sql";

/// Version 6: a session's row says which turns it has, so that a turn changes no page of an index,
/// and a turn is one packed text. Programs of earlier versions that still have the file open fail.
inline constexpr const char* kLists = R"sql(
CREATE TABLE packed_turns (
  key INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  turn BLOB NOT NULL
);
INSERT INTO packed_turns SELECT key, session, bytes, used_at, pack_turn(
    question_role, question, asked_at, question_metadata,
    answer_role, answer, answered_at, answer_metadata) FROM turns ORDER BY key;
ALTER TABLE sessions ADD COLUMN turn_list BLOB NOT NULL DEFAULT x'';
UPDATE sessions SET turn_list =
  (SELECT pack_turn_list(key, bytes) FROM turns t WHERE t.session = sessions.key);
DROP TABLE turns;
ALTER TABLE packed_turns RENAME TO turns;
)sql";

inline tl::unexpected<Error> fail_with(Code code) {
  return fail(Errc::storage, sqlite3_errstr(code));
}

inline Result<void> ok_or_fail(Code code) {
  if (code != SQLITE_OK) return fail_with(code);
  return {};
}

/// The identity stored in a file.
struct Identity {
  bool empty = true;
  std::int64_t application_id = 0;
  std::int64_t version = 0;
};

inline Result<Identity> identify(sqlite3* database) {
  Statement statement(database,
                      "SELECT count(*), (SELECT application_id FROM pragma_application_id),"
                      " (SELECT user_version FROM pragma_user_version) FROM sqlite_master");
  Identity identity;
  const Code code = statement.each([&](const Row& row) {
    identity = {row.integer(0) == 0, row.integer(1), row.integer(2)};
  });
  if (code != SQLITE_OK) return fail_with(code);
  return identity;
}

/// Whether the file may be written to: ours, or still empty.
inline Result<void> accept(const Identity& identity) {
  if (identity.empty) return {};
  if (identity.application_id != kApplicationId) {
    return fail(Errc::storage, "it is the database of another program");
  }
  if (identity.version > kSchemaVersion) {
    return fail(Errc::storage,
                fmt::format("it was written by a newer version (schema {}, this one knows {})",
                            identity.version, kSchemaVersion));
  }
  return {};
}

/// Creates the tables, or adds what a file of an older version lacks, unless another connection has
/// just done so.
inline Result<void> create_tables(sqlite3* database) {
  Transaction change(database);
  const Result<Identity> identity = identify(database);
  if (!identity) return fail(identity.error());
  if (auto accepted = accept(*identity); !accepted) return accepted;
  if (!identity->empty && identity->version == kSchemaVersion) return {};
  if (auto added = ok_or_fail(add_packing_functions(database)); !added) return added;
  if (identity->empty) change.run(kTables);
  if (identity->version < 2) change.run(kByteCounts);
  if (identity->version < 3) change.run(kOwners);
  if (identity->version < 4) change.run(kTurns);
  if (identity->version < 5) change.run(kCounted);
  change.run(kLists);
  change.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId,
                         kSchemaVersion));
  return ok_or_fail(change.commit());
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
