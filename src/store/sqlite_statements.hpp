#pragma once

/// \file
/// The statements of a session database. Internal.

#include "store/sqlite_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// All statements, prepared once.
struct Statements {
  explicit Statements(sqlite3* database) : database(database) {}

  Statement prepared(const char* sql) const noexcept { return Statement(database, sql); }

  sqlite3* database;

  Statement find = prepared("SELECT key, last_accessed FROM sessions WHERE id = ?1");
  Statement size = prepared("SELECT bytes FROM sessions WHERE key = ?1");
  Statement sizes = prepared(
      "SELECT key, bytes FROM message_sizes WHERE session = ?1"
      " ORDER BY key DESC");
  Statement cut = prepared("DELETE FROM messages WHERE session = ?1 AND key <= ?2");
  Statement totals = prepared("SELECT sessions, bytes FROM totals");
  Statement of_owner = prepared("SELECT sessions, bytes FROM owners WHERE owner = ?1");
  // Each deletes the least recently used session but ?1: of all, without a principal, of ?2.
  Statement drop_oldest = prepared(
      "DELETE FROM sessions WHERE key ="
      " (SELECT key FROM sessions WHERE key <> ?1 ORDER BY used LIMIT 1)");
  Statement drop_oldest_unowned = prepared(
      "DELETE FROM sessions WHERE key ="
      " (SELECT key FROM sessions WHERE key <> ?1 AND owner = x'' ORDER BY used LIMIT 1)");
  Statement drop_oldest_of = prepared(
      "DELETE FROM sessions WHERE key = (SELECT key FROM sessions"
      " WHERE key <> ?1 AND owner = ?2 AND owner <> x'' ORDER BY used LIMIT 1)");
  Statement begin = prepared(
      "INSERT INTO sessions (id, user_id, created_at, last_accessed, used, owner)"
      " VALUES (?1, ?2, ?3, ?3, 0, ?4)");
  Statement touch = prepared(
      "UPDATE sessions SET last_accessed = ?2, used = (SELECT max(used) + 1 FROM sessions)"
      " WHERE key = ?1");
  Statement forget = prepared("DELETE FROM sessions WHERE key = ?1");

  Statement say = prepared(
      "INSERT INTO messages (session, role, content, timestamp, metadata)"
      " VALUES (?1, ?2, ?3, ?4, ?5)");
  Statement trim = prepared(
      "DELETE FROM messages WHERE session = ?1 AND key <="
      " (SELECT key FROM messages WHERE session = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)");
  Statement read = prepared(
      "SELECT s.key, s.user_id, s.created_at, m.role, m.content, m.timestamp, m.metadata"
      " FROM sessions s JOIN messages m ON m.session = s.key"
      " WHERE s.id = ?1 AND s.last_accessed > ?2 ORDER BY m.key DESC LIMIT ?3");

  Statement sweep = prepared(
      "DELETE FROM sessions WHERE last_accessed <= ?1"
      " AND key IN (SELECT key FROM sessions ORDER BY used LIMIT ?2)");
  Statement erase = prepared("DELETE FROM sessions WHERE id = ?1 AND last_accessed > ?2");

  /// The first failure of preparing, or SQLITE_OK.
  Code code() const noexcept {
    for (const Statement* statement :
         {&find, &size, &sizes, &cut, &totals, &of_owner, &drop_oldest, &drop_oldest_unowned,
          &drop_oldest_of, &begin, &touch, &forget, &say, &trim, &read, &sweep, &erase}) {
      if (statement->code() != SQLITE_OK) return statement->code();
    }
    return SQLITE_OK;
  }
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
