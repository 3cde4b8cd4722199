#pragma once

/// \file
/// Changes of a session database: many operations in one transaction. Internal.

#include <vx11/clock.hpp>
#include <vx11/session.hpp>

#include <atomic>
#include <cstdint>
#include <forward_list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/sqlite_clock.hpp"
#include "store/sqlite_lane.hpp"
#include "store/sqlite_memory.hpp"
#include "store/sqlite_statements.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// SQLite takes a negative limit for none.
std::int64_t as_limit(std::size_t count) noexcept;

/// A turn as it is stored. Made by the thread that has its text in its caches, not by the writer's.
struct NewTurn {
  NewTurn(const Turn& turn, WallClock clock);

  std::string packed;
  std::int64_t bytes = 0;
  SharedTurn newest;  ///< For `SessionMemory`.
  WallTime at;        ///< When a session begins with it.
};

/// Sessions and bytes of all or of one principal.
struct Counts {
  std::int64_t sessions = 0;
  std::int64_t bytes = 0;
};

/// What the database holds, and what this store has removed, as of its writer's last transaction;
/// what other processes have changed since then is not in it. Read by any thread.
struct Tally {
  std::atomic<std::int64_t> sessions = -1;  ///< -1: not known, as the bytes then.
  std::atomic<std::int64_t> bytes = 0;
  std::atomic<std::uint64_t> evicted = 0;  ///< For want of room.
  std::atomic<std::uint64_t> expired = 0;

  void hold(const Counts& counts) noexcept {
    sessions.store(counts.sessions, std::memory_order_relaxed);
    bytes.store(counts.bytes, std::memory_order_relaxed);
  }
};

/// What a writer knows of the database after its last transaction, as long as no other process
/// changes it: begins the next one without reading.
struct LastChange {
  bool is_known = false;
  Counts totals = {};
  std::int64_t counted = 0;
  std::int64_t turn = 0;  ///< The key of the newest.
  std::int64_t use = 0;   ///< The greatest number of use.
  Milliseconds none_expires_before = 0;
};

/// Sessions of which old turns are to be removed, many at once because their pages are shared.
using DueSessions = std::unordered_set<std::string>;

/// One transaction of a writer. Keeps the first failure and skips what follows it.
///
/// Sums of all and of principals are read once and written once for each transaction.
///
/// What an append changes of its session's row (last use, order of use, bytes, turns) is postponed:
/// `SessionMemory` keeps it, and a later transaction writes it, once for many turns. The column
/// `counted` of `totals` says up to which turn the rows are right. Without that memory, in another
/// process or after a crash, the first transaction counts the later turns.
class SessionChange {
 public:
  SessionChange(WriterStatements& statements, SessionMemory& memory, LastChange& last,
                DueSessions& due, Tally& tally, const SessionLimits& limits, Milliseconds idle,
                Milliseconds now) noexcept
      : statements_(statements),
        memory_(memory),
        last_(last),
        due_(due),
        tally_(tally),
        limits_(limits),
        idle_(idle),
        now_(now) {}

  /// Begins the transaction, which takes the write lock.
  Code begin();
  /// Finds out what is known of the sessions that are changed next.
  void look_up(const std::vector<const std::string*>& ids);
  /// \param id it and `turn` are kept until the end, as those of `look_up` and `erase` are
  void append(const std::string& id, const std::string& user_id, const NewTurn& turn);
  /// \return whether there was one
  bool erase(const std::string& id);
  /// Removes expired sessions, at most two for each of `appends`.
  void sweep(std::size_t appends);
  /// Removes at most `most` sessions beyond the limits of all. \return whether some remain
  bool shrink(int most);
  /// Removes the turns beyond the limit of the sessions that are due for it, as the only step of
  /// its transaction. After a failure they are still due.
  void trim_due();
  /// Writes the uses that are only in memory.
  void write_touches();
  Code commit();
  void roll_back();

  Code code() const noexcept { return code_; }
  bool is_over() { return is_over(totals_, limits_.sessions, limits_.total_bytes); }

 private:
  /// Without a key: there is none.
  struct Stored {
    std::int64_t key = 0;
    Milliseconds last_accessed = 0;
    SessionSums sums = {};
    StoredTurns appended = {};  ///< In this transaction.
  };
  struct Candidate {
    std::int64_t key = 0;
    std::string id = {};
    std::string owner = {};
    std::int64_t bytes = 0;
    std::int64_t used = 0;
    Milliseconds last_accessed = 0;
  };
  using Candidates = std::vector<Candidate>;

  template <class... Values>
  void run(Statement& statement, const Values&... values) {
    if (code_ == SQLITE_OK) code_ = statement.run(values...);
  }
  template <class Visit, class... Values>
  void each(Statement& statement, const Visit& visit, const Values&... values) {
    if (code_ == SQLITE_OK) code_ = statement.each(visit, values...);
  }

  static bool is_over(const Counts& counts, std::size_t sessions, std::size_t bytes) noexcept;
  void read_totals();
  void count_turns_of_others();
  bool is_overdue(const SessionMemory::Beginning& beginning) const noexcept;
  void write_uses();
  void write_row(std::int64_t key, Milliseconds at, std::int64_t number, const StoredTurns& turns);
  std::int64_t next_use() noexcept { return written_use_ = ++used_; }
  void use(const std::string& id, const Stored& session, const NewTurn& turn);
  Stored& find(const std::string& id);
  void find_row(const std::string& id, Stored& session);
  Stored& find_or_begin(const std::string& id, const std::string& user_id, WallTime begun);
  bool is_expired(std::int64_t key, Milliseconds last_accessed) const;
  StoredTurn say(std::int64_t session, const NewTurn& turn);
  StoredTurns listed(std::int64_t session);
  StoredTurns turns_of(std::int64_t session, const StoredTurns& appended);
  bool is_over(const SessionSums& sums, std::int64_t turns) const noexcept;
  std::int64_t most_turns() const noexcept;
  void trim_later(const std::string& id, Stored& session, std::string_view owner);
  void trim(Stored& session, std::string_view owner);
  void count(std::string_view owner, std::int64_t sessions, std::int64_t bytes);
  Counts& of_owner(std::string_view owner);
  void forget(std::int64_t key, const std::string& id, std::string_view owner, std::int64_t bytes);
  void write_turns();
  void remove_turns();
  void evict(std::int64_t kept, const std::string& owner);
  bool evict_one(std::int64_t kept, const std::string* owner);
  static Candidate candidate_at(const Row& row);
  Candidates expired(Statement& statement, std::int64_t most);
  Candidates oldest(Statement& statement, std::int64_t kept, std::int64_t most);
  Candidates oldest_of(std::int64_t kept, const std::string& owner);
  Candidates oldest_of_all(std::int64_t kept);
  void write_sums();
  void publish() noexcept;

  WriterStatements& statements_;
  SessionMemory& memory_;
  LastChange& last_;
  DueSessions& due_;
  Tally& tally_;
  const SessionLimits& limits_;
  const Milliseconds idle_;
  const Milliseconds now_;
  Code code_ = SQLITE_OK;
  Counts totals_ = {};
  std::uint64_t evicted_ = 0;
  std::uint64_t expired_ = 0;
  std::map<std::string, Counts, std::less<>> owners_ = {};
  int pages_before_ = 0;        ///< Those that the connection had written.
  std::int64_t counted_ = 0;    ///< Up to this turn the rows of sessions are right.
  std::int64_t last_turn_ = 0;  ///< The key of the newest turn.
  Milliseconds none_expires_before_ = 0;
  bool postpones_ = false;  ///< The rows of used sessions are written later.
  /// The greatest number of use. Unwritten uses precede this change.
  std::int64_t used_ = 0;
  std::int64_t written_use_ = 0;  ///< That of the database.
  bool touches_written_ = false;
  bool due_trimmed_ = false;
  SessionChanges changes_ = {};
  /// A row of `turns`.
  struct SaidTurn {
    std::int64_t key = 0;
    std::int64_t session = 0;
    std::int64_t bytes = 0;
    std::string_view packed = {};
  };
  std::vector<SaidTurn> said_ = {};            ///< To be written at the end, in their order.
  std::vector<std::int64_t> gone_turns_ = {};  ///< To be removed at the end, in their order.
  /// Sessions that left. A new one may have the key of one of them.
  std::unordered_set<std::int64_t> gone_sessions_ = {};
  /// Sessions of this transaction, as far as they are known. Without a key: there is none.
  std::unordered_map<std::string_view, Stored> changed_ = {};
  std::forward_list<std::string> gone_ids_ = {};  ///< Keys of `changed_` that no caller keeps.
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
