#pragma once

/// \file
/// The statements of a session database. Internal.

#include "store/sqlite_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// What the writer runs; prepared once.
struct WriterStatements {
  explicit WriterStatements(sqlite3* database) : database(database) {}

  Statement prepared(const char* sql) const noexcept { return Statement(database, sql); }

  sqlite3* database;

  Statement begin_change = prepared("BEGIN IMMEDIATE");
  Statement commit = prepared("COMMIT");
  Statement totals =
      prepared("SELECT sessions, bytes, counted, (SELECT max(key) FROM turns) FROM totals");
  Statement set_totals = prepared("UPDATE totals SET sessions = ?1, bytes = ?2, counted = ?3");
  Statement of_owner = prepared("SELECT sessions, bytes FROM owners WHERE owner = ?1");
  Statement set_owner = prepared(
      "INSERT INTO owners VALUES (?1, ?2, ?3)"
      " ON CONFLICT (owner) DO UPDATE SET sessions = ?2, bytes = ?3");
  Statement forget_owner = prepared("DELETE FROM owners WHERE owner = ?1");
  // The greatest number of use. Each half has an index of its own.
  Statement last_use = prepared(
      "SELECT max(coalesce((SELECT max(used) FROM sessions WHERE owner = x''), 0),"
      " coalesce((SELECT max(used) FROM sessions WHERE owner <> x''), 0))");

  Statement find = prepared("SELECT key, last_accessed, bytes, turns FROM sessions WHERE id = ?1");
  Statement begin = prepared(
      "INSERT INTO sessions (id, user_id, created_at, last_accessed, used, owner, bytes, turns)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0)");
  Statement use = prepared(
      "UPDATE sessions SET last_accessed = max(last_accessed, ?2), used = max(used, ?3),"
      " bytes = ?4, turns = ?5, turn_list = ?6 WHERE key = ?1");
  Statement turn_list = prepared("SELECT turn_list FROM sessions WHERE key = ?1");
  Statement set_turns =
      prepared("UPDATE sessions SET bytes = ?2, turns = ?3, turn_list = ?4 WHERE key = ?1");
  Statement touch = prepared(
      "UPDATE sessions SET last_accessed = max(last_accessed, ?2), used = max(used, ?3)"
      " WHERE key = ?1");
  Statement forget = prepared("DELETE FROM sessions WHERE key = ?1");
  // The turns after ?1.
  Statement uncounted =
      prepared("SELECT key, session, bytes, used_at FROM turns WHERE key > ?1 ORDER BY key");

#define VX11_SAY "INSERT INTO turns (key, session, bytes, used_at, turn) VALUES "
#define VX11_FOUR_TURNS "(?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)"
  Statement say = prepared(VX11_SAY "(?, ?, ?, ?, ?)");
  Statement say_eight = prepared(VX11_SAY VX11_FOUR_TURNS ", " VX11_FOUR_TURNS);
#undef VX11_FOUR_TURNS
#undef VX11_SAY
  Statement forget_turns = prepared("DELETE FROM turns WHERE key BETWEEN ?1 AND ?2");

  // The ?2 least recently used sessions but ?1: without a principal, with one, of ?3.
  Statement oldest_unowned = prepared(
      "SELECT key, id, owner, bytes, used, last_accessed FROM sessions"
      " WHERE key <> ?1 AND owner = x'' ORDER BY used LIMIT ?2");
  Statement oldest_owned = prepared(
      "SELECT key, id, owner, bytes, used, last_accessed FROM sessions"
      " WHERE key <> ?1 AND owner <> x'' ORDER BY used LIMIT ?2");
  Statement oldest_of = prepared(
      "SELECT key, id, owner, bytes, used, last_accessed FROM sessions"
      " WHERE key <> ?1 AND owner = ?3 AND owner <> x'' ORDER BY used LIMIT ?2");

  /// The first failure of preparing, or SQLITE_OK.
  Code code() const noexcept {
    for (const Statement* statement :
         {&begin_change,   &commit,       &totals,   &set_totals, &of_owner, &set_owner,
          &forget_owner,   &last_use,     &find,     &begin,      &use,      &turn_list,
          &set_turns,      &touch,        &forget,   &uncounted,  &say,      &forget_turns,
          &oldest_unowned, &oldest_owned, &oldest_of}) {
      if (statement->code() != SQLITE_OK) return statement->code();
    }
    return SQLITE_OK;
  }
};

/// What readers run; prepared once for each connection.
struct ReaderStatements {
  explicit ReaderStatements(sqlite3* database)
      : begin(database, "BEGIN"),
        commit(database, "COMMIT"),
        find(database,
             "SELECT key, last_accessed, user_id, created_at, turn_list FROM sessions"
             " WHERE id = ?1"),
        later(database,
              "SELECT key, bytes FROM turns WHERE key > (SELECT counted FROM totals)"
              " AND session = ?1 ORDER BY key"),
        turn(database, "SELECT turn, used_at FROM turns WHERE key = ?1") {}

  Statement begin;
  Statement commit;
  Statement find;
  Statement later;  ///< The turns that are not in the session's list yet.
  Statement turn;

  Code code() const noexcept {
    for (const Statement* statement : {&begin, &commit, &find, &later, &turn}) {
      if (statement->code() != SQLITE_OK) return statement->code();
    }
    return SQLITE_OK;
  }
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
