#pragma once

/// \file
/// The statements of a session database. Internal.

#include "store/sqlite_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// The columns of a turn, in the order in which `say` takes and `read` gives them.
#define VX11_TURN_COLUMNS                                  \
  "question_role, question, asked_at, question_metadata, " \
  "answer_role, answer, answered_at, answer_metadata"

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
      " bytes = ?4, turns = ?5 WHERE key = ?1");
  Statement set_sums = prepared("UPDATE sessions SET bytes = ?2, turns = ?3 WHERE key = ?1");
  Statement touch = prepared(
      "UPDATE sessions SET last_accessed = max(last_accessed, ?2), used = max(used, ?3)"
      " WHERE key = ?1");
  Statement forget = prepared("DELETE FROM sessions WHERE key = ?1");
  // The sessions of the turns after ?1 in the order of their last use.
  Statement uncounted = prepared(
      "SELECT session, max(used_at) FROM turns WHERE key > ?1 GROUP BY session ORDER BY max(key)");
  Statement recount = prepared(
      "UPDATE sessions SET last_accessed = max(last_accessed, ?2), used = ?3,"
      " (bytes, turns) = (SELECT sum(t.bytes), count(*) FROM turns t WHERE t.session = ?1)"
      " WHERE key = ?1");

  Statement say = prepared("INSERT INTO turns (key, session, bytes, used_at, " VX11_TURN_COLUMNS
                           ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  Statement oldest_turns = prepared("SELECT key, bytes FROM turns WHERE session = ?1 ORDER BY key");
  Statement forget_oldest_turns = prepared("DELETE FROM turns WHERE session = ?1 AND key <= ?2");
  Statement forget_turns = prepared("DELETE FROM turns WHERE session = ?1");

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
    for (const Statement* statement : {&begin_change,
                                       &commit,
                                       &totals,
                                       &set_totals,
                                       &of_owner,
                                       &set_owner,
                                       &forget_owner,
                                       &last_use,
                                       &find,
                                       &begin,
                                       &use,
                                       &set_sums,
                                       &touch,
                                       &forget,
                                       &uncounted,
                                       &recount,
                                       &say,
                                       &oldest_turns,
                                       &forget_oldest_turns,
                                       &forget_turns,
                                       &oldest_unowned,
                                       &oldest_owned,
                                       &oldest_of}) {
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
             "SELECT key, last_accessed, user_id, created_at FROM sessions WHERE id = ?1"),
        turns(database, "SELECT " VX11_TURN_COLUMNS
                        ", used_at FROM turns WHERE session = ?1 ORDER BY key DESC LIMIT ?2") {}

  Statement begin;
  Statement commit;
  Statement find;
  Statement turns;

  Code code() const noexcept {
    for (const Statement* statement : {&begin, &commit, &find, &turns}) {
      if (statement->code() != SQLITE_OK) return statement->code();
    }
    return SQLITE_OK;
  }
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
