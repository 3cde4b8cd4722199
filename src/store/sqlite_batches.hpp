#pragma once

/// \file
/// How a session database is read and written: operations that wait share a transaction. Internal.

#include <vx11/session_store.hpp>
#include <vx11/store/sqlite.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "store/sqlite_clock.hpp"
#include "store/sqlite_file.hpp"
#include "store/sqlite_lane.hpp"
#include "store/sqlite_log_writes.hpp"
#include "store/sqlite_memory.hpp"
#include "store/sqlite_statements.hpp"
#include "store/sqlite_writer.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

inline void end_all(const Jobs& jobs, Code code) noexcept {
  for (Job* const job : jobs) job->end_with(code);
}

/// Beside SQLite's codes: the file is not the one at its path any more.
inline constexpr Code kMoved = -1;
inline constexpr Code kLogMoved = -3;

/// What all parts of a store share.
struct Shared {
  SessionLimits limits;
  Milliseconds idle;
  WallClock wall_clock;
  SteadyClock steady_clock;
  LastingClock clock;
  SessionMemory memory;
  Tally tally = {};
  SessionDurability durability = SessionDurability::process;
};

/// How long a connection waits for another process that holds the file. Exists as long as it.
class Patience {
 public:
  explicit Patience(sqlite3* database) noexcept { sqlite3_busy_handler(database, &wait, this); }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;
  ~Patience() = default;

  /// From now on.
  void at_most(Duration left) noexcept;

 private:
  static int wait(void* self, int waits) noexcept;

  Milliseconds left_ = 0;
};

/// Reads the newest messages of a session, which counts as use of it.
class ReadJob final : public Job {
 public:
  ReadJob(TimePoint until, const std::string& id, std::size_t messages)
      : Job(until), id(id), messages(messages) {}
  bool reads() const noexcept override { return true; }

  const std::string& id;
  const std::size_t messages;
  Session session = {};  ///< Without messages: there is none.
};

/// Changes a session.
class WriteJob : public Job {
 public:
  WriteJob(TimePoint until, const std::string& id) : Job(until), id(id) {}
  bool reads() const noexcept override { return false; }
  virtual void apply(SessionChange& change) = 0;
  virtual bool appends() const noexcept { return false; }

  const std::string& id;
};

/// Runs reads on a connection; used by one thread.
class Reader {
 public:
  Reader(sqlite3* database, Shared& shared)
      : database_(database), shared_(shared), patience_(database), statements_(database) {}

  Code code() const noexcept { return statements_.code(); }
  /// \return whether a use was noted that is to be written
  bool run(const Jobs& jobs);

 private:
  Code read(ReadJob& job);
  /// A session's row.
  struct Found {
    std::int64_t key = 0;
    Milliseconds last_use = 0;
    StoredTurns turns = {};
  };
  Code find(ReadJob& job, Found& found);
  Code add_unlisted(Found& found);
  Code read_newest(ReadJob& job, Found& found, std::size_t most);
  void remember(const ReadJob& job, std::int64_t key);

  sqlite3* database_;
  Shared& shared_;
  Patience patience_;
  ReaderStatements statements_;
  std::uint64_t stamp_ = 0;
  std::uint64_t listings_ = 0;
  bool noted_use_ = false;
};

/// Runs changes on a connection; used by one thread.
class Writer {
 public:
  Writer(Connection connection, std::string name, Shared& shared);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  Code code() const noexcept { return statements_.code(); }
  sqlite3* database() const noexcept { return connection_.get(); }
  void run(const Jobs& jobs);
  /// What no caller waits for: checkpoints, and limits that were lowered.
  void tidy_up() noexcept;
  bool has_idle_work() const { return has_touches() || !due_.empty(); }
  void do_idle_work() noexcept;

 private:
  /// Of how many sessions old turns are removed together: less than a millisecond.
  static constexpr std::size_t kDueTogether = 128;

  void together(Jobs jobs);
  static void apply(const Jobs& jobs, SessionChange& change);
  void singly(const Jobs& jobs, Code code);
  template <class Steps>
  Code transact(const Steps& steps) noexcept;
  template <class Steps>
  static Code run(SessionChange& change, const Steps& steps) noexcept;
  Code change(const Jobs& jobs) noexcept;
  Jobs refuse_overdue(const Jobs& jobs) const;
  void trim_due() noexcept;
  bool has_touches() const { return shared_.memory.touch_count() > 0; }
  void tidy_up_log() noexcept;
  void checkpoint() noexcept;
  SessionChange new_change() {
    return SessionChange(statements_, shared_.memory, last_change_, due_, shared_.tally,
                         shared_.limits, shared_.idle, shared_.clock.now());
  }

  LogWrites log_writes_;
  Patience patience_;
  Connection connection_;
  LogFile log_ = {};
  const std::string name_;
  Shared& shared_;
  WriterStatements statements_;
  LastChange last_change_;
  DueSessions due_;
  /// From as many on they are trimmed without waiting for idle time. Grows by those that failed, so
  /// that they are not tried after each turn.
  std::size_t trims_from_ = kDueTogether;
  Milliseconds touches_written_ = 0;  ///< When a transaction of turns wrote them.
  bool is_over_ = false;              ///< Limits are exceeded, because they were lowered.
  int frames_ = 0;                    ///< Pages in the write-ahead log.
  bool copying_ = false;              ///< A copy of the log into the database is under way.
  int copied_frames_ = 0;             ///< Pages of the log when the last copy began.
  std::atomic<bool> copied_ = false;  ///< That copy has ended.
  Workers checkpoints_{1};
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
