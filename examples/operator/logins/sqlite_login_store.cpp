#include "operator/logins/sqlite_login_store.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace backend {

namespace {

using vx11::Result;
using vx11::Task;
using Digests = std::vector<std::string>;

std::int64_t to_number(vx11::WallTime time) noexcept {
  return time.time_since_epoch().count();
}
vx11::WallTime to_time(std::int64_t number) noexcept {
  return vx11::WallTime(std::chrono::milliseconds(number));
}

constexpr std::string_view kSelect =
    "SELECT digest, principal, sealed_token, address, created_at, expires_at FROM logins";

LoginRow login_of(SQLite::Statement& row) {
  LoginRow login;
  login.digest = row.getColumn(0).getString();
  login.principal = row.getColumn(1).getString();
  login.sealed_token = row.getColumn(2).getString();
  login.address = row.getColumn(3).getString();
  login.created = to_time(row.getColumn(4).getInt64());
  login.expires = to_time(row.getColumn(5).getInt64());
  return login;
}

template <class... Values>
Digests digests(Connection& connection, std::string_view sql, const Values&... values) {
  Digests found;
  connection.each(
      sql, [&](SQLite::Statement& row) { found.push_back(row.getColumn(0).getString()); },
      values...);
  return found;
}

struct Add {
  LoginRow row;
  std::int64_t most;
  Digests operator()(Connection& connection) const {
    connection.run(
        "INSERT INTO logins (digest, principal, sealed_token, address, created_at, expires_at) "
        "VALUES (?1, ?2, CAST(?3 AS BLOB), ?4, ?5, ?6)",
        row.digest, row.principal, row.sealed_token, row.address, to_number(row.created),
        to_number(row.expires));
    Digests removed = digests(connection,
                              "SELECT digest FROM logins WHERE principal = ?1 "
                              "ORDER BY created_at DESC, digest <> ?3 LIMIT -1 OFFSET ?2",
                              row.principal, most, row.digest);
    for (const std::string& digest : removed) {
      connection.run("DELETE FROM logins WHERE digest = ?1", digest);
    }
    return removed;
  }
};

struct Find {
  std::string digest;
  std::optional<LoginRow> operator()(Connection& connection) const {
    std::optional<LoginRow> found;
    const auto take = [&](SQLite::Statement& row) { found = login_of(row); };
    connection.each(std::string(kSelect) + " WHERE digest = ?1", take, digest);
    return found;
  }
};

struct Remove {
  std::string digest;
  bool operator()(Connection& connection) const {
    return connection.run("DELETE FROM logins WHERE digest = ?1", digest) != 0;
  }
};

struct RemoveAll {
  std::string principal;
  Digests operator()(Connection& connection) const {
    Digests removed =
        digests(connection, "SELECT digest FROM logins WHERE principal = ?1", principal);
    connection.run("DELETE FROM logins WHERE principal = ?1", principal);
    return removed;
  }
};

struct Expire {
  std::int64_t now;
  std::vector<LoginRow> operator()(Connection& connection) const {
    std::vector<LoginRow> removed;
    const auto take = [&](SQLite::Statement& row) { removed.push_back(login_of(row)); };
    connection.each(std::string(kSelect) + " WHERE expires_at <= ?1", take, now);
    connection.run("DELETE FROM logins WHERE expires_at <= ?1", now);
    return removed;
  }
};

class SqliteLoginStore final : public LoginStore {
 public:
  explicit SqliteLoginStore(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Task<Result<Digests>> add(LoginRow row, std::size_t most) override {
    return database_->write(Add{std::move(row), static_cast<std::int64_t>(most)});
  }
  Task<Result<std::optional<LoginRow>>> find(std::string digest) override {
    return database_->read(Find{std::move(digest)});
  }
  Task<Result<bool>> remove(std::string digest) override {
    return database_->write(Remove{std::move(digest)});
  }
  Task<Result<Digests>> remove_all(std::string principal) override {
    return database_->write(RemoveAll{std::move(principal)});
  }
  Task<Result<std::vector<LoginRow>>> expire(vx11::WallTime now) override {
    return database_->write(Expire{to_number(now)});
  }

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace

std::shared_ptr<LoginStore> make_sqlite_login_store(std::shared_ptr<Database> database) {
  return std::make_shared<SqliteLoginStore>(std::move(database));
}

}  // namespace backend
