#pragma once

/// \file
/// The SQLite store of a test, and other connections to its file.

#include <vx11/store/sqlite.hpp>

#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <sqlite3.h>

inline std::shared_ptr<vx11::SessionStore> open_with(const std::string& path,
                                                     vx11::SessionStoreOptions options) {
  auto store = vx11::open_sqlite_session_store(path, options);
  REQUIRE_MESSAGE(store, store.error().detail);
  return *store;
}

inline std::shared_ptr<vx11::SessionStore> open(const std::string& path,
                                                vx11::SessionLimits limits = {}) {
  return open_with(path, {.limits = limits});
}
inline std::shared_ptr<vx11::SessionStore> open(const std::string& path, vx11::SessionLimits limits,
                                                const vx11::TimeSource& clock) {
  return open_with(path, {.limits = limits, .clock = clock, .wall_clock = clock});
}

// Another connection to the same file: the result of `sql`, each value on a line.
inline std::string ask_sqlite(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  std::string answer;
  const auto collect = [](void* out, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i) {
      *static_cast<std::string*>(out) += std::string(values[i] ? values[i] : "NULL") + '\n';
    }
    return 0;
  };
  const int code = sqlite3_exec(database, sql.c_str(), collect, &answer, nullptr);
  INFO(sqlite3_errmsg(database));
  CHECK(code == SQLITE_OK);
  sqlite3_close(database);
  return answer;
}

/// Holds the write lock of a database, as another process might.
class Lock {
 public:
  explicit Lock(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { sqlite3_close(database_); }

 private:
  sqlite3* database_ = nullptr;
};
