#include "operator/store/database.hpp"

#include <algorithm>
#include <limits>

#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

#include "gateway/log/log.hpp"

namespace backend {

namespace {

/// Bounds how long the first of them waits for the others.
constexpr std::size_t kMostTogether = 256;

vx11::Error too_many() {
  return vx11::Error(vx11::Errc::storage, "the database has too much to do; try again");
}

bool has_transaction(Connection& connection) {
  return sqlite3_get_autocommit(connection.sqlite().getHandle()) == 0;
}

}  // namespace

vx11::Result<std::shared_ptr<Database>> Database::open(DatabaseOptions options) {
  auto file = DatabaseFile::lock(options.path);
  if (!file) return vx11::fail(std::move(file.error()));
  auto writer = open_for_changes(file->name(), options.busy_timeout);
  if (!writer) return vx11::fail(std::move(writer.error()));
  auto reader = open_for_queries(file->name(), options.busy_timeout);
  if (!reader) return vx11::fail(std::move(reader.error()));
  return std::make_shared<Database>(std::move(*file), std::move(*writer), std::move(*reader),
                                    options.queue);
}

Database::Database(DatabaseFile file, Connection writer, Connection reader, std::size_t queue)
    : file_(std::move(file)),
      writer_(std::move(writer)),
      reader_(std::move(reader)),
      queue_limit_(std::max<std::size_t>(queue, 1)),
      changes_({.queue = std::numeric_limits<std::size_t>::max()}),  // `waiting_` is bounded
      queries_({.queue = queue_limit_}) {}

Database::~Database() = default;

vx11::Task<vx11::Result<>> Database::commit(detail::Change& change) {
  vx11::Task<vx11::Result<>> committing = commit_in_turn(change);
  vx11::Result<> committed = co_await std::move(committing);
  co_return counted(std::move(committed));
}

vx11::Result<> Database::counted(vx11::Result<> result) {
  if (!result) errors_.fetch_add(1, std::memory_order_relaxed);
  return result;
}

/// Each change waits for its own call on the thread. The first of them to be made takes all that
/// wait into one transaction; those of the others then find their change done.
vx11::Task<vx11::Result<>> Database::commit_in_turn(detail::Change& change) {
  if (!enqueue(change)) co_return vx11::fail(too_many());
  vx11::Task<vx11::Result<>> running = changes_.run([this, &change] {
    while (!change.has_ended) run_waiting();
  });
  vx11::Result<> made = co_await std::move(running);
  if (made) co_return std::move(change.outcome);
  withdraw(change);
  co_return vx11::fail(vx11::Errc::storage, made.error().detail);
}

bool Database::enqueue(detail::Change& change) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= queue_limit_) return false;
  waiting_.push_back(&change);
  return true;
}

std::size_t Database::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

/// There is no thread, and so nothing has taken it.
void Database::withdraw(detail::Change& change) {
  const std::lock_guard lock(mutex_);
  std::erase(waiting_, &change);
}

void Database::run_waiting() {
  Changes taken;
  {
    const std::lock_guard lock(mutex_);
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostTogether));
    taken.assign(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
  }
  run_together(taken);
}

void Database::run_together(const Changes& changes) {
  bool has_begun = false;
  const auto changes_before = writer_.sqlite().getTotalChanges();
  const vx11::Result<> stored = transact(changes, has_begun);
  if (!stored && has_begun && changes.size() > 1) {  // one of them may be at fault
    for (detail::Change* const change : changes) run_together({change});
    return;
  }
  const bool is_changed = writer_.sqlite().getTotalChanges() != changes_before;
  for (detail::Change* const change : changes) {
    if (!stored) change->outcome = vx11::fail(vx11::Error(stored.error()));
    if (is_changed || !change->outcome) note_outcome(change->outcome);
    change->has_ended = true;
    if (change->outcome) change->committed();
  }
}

void Database::note_outcome(const vx11::Result<>& outcome) {
  const bool did_store = stores_.exchange(outcome.has_value(), std::memory_order_relaxed);
  if (outcome || !did_store) return;
  const std::string reason = "the database stores nothing: " + outcome.error().detail;
  gateway::log_event(gateway::LogEvent::request_failed, {{"reason", reason}});
}

/// Of a file that is damaged the first page, where the version stands, may be whole.
vx11::Task<vx11::Result<>> Database::probe() {
  vx11::Task<vx11::Result<>> writing = write([](Connection& connection) {
    for (const char* table : {"logins", "events", "audit", "sessions", "turns", "settings"}) {
      connection.integer(std::string("SELECT 1 FROM ") + table + " LIMIT 1");
    }
    const auto version = connection.integer("PRAGMA user_version").value_or(0);
    connection.run("PRAGMA user_version = " + std::to_string(version));  // is written all the same
  });
  vx11::Result<> written = co_await std::move(writing);
  note_outcome(written);
  co_return written;
}

vx11::Result<> Database::transact(const Changes& changes, bool& has_begun) {
  try {
    SQLite::Transaction transaction(writer_.sqlite(), SQLite::TransactionBehavior::IMMEDIATE);
    has_begun = true;
    for (detail::Change* const change : changes) apply(*change);
    transaction.commit();
    return {};
  } catch (const SQLite::Exception& failure) {
    return vx11::fail(storage_error(failure));
  }
}

/// What fails of a change is undone, unless SQLite has rolled back the whole transaction.
void Database::apply(detail::Change& change) {
  change.outcome = {};
  bool is_kept = false;
  writer_.run("SAVEPOINT change");
  try {
    is_kept = change.apply(writer_);
  } catch (const SQLite::Exception& failure) {
    if (!has_transaction(writer_)) throw;
    change.outcome = vx11::fail(storage_error(failure));
  } catch (const std::exception& error) {
    gateway::log_event(gateway::LogEvent::request_failed, {{"reason", error.what()}});
    change.outcome = vx11::fail(vx11::Errc::storage, "the change could not be made");
  }
  if (!is_kept) writer_.run("ROLLBACK TO change");
  writer_.run("RELEASE change");
}

vx11::Task<vx11::Result<>> Database::empty_log() {
  vx11::Task<vx11::Result<>> running = changes_.run([this]() -> vx11::Result<> {
    try {
      const bool is_held = writer_.integer("PRAGMA wal_checkpoint(TRUNCATE)") != 0;
      if (is_held) return vx11::fail(vx11::Errc::storage, "a query uses the log of the database");
      return {};
    } catch (const SQLite::Exception& failure) {
      return vx11::fail(storage_error(failure));
    }
  });
  co_return co_await std::move(running);
}

vx11::Task<vx11::Result<>> Database::run_query(Query query) {
  vx11::Task<vx11::Result<>> running = queries_.run([this, query] { return query_now(query); });
  vx11::Result<> made = co_await std::move(running);
  if (!made && made.error().code != vx11::Errc::storage) made = vx11::fail(too_many());
  co_return counted(std::move(made));
}

vx11::Result<> Database::query_now(Query query) {
  try {
    SQLite::Transaction one_state(reader_.sqlite());
    query(reader_);
    return {};
  } catch (const SQLite::Exception& failure) {
    return vx11::fail(storage_error(failure));
  }
}

}  // namespace backend
