#include <vx11/store/sqlite.hpp>

#include <algorithm>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "store/beginning.hpp"
#include "store/limits.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_schema.hpp"
#include "store/sqlite_statements.hpp"
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

// What an operation failed with: a code of SQLite's, or that the file is not the one at its path
// any more, so that nothing written to it would be found again.
constexpr sqlite::Code kMoved = -1;

// How long a read waits to record the use of a session while another process writes.
constexpr int kTouchPatience = 25;  // milliseconds

tl::unexpected<Error> storage_failure(std::string_view doing, sqlite::Code code) {
  const char* const reason =
      code == kMoved ? "the file was moved, deleted or replaced" : sqlite3_errstr(code);
  return fail(Errc::storage, fmt::format("cannot {} sessions: {}", doing, reason));
}

// One blocking operation on the database; off the event loop if it was called on one. Operations
// queue up, and while another process holds the database that queue would grow without limit; so
// an operation that waited too long fails, and the chat is answered without history.
class Visit {
 public:
  Visit(Workers& workers, SteadyClock clock, Duration patience)
      : detour_(workers), until_(saturated_add(clock.now(), patience)) {}
  auto begin() noexcept { return detour_.to_worker(); }
  auto end() noexcept { return detour_.to_executor(); }

  TimePoint until() const noexcept { return until_; }

 private:
  OffloadScope detour_;
  TimePoint until_;
};

class SqliteSessionStore final : public SessionStore {
 public:
  SqliteSessionStore(sqlite::Connection connection, const SessionStoreOptions& options)
      : limits_(detail::at_least_one(options.limits)),
        idle_(std::chrono::ceil<std::chrono::milliseconds>(limits_.idle_timeout)),
        patience_(options.patience),
        clock_(options.wall_clock),
        steady_clock_(options.clock),
        connection_(std::move(connection)),
        statements_(connection_.get()) {}

  sqlite::Code code() const noexcept { return statements_.code(); }

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    Session session;
    Visit visit(workers_, steady_clock_, patience_);
    co_await visit.begin();
    // Reads at least one message even for a count of zero, because a read counts as use.
    const sqlite::Code code = read(visit.until(), id, std::max<std::size_t>(count, 1), session);
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("read", code);
    if (count == 0) session.messages.clear();
    co_return std::move(session.messages);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    Session session;
    Visit visit(workers_, steady_clock_, patience_);
    co_await visit.begin();
    const sqlite::Code code = read(visit.until(), id, limits_.messages, session);
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("read", code);
    if (session.messages.empty()) co_return std::optional<Session>();
    session.id = std::move(id);
    co_return std::optional<Session>(std::move(session));
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    detail::bound_turn(turn, limits_.message_bytes);
    Visit visit(workers_, steady_clock_, patience_);
    co_await visit.begin();
    const sqlite::Code code = write(visit.until(), id, user_id, turn);
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("write", code);
    co_return Result<void>();
  }

  Task<Result<bool>> erase(std::string id) override {
    bool was_there = false;
    Visit visit(workers_, steady_clock_, patience_);
    co_await visit.begin();
    const sqlite::Code code = remove(visit.until(), id, was_there);
    co_await visit.end();
    if (code != SQLITE_OK) co_return storage_failure("delete", code);
    co_return was_there;
  }

 private:
  // A session that exists has messages, so one query finds both atomically, despite other writers.
  sqlite::Code read(TimePoint until, const std::string& id, std::size_t count,
                    Session& session) noexcept try {
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
    if (const sqlite::Code ready = begin_operation(until); ready != SQLITE_OK) return ready;
    const sqlite::Code code = statements_.read.each(take, id, milliseconds(now - idle_),
                                                    as_limit(std::min(count, limits_.messages)));
    if (code != SQLITE_OK || session.messages.empty()) return code;
    std::ranges::reverse(session.messages);
    session.last_accessed = now;
    // The data read is valid even if its use cannot be recorded, for example on a full disk; the
    // session then merely expires earlier.
    sqlite3_busy_timeout(connection_.get(), kTouchPatience);
    static_cast<void>(statements_.touch.run(key, milliseconds(now)));
    return SQLITE_OK;
  } catch (...) {
    return SQLITE_NOMEM;
  }

  sqlite::Code write(TimePoint until, const std::string& id, const std::string& user_id,
                     const Turn& turn) {
    const std::scoped_lock lock(mutex_);
    if (const sqlite::Code ready = begin_operation(until); ready != SQLITE_OK) return ready;
    const WallTime now = clock_.now();
    sqlite::Transaction change(connection_.get());
    change.run(statements_.sweep, milliseconds(now - idle_), std::int64_t(detail::kSweptPerAppend));
    const std::int64_t key = find_or_begin(change, id, user_id, turn.user, now);
    change.run(statements_.touch, key, milliseconds(now));
    for (const Message* message : {&turn.user, &turn.assistant}) {
      change.run(statements_.say, key, message->role, message->content,
                 milliseconds(message->timestamp), message->metadata_json);
    }
    change.run(statements_.trim, key, as_limit(limits_.messages));
    trim_bytes(change, key);
    evict(change, key, std::string(principal_of(id)));
    return change.commit();
  }

  sqlite::Code remove(TimePoint until, const std::string& id, bool& was_there) {
    const std::scoped_lock lock(mutex_);
    if (const sqlite::Code ready = begin_operation(until); ready != SQLITE_OK) return ready;
    sqlite::Transaction change(connection_.get());
    change.run(statements_.erase, id, milliseconds(clock_.now() - idle_));
    was_there = sqlite3_changes(connection_.get()) > 0;
    return change.commit();
  }

  /// Bounds the wait for other processes, and notices a file that is not at its path any more:
  /// another one may have taken its place, and a deleted one takes what is written with it.
  sqlite::Code begin_operation(TimePoint until) noexcept {
    const Duration left = until - steady_clock_.now();
    if (left < Duration::zero()) return SQLITE_BUSY;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    sqlite3_busy_timeout(connection_.get(), static_cast<int>(std::clamp<std::int64_t>(
                                                wait, 1, std::numeric_limits<int>::max())));
    int moved = 0;
    const sqlite::Code code =
        sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return code == SQLITE_OK && moved != 0 ? kMoved : SQLITE_OK;  // :memory: has no file
  }

  /// Removes the oldest turns of a session with too many bytes. Messages come in pairs, the answer
  /// after the question.
  void trim_bytes(sqlite::Transaction& change, std::int64_t key) {
    std::int64_t bytes = 0;
    change.each(
        statements_.size, [&](const Row& row) { bytes = row.integer(0); }, key);
    if (bytes <= as_limit(limits_.session_bytes)) return;
    std::int64_t kept = 0;
    std::int64_t answer = 0;
    std::int64_t last_removed = 0;
    int seen = 0;
    const auto weigh = [&](const Row& row) {
      if (++seen % 2 == 1) answer = row.integer(0);
      kept += row.integer(1);
      if (seen <= 2 || last_removed != 0) return;
      if (kept > as_limit(limits_.session_bytes)) last_removed = answer;
    };
    change.each(statements_.sizes, weigh, key);
    change.run(statements_.cut, key, last_removed);
  }

  /// What a statement counts; zero if it has no row.
  struct Counts {
    std::int64_t sessions = 0;
    std::int64_t bytes = 0;
  };
  template <class... Values>
  static Counts count(sqlite::Transaction& change, Statement& statement, const Values&... values) {
    Counts counts;
    const auto take = [&](const Row& row) {
      counts = {.sessions = row.integer(0), .bytes = row.integer(1)};
    };
    change.each(statement, take, values...);
    return counts;
  }

  static bool is_over(const Counts& counts, std::size_t sessions, std::size_t bytes) noexcept {
    return counts.sessions > 1 &&
           (counts.sessions > as_limit(sessions) || counts.bytes > as_limit(bytes));
  }

  /// Removes sessions beyond the limits, but never `kept`, the one that was used last.
  void evict(sqlite::Transaction& change, std::int64_t kept, const std::string& owner) {
    const auto own = [&] {
      return owner.empty() ? Counts() : count(change, statements_.of_owner, owner);
    };
    while (is_over(own(), limits_.sessions_per_principal, limits_.bytes_per_principal)) {
      if (!drop_own(change, kept, owner)) break;
    }
    while (is_over(count(change, statements_.totals), limits_.sessions, limits_.total_bytes)) {
      if (drop_own(change, kept, owner)) continue;
      change.run(statements_.drop_oldest, kept);
      if (sqlite3_changes(connection_.get()) == 0) break;
    }
  }

  /// \return whether there was one
  bool drop_own(sqlite::Transaction& change, std::int64_t kept, const std::string& owner) {
    if (owner.empty()) {
      change.run(statements_.drop_oldest_unowned, kept);
    } else {
      change.run(statements_.drop_oldest_of, kept, owner);
    }
    return sqlite3_changes(connection_.get()) > 0;
  }

  std::int64_t find_or_begin(sqlite::Transaction& change, const std::string& id,
                             const std::string& user_id, const Message& first, WallTime now) {
    std::int64_t key = 0;
    WallTime last_accessed;
    const auto take = [&](const Row& row) {
      key = row.integer(0);
      last_accessed = wall_time(row.integer(1));
    };
    change.each(statements_.find, take, id);
    if (key != 0 && last_accessed > now - idle_) return key;
    if (key != 0) change.run(statements_.forget, key);
    change.run(statements_.begin, id, user_id, milliseconds(begun_at(first, now)),
               std::string(principal_of(id)));
    return sqlite3_last_insert_rowid(connection_.get());
  }

  const SessionLimits limits_;
  const std::chrono::milliseconds idle_;
  const Duration patience_;
  const WallClock clock_;
  const SteadyClock steady_clock_;
  std::mutex mutex_;
  sqlite::Connection connection_;
  sqlite::Statements statements_;
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
  auto store = std::make_shared<SqliteSessionStore>(*std::move(connection), options);
  if (store->code() != SQLITE_OK) return cannot_open(sqlite3_errstr(store->code()));
  return store;
}

}  // namespace v0
}  // namespace vx11
