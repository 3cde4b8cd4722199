#pragma once

/// \file
/// RAII types for SQLite's C interface: a connection, a prepared statement, a transaction.
/// Internal; not thread-safe: the user locks.
///
/// Codes are SQLite's primary result codes; the caller interprets them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <sqlite3.h>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

using Code = int;  ///< SQLITE_OK and the other result codes.

struct CloseConnection {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

/// The columns of the current row of a statement. Views are valid until the next row.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  std::int64_t integer(int column) const noexcept {
    return sqlite3_column_int64(statement_, column);
  }
  std::string_view bytes(int column) const noexcept {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
  }

 private:
  sqlite3_stmt* statement_;
};

/// A reusable prepared statement.
///
/// If preparing failed, `code()` gives the reason, and every run returns it.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) noexcept {
    sqlite3_stmt* statement = nullptr;
    code_ = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                               SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
  }

  Code code() const noexcept { return code_; }

  /// Runs it with `values` as ?1, ?2 …, and passes each row to `visit`, which may return whether it
  /// wants another one.
  template <class Visit, class... Values>
  Code each(const Visit& visit, const Values&... values) {
    if (code_ != SQLITE_OK) return code_;
    const Reset reset(statement_.get());
    Code code = bind_all(values...);
    if (code != SQLITE_OK) return code;
    while ((code = sqlite3_step(statement_.get())) == SQLITE_ROW) {
      if (!wants_more(visit)) return SQLITE_OK;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }

  template <class... Values>
  Code run(const Values&... values) {
    return each([](const Row&) {}, values...);
  }

  /// Runs it with what `bind_to(*this)` binds, which returns the first failure.
  template <class Bind>
  Code run_with(const Bind& bind_to) {
    if (code_ != SQLITE_OK) return code_;
    const Reset reset(statement_.get());
    Code code = bind_to(*this);
    while (code == SQLITE_OK || code == SQLITE_ROW) code = sqlite3_step(statement_.get());
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }
  /// Within `run_with`: binds `values` from ?`first` on.
  template <class... Values>
  Code bind_from(int first, const Values&... values) noexcept {
    int index = first;
    Code code = SQLITE_OK;
    ((code = code == SQLITE_OK ? bind(index++, values) : code), ...);
    return code;
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  // A statement that is not reset keeps its lock, and its bindings would dangle.
  class Reset {
   public:
    explicit Reset(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;
    ~Reset() {
      sqlite3_reset(statement_);
      sqlite3_clear_bindings(statement_);
    }

   private:
    sqlite3_stmt* statement_;
  };

  template <class Visit>
  bool wants_more(const Visit& visit) const {
    const Row row(statement_.get());
    if constexpr (std::is_same_v<decltype(visit(row)), bool>) {
      return visit(row);
    } else {
      visit(row);
      return true;
    }
  }

  template <class... Values>
  Code bind_all(const Values&... values) noexcept {
    return bind_from(1, values...);
  }

  Code bind(int index, std::int64_t value) noexcept {
    return sqlite3_bind_int64(statement_.get(), index, value);
  }
  // As a blob, because text would be truncated or altered at a NUL or at invalid UTF-8.
  Code bind(int index, std::string_view value) noexcept {
    const char* const data = value.empty() ? "" : value.data();  // a null pointer would be NULL
    return sqlite3_bind_blob64(statement_.get(), index, data, value.size(), SQLITE_STATIC);
  }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  Code code_ = SQLITE_OK;
};

/// Runs `sql`, one statement or several, without values or rows.
inline Code execute(sqlite3* database, const char* sql) noexcept {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
}

/// A write transaction of scripts. Keeps the first failure and skips every later step, so that
/// steps need no individual checks. Rolled back unless `commit` succeeds.
class Transaction {
 public:
  /// Takes the write lock at once: a transaction that meets another writer later would have to be
  /// restarted.
  explicit Transaction(sqlite3* database) noexcept
      : database_(database), code_(execute(database, "BEGIN IMMEDIATE")) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    // On some failures SQLite has already rolled back.
    if (sqlite3_get_autocommit(database_) == 0) execute(database_, "ROLLBACK");
  }

  void run(const std::string& sql) {
    if (code_ == SQLITE_OK) code_ = execute(database_, sql.c_str());
  }

  Code commit() noexcept {
    if (code_ == SQLITE_OK) code_ = execute(database_, "COMMIT");
    return code_;
  }

 private:
  sqlite3* database_;
  Code code_;
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
