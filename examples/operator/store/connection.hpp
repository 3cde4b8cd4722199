#pragma once

/// \file
/// A connection to the database: SQLiteCpp's, with statements that are compiled once. Internal.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

namespace backend {

/// A value of a statement that is put together at run time.
using SqlValue = std::variant<std::int64_t, std::string>;

/// **Not thread-safe**: for one call of `Database::read` or `write`. What fails throws
/// `SQLite::Exception`, which `Database` turns into an error.
class Connection {
 public:
  explicit Connection(SQLite::Database database) : database_(std::move(database)) {}

  SQLite::Database& sqlite() noexcept { return database_; }

  /// Runs a statement with `values` as ?1, ?2 …: integers, or strings, which are stored as text.
  /// \param sql kept with its compiled form: of these there must be a bounded number
  /// \return how many rows it has changed
  template <class... Values>
  int run(std::string_view sql, const Values&... values) {
    Use use(statement(sql));
    bind(use.statement, values...);
    return use.statement.exec();
  }

  /// Calls `visit(row)` for each row, a `SQLite::Statement` whose `getColumn` is to be read.
  template <class Visit, class... Values>
  void each(std::string_view sql, const Visit& visit, const Values&... values) {
    Use use(statement(sql));
    bind(use.statement, values...);
    while (use.statement.executeStep()) visit(use.statement);
  }

  /// The first column of the first row; none: there is no row, or it is null.
  template <class... Values>
  std::optional<std::int64_t> integer(std::string_view sql, const Values&... values) {
    std::optional<std::int64_t> found;
    const auto take = [&](SQLite::Statement& row) {
      if (!found && !row.isColumnNull(0)) found = row.getColumn(0).getInt64();
    };
    each(sql, take, values...);
    return found;
  }
  template <class... Values>
  std::optional<std::string> text(std::string_view sql, const Values&... values) {
    std::optional<std::string> found;
    const auto take = [&](SQLite::Statement& row) {
      if (!found && !row.isColumnNull(0)) found = row.getColumn(0).getString();
    };
    each(sql, take, values...);
    return found;
  }

  std::int64_t last_id() const noexcept { return database_.getLastInsertRowid(); }

 private:
  /// A statement that is not reset keeps its lock, and what is bound to it would dangle.
  struct Use {
    explicit Use(SQLite::Statement& used) noexcept : statement(used) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      statement.tryReset();
      try {
        statement.clearBindings();
      } catch (const SQLite::Exception&) {  // does not fail once it was reset
      }
    }
    SQLite::Statement& statement;
  };

  SQLite::Statement& statement(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return *found->second;
    std::string text(sql);
    auto compiled = std::make_unique<SQLite::Statement>(database_, text);
    return *statements_.emplace(std::move(text), std::move(compiled)).first->second;
  }

  template <class... Values>
  static void bind(SQLite::Statement& statement, const Values&... values) {
    int index = 0;
    (bind_one(statement, ++index, values), ...);
  }
  template <class Value>
  static void bind_one(SQLite::Statement& statement, int& index, const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      statement.bind(index, static_cast<std::int64_t>(value));
    } else {
      statement.bindNoCopy(index, value);
    }
  }
  static void bind_one(SQLite::Statement& statement, int& index,
                       const std::vector<SqlValue>& values) {
    --index;
    for (const SqlValue& value : values) {
      ++index;
      std::visit([&](const auto& held) { bind_one(statement, index, held); }, value);
    }
  }

  SQLite::Database database_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> statements_ = {};
};

}  // namespace backend
