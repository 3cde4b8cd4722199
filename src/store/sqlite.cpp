#include <vx11/store/sqlite.hpp>

#include <algorithm>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "store/limits.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_schema.hpp"
#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

using sqlite::Row;
using sqlite::Statement;

std::int64_t milliseconds(WallTime time) noexcept {
  return time.time_since_epoch().count();
}
WallTime wall_time(std::int64_t milliseconds) noexcept {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

// SQLite treats a negative limit as no limit.
std::int64_t as_limit(std::size_t count) noexcept {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(count, kMost));
}

// All statements, prepared once.
struct Statements {
  explicit Statements(sqlite3* database) : database(database) {}

  Statement prepared(const char* sql) const noexcept { return Statement(database, sql); }

  sqlite3* database;

  Statement find = prepared("SELECT key, last_accessed FROM sessions WHERE id = ?1");
  Statement begin = prepared(
      "INSERT INTO sessions (id, user_id, created_at, last_accessed, used)"
      " VALUES (?1, ?2, ?3, ?3, 0)");
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
  Statement evict = prepared(
      "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions ORDER BY used"
      " LIMIT max(0, (SELECT sessions FROM totals) - ?1))");

  /// The first failure of preparing, or SQLITE_OK.
  sqlite::Code code() const noexcept {
    for (const Statement* statement :
         {&find, &begin, &touch, &forget, &say, &trim, &read, &sweep, &evict}) {
      if (statement->code() != SQLITE_OK) return statement->code();
    }
    return SQLITE_OK;
  }
};

tl::unexpected<Error> storage_failure(std::string_view doing, sqlite::Code code) {
  return fail(Errc::storage, fmt::format("cannot {} sessions: {}", doing, sqlite3_errstr(code)));
}

// One blocking operation on the database; off the event loop if it was called on one. Operations
// queue up, and while another process holds the database that queue would grow without limit; so
// an operation that waited too long fails, and the chat continues without history.
class Visit {
 public:
  Visit(Workers& workers, SteadyClock clock) : clock_(clock), detour_(workers) {}
  auto begin() noexcept { return detour_.to_worker(); }
  auto end() noexcept { return detour_.to_executor(); }

  template <class Use>
  sqlite::Code over(const Use& use) const {
    const bool too_late = clock_.now() - since_ > kPatience;
    return too_late ? SQLITE_BUSY : use();
  }

 private:
  static constexpr std::chrono::seconds kPatience{2};
  SteadyClock clock_;
  OffloadScope detour_;
  TimePoint since_ = clock_.now();
};

class SqliteSessionStore final : public SessionStore {
 public:
  SqliteSessionStore(sqlite::Connection connection, SessionLimits limits, WallClock clock,
                     SteadyClock steady_clock)
      : limits_(detail::at_least_one(limits)),
        idle_(std::chrono::ceil<std::chrono::milliseconds>(limits_.idle_timeout)),
        clock_(clock),
        steady_clock_(steady_clock),
        connection_(std::move(connection)),
        statements_(connection_.get()) {}

  sqlite::Code code() const noexcept { return statements_.code(); }

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    Session session;
    Visit visit(workers_, steady_clock_);
    co_await visit.begin();
    // Reads at least one message even for a count of zero, because a read counts as use.
    const sqlite::Code code =
        visit.over([&] { return read(id, std::max<std::size_t>(count, 1), session); });
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("read", code);
    if (count == 0) session.messages.clear();
    co_return std::move(session.messages);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    Session session;
    Visit visit(workers_, steady_clock_);
    co_await visit.begin();
    const sqlite::Code code = visit.over([&] { return read(id, limits_.messages, session); });
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("read", code);
    if (session.messages.empty()) co_return std::optional<Session>();
    session.id = std::move(id);
    co_return std::optional<Session>(std::move(session));
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    Visit visit(workers_, steady_clock_);
    co_await visit.begin();
    const sqlite::Code code = visit.over([&] { return write(id, user_id, turn); });
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("write", code);
    co_return Result<void>();
  }

 private:
  // A session that exists has messages, so one query finds both atomically, despite other writers.
  sqlite::Code read(const std::string& id, std::size_t count, Session& session) {
    const WallTime now = clock_.now();
    std::int64_t key = 0;
    const auto take = [&](const Row& row) {
      if (session.messages.empty()) {
        key = row.integer(0);
        session.user_id = row.bytes(1);
        session.created_at = wall_time(row.integer(2));
      }
      session.messages.emplace_back(std::string(row.bytes(3)), std::string(row.bytes(4)),
                                    wall_time(row.integer(5)), std::string(row.bytes(6)));
    };
    const std::scoped_lock lock(mutex_);
    const sqlite::Code code = statements_.read.each(take, id, milliseconds(now - idle_),
                                                    as_limit(std::min(count, limits_.messages)));
    if (code != SQLITE_OK || session.messages.empty()) return code;
    std::ranges::reverse(session.messages);
    session.last_accessed = now;
    // The data read is valid even if its use cannot be recorded, for example on a full disk; the
    // session then merely expires earlier.
    static_cast<void>(statements_.touch.run(key, milliseconds(now)));
    return SQLITE_OK;
  }

  sqlite::Code write(const std::string& id, const std::string& user_id, const Turn& turn) {
    const std::scoped_lock lock(mutex_);
    const WallTime now = clock_.now();
    sqlite::Transaction change(connection_.get());
    change.run(statements_.sweep, milliseconds(now - idle_), std::int64_t(detail::kSweptPerAppend));
    const std::int64_t key = find_or_begin(change, id, user_id, now);
    change.run(statements_.touch, key, milliseconds(now));
    for (const Message* message : {&turn.user, &turn.assistant}) {
      change.run(statements_.say, key, message->role, message->content,
                 milliseconds(message->timestamp), message->metadata_json);
    }
    change.run(statements_.trim, key, as_limit(limits_.messages));
    change.run(statements_.evict, as_limit(limits_.sessions));
    return change.commit();
  }

  std::int64_t find_or_begin(sqlite::Transaction& change, const std::string& id,
                             const std::string& user_id, WallTime now) {
    std::int64_t key = 0;
    WallTime last_accessed;
    const auto take = [&](const Row& row) {
      key = row.integer(0);
      last_accessed = wall_time(row.integer(1));
    };
    change.each(statements_.find, take, id);
    if (key != 0 && last_accessed > now - idle_) return key;
    if (key != 0) change.run(statements_.forget, key);
    change.run(statements_.begin, id, user_id, milliseconds(now));
    return sqlite3_last_insert_rowid(connection_.get());
  }

  const SessionLimits limits_;
  const std::chrono::milliseconds idle_;
  const WallClock clock_;
  const SteadyClock steady_clock_;
  std::mutex mutex_;
  sqlite::Connection connection_;
  Statements statements_;
  Workers workers_{1};
};

}  // namespace

Result<std::shared_ptr<SessionStore>> open_sqlite_session_store(const std::string& path,
                                                                SessionStoreOptions options) {
  const auto cannot_open = [&](std::string_view reason) {
    return fail(Errc::storage,
                fmt::format("cannot open the session database {}: {}", path, reason));
  };
  Result<sqlite::Connection> connection = sqlite::open(path);
  if (!connection) return cannot_open(connection.error().detail);
  auto store = std::make_shared<SqliteSessionStore>(*std::move(connection), options.limits,
                                                    options.wall_clock, options.clock);
  if (store->code() != SQLITE_OK) return cannot_open(sqlite3_errstr(store->code()));
  return store;
}

}  // namespace v0
}  // namespace vx11
