#pragma once

/// \file
/// What a store remembers of its database: the newest turn of sessions in use, and what is not
/// written yet of their uses and sums. Internal.

#include <vx11/session.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/sqlite_changes.hpp"
#include "store/sqlite_turns.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

using Milliseconds = std::int64_t;

/// A turn of which a summary can be made: its texts are cut, and it has no metadata.
using SharedTurn = std::shared_ptr<const Turn>;
SharedTurn for_summaries(const Message& question, const Message& answer);

/// The sums of a session's turns.
struct SessionSums {
  std::int64_t bytes = 0;
  std::int64_t turns = 0;  ///< 0: the sums are not known.

  bool is_known() const noexcept { return turns > 0; }
};

/// A session whose newest turn is known.
struct KnownSession {
  std::int64_t key = 0;
  Milliseconds last_accessed = 0;
  SharedTurn newest = nullptr;
  SessionSums sums = {};
};

/// A use of a session that is not in the database yet.
struct Touch {
  std::int64_t key = 0;
  Milliseconds at = 0;
  std::int64_t number = 0;  ///< `used` in the database, unless that is greater already.
  SessionSums sums = {};    ///< Known: they are not in the session's row yet either.
  bool is_turn = false;     ///< No reading, so the turn in the database has it, too.
  StoredTurns later = {};   ///< With the sums: the turns that are not in the session's list yet.
};

/// A session that a turn has used.
struct UsedSession {
  std::string id = {};
  KnownSession session = {};
  StoredTurn turn = {};
};

/// What one transaction changes.
struct SessionChanges {
  std::vector<UsedSession> used = {};
  bool used_are_written = false;  ///< With their sums; otherwise they become touches.
  std::vector<std::pair<std::string, std::int64_t>> removed = {};  ///< Ids and keys.
  /// Sessions of which turns were removed: their keys and sums. Their rows have these, and lists of
  /// all turns.
  std::vector<std::pair<std::string, KnownSession>> trimmed = {};
  bool changes_file = true;  ///< Otherwise the counter of changes stays.
  std::int64_t latest_use = 0;
  std::int64_t written_use = 0;     ///< The latest one in the database.
  std::vector<Touch> written = {};  ///< They are in the database now.
};

/// **Thread-safe.** Sessions are known as of one state of the database, and all are forgotten when
/// another process has changed it (`ChangeCounter`). The 16,384 sessions used last are known, a
/// kilobyte each.
///
/// Sums that are not written are dropped as well then: that process has counted the turns. While
/// others write, nothing is postponed, because each would count the turns of the others.
class SessionMemory {
 public:
  /// \param counter of a file; without one nothing is remembered, unless `is_private`: there are no
  ///        other processes
  SessionMemory(Milliseconds idle, ChangeCounter counter, bool is_private)
      : idle_(idle), counter_(counter), remembers_(is_private || counter.is_known()) {}

  /// A look-up: the answer, if it is known. A session that has expired is known to be absent.
  struct Answer {
    bool is_known = false;
    SharedTurn newest = nullptr;  ///< Null: no such session.
  };
  /// Counts as use of the session. \param touched is set if there was no unwritten use before
  Answer find(const std::string& id, Milliseconds now, bool& touched);

  /// The state of the database, to be taken before reading from it.
  std::uint64_t stamp();
  /// Remembers a session that was read from the database since `stamp`, unless that has changed.
  void learn(std::string id, KnownSession session, std::uint64_t stamp);

  /// Records a use. \return whether there was no unwritten one before
  bool touch(std::int64_t key, Milliseconds now);
  /// When the session was last used, according to the database or later.
  Milliseconds last_use(std::int64_t key, Milliseconds stored) const;
  /// How often turns have been moved from here into lists in the database, to be taken before
  /// reading these.
  std::uint64_t listings() const;
  /// The turns of a session that its list lacks.
  /// \param listings as it was before the list was read \return none: not known, look for them
  std::optional<StoredTurns> later(std::int64_t key, std::uint64_t listings) const;

  /// The uses that are not written yet, in their order.
  std::vector<Touch> touches() const;
  std::size_t touch_count() const;

  /// \name The writer's transactions
  /// \{
  /// How a transaction begins.
  struct Beginning {
    bool is_current = false;    ///< No other process has changed the database meanwhile.
    bool may_postpone = false;  ///< What turns change of sessions may be written later.
    std::size_t touches = 0;    ///< Uses that are not written …
    std::size_t with_sums = 0;  ///< … and how many of them have sums.
  };
  /// It holds the write lock, so no other process can change the database.
  Beginning begin_change();
  /// The greatest number of a use. \param in_file that of the database; the unwritten uses follow
  /// those of other processes
  std::int64_t latest_use(std::int64_t in_file);
  /// Sessions as of the last transaction, without their turns. One that is not known has no sums.
  std::vector<KnownSession> stored(const std::vector<const std::string*>& ids);
  /// Sums of a session that are not in its row.
  SessionSums unwritten_sums(std::int64_t key) const;
  /// Turns of a session that its list may lack.
  StoredTurns unlisted(std::int64_t key) const;
  /// It was committed. Without memory for the changes, all sessions are forgotten, and unwritten
  /// sums with them: the next transaction counts.
  void changed(SessionChanges changes) noexcept;
  void gave_up();
  /// \}

 private:
  using Known = std::unordered_map<std::string, KnownSession>;

  /// The two generations of a cache: what is used moves to the younger; once that is full, it
  /// becomes the older, whose rest is forgotten.
  static constexpr std::size_t kGeneration = 8'192;

  bool is_current() const noexcept;
  std::uint64_t stamp_locked() const noexcept;
  KnownSession* known(const std::string& id);
  void put(std::string id, KnownSession session);
  void note(SessionChanges& changes);
  void note_trimmed(const std::string& id, const KnownSession& session);
  void forget_all() noexcept;
  bool touch_locked(std::int64_t key, Milliseconds now);
  void postpone(const KnownSession& session, StoredTurn turn);
  void forget_touch(std::int64_t key);
  void forget_sums(Touch& touch) noexcept;
  void forget_later(Touch& touch) noexcept;
  void forget_all_sums() noexcept;

  const Milliseconds idle_;
  const ChangeCounter counter_;
  const bool remembers_;
  mutable std::mutex mutex_;
  Known young_;
  Known old_;
  std::uint32_t state_ = 0;  ///< Of the database, as far as it is known here.
  std::uint32_t epoch_ = 0;  ///< Grows whenever all is forgotten.
  bool changing_ = false;    ///< A transaction of this store is under way.
  bool counted_ = false;     ///< One has counted the turns that others stored.
  int written_at_once_ = 0;  ///< Transactions that are still to postpone nothing.
  std::unordered_map<std::int64_t, Touch> touches_;
  std::size_t with_sums_ = 0;  ///< Touches with sums.
  std::uint64_t listings_ = 0;
  std::int64_t latest_use_ = 0;   ///< The greatest number of a use …
  std::int64_t written_use_ = 0;  ///< … and that of the database, as far as it is known here.
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
