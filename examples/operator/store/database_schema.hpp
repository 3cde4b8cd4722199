#pragma once

/// \file
/// The tables of the database, as a list of migrations. Internal.

#include <array>

namespace backend {

/// Marks a file as the backend's (`PRAGMA application_id`): "VX1o".
inline constexpr int kApplicationId = 0x5658316F;

/// Migration N takes a file from `user_version` N to N + 1. A migration that was released is never
/// changed; what changes is added as another one.
///
/// Times are milliseconds since 1970, UTC. Ids of AUTOINCREMENT are never given again.
inline constexpr std::array<const char*, 2> kMigrations = {
    R"sql(
CREATE TABLE logins (
  digest TEXT PRIMARY KEY,        -- of the cookie's secret
  principal TEXT NOT NULL,
  sealed_token BLOB NOT NULL,     -- encrypted by a key that is derived from the secret
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_principal ON logins (principal, created_at);
CREATE INDEX logins_by_expiry ON logins (expires_at);

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  severity INTEGER NOT NULL,      -- 0 critical, 1 error, 2 warn, 3 info
  type TEXT NOT NULL,
  module TEXT NOT NULL,
  summary TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  payload TEXT NOT NULL           -- JSON
) STRICT;
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_severity ON events (severity);
CREATE INDEX events_by_module ON events (module);
CREATE INDEX events_by_both ON events (module, severity);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  principal TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  detail TEXT NOT NULL            -- JSON
) STRICT;

CREATE TABLE sessions (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  principal TEXT NOT NULL,
  session_id TEXT NOT NULL,
  title TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (principal, session_id)
) STRICT;
CREATE INDEX sessions_by_use ON sessions (updated_at);
CREATE INDEX sessions_by_principal ON sessions (principal, updated_at);
CREATE INDEX sessions_by_id ON sessions (session_id);

CREATE TABLE turns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session INTEGER NOT NULL,       -- sessions.key
  at INTEGER NOT NULL,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  metadata TEXT NOT NULL          -- JSON
) STRICT;
CREATE INDEX turns_by_session ON turns (session, id);

-- Finds sessions by words; the rows are those of `turns`.
CREATE VIRTUAL TABLE turn_words USING fts5 (
  question, answer, content = 'turns', content_rowid = 'id', tokenize = 'unicode61');

CREATE TABLE settings (
  principal TEXT PRIMARY KEY,
  value TEXT NOT NULL,            -- a JSON object
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
-- One row while the index of words may hold words of deleted turns.
CREATE TABLE words_to_forget (due INTEGER PRIMARY KEY) STRICT;
)sql"};

}  // namespace backend
