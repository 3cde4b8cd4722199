#pragma once

/// \file
/// The tables of a session database, and how a connection to one is opened. Internal.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "store/private_file.hpp"
#include "store/sqlite_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// Incremented with every change of the tables; stored in the file as its `user_version`.
inline constexpr std::int64_t kSchemaVersion = 3;
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

/// NORMAL: a commit is passed to the kernel without waiting for the disk. The kernel outlives this
/// process, so a crash or a kill -9 loses nothing; a power cut may lose the last turns, but never
/// corrupts the file. FULL would close that gap with a flush of the disk per turn, measured at ten
/// to fifty times the cost of all the rest: too much for a conversation.
inline constexpr const char* kSettings = "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON";

/// How long opening waits for another process; operations wait for `SessionStoreOptions::patience`.
inline constexpr std::chrono::milliseconds kBusy = std::chrono::seconds(5);
inline constexpr int kPauseMilliseconds = 10;

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
  if (identity->empty) change.run(kTables);
  if (identity->version < 2) change.run(kByteCounts);
  change.run(kOwners);
  change.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId,
                         kSchemaVersion));
  return ok_or_fail(change.commit());
}

inline Result<void> write_ahead(sqlite3* database) {
  std::string mode;
  Statement statement(database, "PRAGMA journal_mode = WAL");
  const auto set = [&] { return statement.each([&](const Row& row) { mode = row.bytes(0); }); };
  Code code = set();
  // Of two connections that switch a new file concurrently one fails at once, because waiting for
  // each other would deadlock.
  const SteadyClock clock;
  for (const TimePoint end = clock.now() + kBusy; code == SQLITE_BUSY && clock.now() < end;) {
    sqlite3_sleep(kPauseMilliseconds);
    code = set();
  }
  if (code != SQLITE_OK) return fail_with(code);
  if (mode == "wal" || mode == "memory") return {};
  return fail(Errc::storage, "a write-ahead log is not possible there; it needs a local disk");
}

/// Prepares the connection for sessions, and the file too if it is new.
inline Result<void> prepare(sqlite3* database) {
  if (sqlite3_db_readonly(database, "main") == 1) return fail_with(SQLITE_READONLY);
  sqlite3_busy_timeout(database, static_cast<int>(kBusy.count()));
  const Result<Identity> identity = identify(database);
  if (!identity) return fail(identity.error());
  // Checked before any change: another application's file is left exactly as it is.
  if (auto accepted = accept(*identity); !accepted) return accepted;
  if (auto logged = write_ahead(database); !logged) return logged;
  if (auto set = ok_or_fail(execute(database, kSettings)); !set) return set;
  const bool is_current = !identity->empty && identity->version == kSchemaVersion;
  return is_current ? Result<void>() : create_tables(database);
}

/// The name under which SQLite opens `path`. Absolute, because SQLite would treat a relative one
/// that begins with "file:" as a URI.
inline Result<std::string> file_name(const std::string& path) {
  if (path == ":memory:") return path;
  if (path.empty()) return fail(Errc::storage, "the path is empty");
  if (path.find('\0') != std::string::npos) return fail(Errc::storage, "the path holds a NUL");
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) return detail::fail_with_errno(error.value());
  if (auto file = detail::ensure_private_file(absolute); !file) return fail(file.error());
  return absolute.string();
}

/// Opens the database at `path`; creates it if missing.
/// \return `storage` with the reason alone.
inline Result<Connection> open(const std::string& path) {
  const Result<std::string> name = file_name(path);
  if (!name) return fail(name.error());
  // Without SQLite's own locks: the store has its own lock around all use of the connection.
  sqlite3* opened = nullptr;
  const Code code =
      sqlite3_open_v2(name->c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Connection connection(opened);  // even a failed open leaves a handle to close
  if (code != SQLITE_OK) return fail_with(code);
  if (auto ready = prepare(opened); !ready) return fail(ready.error());
  return connection;
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
