#pragma once

/// \file
/// The database of the backend: one SQLite file.

#include <vx11/blocking.hpp>
#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "operator/store/connection.hpp"
#include "operator/store/database_file.hpp"

namespace backend {

struct DatabaseOptions {
  std::string path = {};  ///< On a local disk. Made for its owner alone, with its folder.
  /// How long a change waits for another process that has locked the file, such as a backup.
  std::chrono::milliseconds busy_timeout = std::chrono::seconds(2);
  /// The most changes that wait, and queries. Beyond them they fail at once.
  std::size_t queue = 4'096;
};

namespace detail {

/// One change, part of the coroutine that waits for it.
class Change {
 public:
  Change() = default;
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  /// \return false: it is rolled back, and the others of its transaction are not
  virtual bool apply(Connection& connection) = 0;
  virtual void committed() = 0;

  vx11::Result<> outcome = {};
  bool has_ended = false;

 protected:
  ~Change() = default;
};

template <class Value>
struct DatabaseResultOf {
  using Type = vx11::Result<Value>;
};
template <class Value>
struct DatabaseResultOf<vx11::Result<Value>> {
  using Type = vx11::Result<Value>;
};
template <class Function>
using DatabaseResult =
    typename DatabaseResultOf<std::invoke_result_t<Function&, Connection&>>::Type;

/// Calls `function`; its result is the optional's value afterwards.
template <class Function>
void call_into(Function& function, Connection& connection,
               std::optional<DatabaseResult<Function>>& result) {
  if constexpr (std::is_void_v<std::invoke_result_t<Function&, Connection&>>) {
    function(connection);
    result.emplace();
  } else {
    result.emplace(function(connection));
  }
}

template <class Function, class Committed>
class ChangeOf final : public Change {
 public:
  ChangeOf(Function& function, Committed& on_commit) noexcept
      : function_(function), committed_(on_commit) {}
  bool apply(Connection& connection) override {
    call_into(function_, connection, result);
    return result->has_value();
  }
  void committed() override {
    if (*result) committed_(*result);
  }

  std::optional<DatabaseResult<Function>> result = std::nullopt;

 private:
  Function& function_;
  Committed& committed_;
};

}  // namespace detail

/// One file with everything that outlives the program: logins, events, audit, transcripts,
/// settings. Changes that wait share a transaction, and **none is acknowledged before that is on
/// the disk**. Two threads do the work, so that no event loop waits for a disk: one for changes,
/// one for queries, which see what was acknowledged before.
///
/// A file that is locked, full or broken fails what needs it, with `storage`, and is tried again by
/// the next call. One process has the file; a second one is refused.
///
/// **Thread-safe**; outlives its tasks.
class Database {
 public:
  /// Opens or creates the file, and brings its tables up to date.
  /// \return `storage` if it cannot be opened, is on a network share, is another program's, was
  ///         written by a newer version or is used by another process
  static vx11::Result<std::shared_ptr<Database>> open(DatabaseOptions options);

  /// Only for `open`.
  Database(DatabaseFile file, Connection writer, Connection reader, std::size_t queue);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Calls `change(Connection&)` in a transaction and completes once that is on the disk. It may be
  /// called again if the transaction fails because of another change.
  /// \param committed called with the result after the commit, on the database's thread, in the
  ///                  order of the changes; must not block or throw
  /// \return what `change` returns, which may be a `Result`; after an error its changes are rolled
  ///         back. `storage` if it cannot be stored
  template <class Function, class Committed>
  vx11::Task<detail::DatabaseResult<Function>> write(Function change, Committed committed) {
    detail::ChangeOf<Function, Committed> waiting(change, committed);
    vx11::Task<vx11::Result<>> committing = commit(waiting);
    vx11::Result<> stored = co_await std::move(committing);
    if (!stored) co_return vx11::fail(std::move(stored.error()));
    co_return std::move(*waiting.result);
  }
  template <class Function>
  vx11::Task<detail::DatabaseResult<Function>> write(Function change) {
    return write(std::move(change), [](const auto&) {});
  }

  /// Calls `query(Connection&)`, whose statements see one state of the file.
  /// \return what `query` returns, which may be a `Result`; `storage` if it cannot be read
  template <class Function>
  vx11::Task<detail::DatabaseResult<Function>> read(Function query) {
    std::optional<detail::DatabaseResult<Function>> result;
    const auto call = [&query, &result](Connection& connection) {
      detail::call_into(query, connection, result);
    };
    const Query erased(call);
    vx11::Task<vx11::Result<>> reading = run_query(erased);
    vx11::Result<> was_read = co_await std::move(reading);
    if (!was_read) co_return vx11::fail(std::move(was_read.error()));
    co_return std::move(*result);
  }

  /// Takes what is no longer valid, such as deleted text, out of the write-ahead log.
  /// \return `storage` if that cannot be done now
  vx11::Task<vx11::Result<>> empty_log();

  /// Whether the last change that had to be stored was: false while the disk is full or the file is
  /// locked.
  bool stores() const noexcept { return stores_.load(std::memory_order_relaxed); }
  /// Writes to the disk, to find out whether it `stores` again.
  vx11::Task<vx11::Result<>> probe();
  /// Changes and queries that failed with `storage`.
  std::uint64_t errors() const noexcept { return errors_.load(std::memory_order_relaxed); }
  /// Changes that have not begun.
  std::size_t waiting() const;

 private:
  /// A view of a function.
  class Query {
   public:
    template <class Function>
    explicit Query(const Function& function) noexcept
        : function_(&function), call_([](const void* held, Connection& connection) {
            (*static_cast<const Function*>(held))(connection);
          }) {}
    void operator()(Connection& connection) const { call_(function_, connection); }

   private:
    const void* function_;
    void (*call_)(const void*, Connection&);
  };
  using Changes = std::vector<detail::Change*>;

  vx11::Task<vx11::Result<>> commit(detail::Change& change);
  vx11::Task<vx11::Result<>> commit_in_turn(detail::Change& change);
  vx11::Result<> counted(vx11::Result<> result);
  vx11::Task<vx11::Result<>> run_query(Query query);
  vx11::Result<> query_now(Query query);
  bool enqueue(detail::Change& change);
  void withdraw(detail::Change& change);
  void run_waiting();
  void run_together(const Changes& changes);
  vx11::Result<> transact(const Changes& changes, bool& has_begun);
  void apply(detail::Change& change);
  void note_outcome(const vx11::Result<>& outcome);

  DatabaseFile file_;  ///< First: unlocked after the connections were closed.
  Connection writer_;
  Connection reader_;
  const std::size_t queue_limit_;
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<bool> stores_ = true;
  mutable std::mutex mutex_;
  Changes waiting_ = {};
  vx11::BlockingPool changes_;  ///< The pools are the last members: their threads end first.
  vx11::BlockingPool queries_;
};

}  // namespace backend
