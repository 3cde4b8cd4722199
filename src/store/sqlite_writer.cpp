#include "store/sqlite_writer.hpp"

#include <vx11/session_store.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include "store/limits.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// The most sessions that one append evicts, so that lowered limits do not stall the others. Later
/// changes continue.
constexpr int kEvictedPerAppend = 16;
/// From as many postponed rows on they are written: a few milliseconds.
constexpr std::size_t kPostponedRows = 1'024;
/// Turns that are not counted, likewise. After a crash the first append counts them: a tenth of a
/// second.
constexpr std::int64_t kUncountedTurns = 16'384;
/// Unwritten uses by reading, likewise.
constexpr std::size_t kTouches = 4'096;

/// By all transactions of a connection.
int pages_written(sqlite3* database) noexcept {
  int pages = 0;
  int unused = 0;
  sqlite3_db_status(database, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &unused, 0);
  return pages;
}

std::int64_t milliseconds(WallTime time) noexcept {
  return time.time_since_epoch().count();
}

}  // namespace

std::int64_t as_limit(std::size_t count) noexcept {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(count, kMost));
}

Code SessionChange::begin() {
  code_ = statements_.begin_change.run();
  if (code_ != SQLITE_OK) return code_;
  pages_before_ = pages_written(statements_.database);
  const SessionMemory::Beginning beginning = memory_.begin_change();
  postpones_ = beginning.may_postpone;
  if (!beginning.is_current) last_ = {};
  if (!last_.is_known) read_totals();
  totals_ = last_.totals;
  counted_ = last_.counted;
  last_turn_ = last_.turn;
  used_ = last_.use;
  none_expires_before_ = last_.none_expires_before;
  if (!beginning.is_current) count_turns_of_others();
  written_use_ = used_;
  used_ = memory_.latest_use(used_);
  if (is_overdue(beginning)) write_touches();
  return code_;
}

void SessionChange::read_totals() {
  each(statements_.totals, [this](const Row& row) {
    last_.totals = {.sessions = row.integer(0), .bytes = row.integer(1)};
    last_.counted = row.integer(2);
    // Keys of removed turns are not used again.
    last_.turn = std::max(last_.counted, row.integer(3));
  });
  each(statements_.last_use, [this](const Row& row) { last_.use = row.integer(0); });
}

bool SessionChange::is_overdue(const SessionMemory::Beginning& beginning) const noexcept {
  return beginning.touches >= kTouches || beginning.with_sums >= kPostponedRows ||
         last_turn_ - counted_ >= kUncountedTurns;
}

void SessionChange::append(const std::string& id, const std::string& user_id, const NewTurn& turn) {
  const std::string owner(principal_of(id));
  Stored& session = find_or_begin(id, user_id, turn.at);
  const StoredTurn stored = say(session.key, turn);
  session.appended.push_back(stored);
  session.last_accessed = now_;
  session.sums.bytes += stored.bytes;
  ++session.sums.turns;
  count(owner, 0, stored.bytes);
  trim_later(id, session, owner);
  if (code_ != SQLITE_OK) return;
  use(id, session, turn);
  evict(session.key, owner);
}

void SessionChange::use(const std::string& id, const Stored& session, const NewTurn& turn) {
  if (!postpones_) {
    write_row(session.key, now_, next_use(), turns_of(session.key, session.appended));
  }
  KnownSession known{session.key, now_, turn.newest, session.sums};
  changes_.used.push_back({id, std::move(known), session.appended.back()});
}

bool SessionChange::erase(const std::string& id) {
  const Stored& session = find(id);
  if (code_ != SQLITE_OK || session.key == 0) return false;
  const bool was_there = !is_expired(session.key, session.last_accessed);
  forget(session.key, id, principal_of(id), session.sums.bytes);
  return was_there;
}

void SessionChange::sweep(std::size_t appends) {
  if (now_ < none_expires_before_) return;
  none_expires_before_ = now_ + idle_;
  const auto most = static_cast<std::int64_t>(detail::kSweptPerAppend * appends);
  for (Statement* const statement : {&statements_.oldest_unowned, &statements_.oldest_owned}) {
    const Candidates found = expired(*statement, most);
    if (std::ssize(found) == most) none_expires_before_ = now_;  // there may be more
    for (const Candidate& candidate : found) {
      forget(candidate.key, candidate.id, candidate.owner, candidate.bytes);
      ++expired_;
    }
  }
}

/// Of the least recently used sessions those that have expired.
SessionChange::Candidates SessionChange::expired(Statement& statement, std::int64_t most) {
  Candidates found;
  bool use_is_unwritten = false;
  const auto take = [&](const Row& row) {
    Candidate candidate = candidate_at(row);
    if (candidate.last_accessed > now_ - idle_) {  // nor have those that follow
      none_expires_before_ = std::min(none_expires_before_, candidate.last_accessed + idle_);
      return false;
    }
    if (!is_expired(candidate.key, candidate.last_accessed)) return use_is_unwritten = true;
    const SessionSums sums = memory_.unwritten_sums(candidate.key);
    if (sums.is_known()) candidate.bytes = sums.bytes;
    found.push_back(std::move(candidate));
    return true;
  };
  each(statement, take, std::int64_t(0), most);
  // Once written, they do not take the place of others that have expired.
  if (use_is_unwritten) {
    none_expires_before_ = now_;
    write_touches();
  }
  return found;
}

bool SessionChange::shrink(int most) {
  for (; most > 0 && code_ == SQLITE_OK && is_over(); --most) {
    if (!evict_one(0, nullptr)) break;
  }
  return is_over();
}

void SessionChange::write_touches() {
  if (std::exchange(touches_written_, true)) return;
  for (const Touch& touch : memory_.touches()) {
    if (gone_sessions_.contains(touch.key)) continue;
    const std::int64_t number = std::min(touch.number, used_);
    written_use_ = std::max(written_use_, number);
    if (touch.sums.is_known()) {
      StoredTurns turns = listed(touch.key);
      add_later(turns, touch.later);
      write_row(touch.key, touch.at, number, turns);
    } else {
      run(statements_.touch, touch.key, touch.at, number);
    }
    changes_.written.push_back(touch);
  }
  if (std::exchange(postpones_, false)) write_uses();
}

/// Those of this transaction so far. From here on it writes each at once.
void SessionChange::write_uses() {
  for (const auto& [id, session, turn] : changes_.used) {
    write_row(session.key, session.last_accessed, next_use(),
              turns_of(session.key, changed_[id].appended));
  }
}

Code SessionChange::commit() {
  if (!postpones_) counted_ = last_turn_;
  changes_.used_are_written = !postpones_;
  write_turns();
  remove_turns();
  write_sums();
  changes_.latest_use = used_;
  changes_.written_use = written_use_;
  run(statements_.commit);
  changes_.changes_file = pages_written(statements_.database) != pages_before_;
  if (code_ == SQLITE_OK) {
    last_ = {true, totals_, counted_, last_turn_, written_use_, none_expires_before_};
    publish();
    memory_.changed(std::move(changes_));
    if (due_trimmed_) due_.clear();
  } else {
    roll_back();
  }
  return code_;
}

void SessionChange::publish() noexcept {
  tally_.hold(totals_);
  tally_.evicted.fetch_add(evicted_, std::memory_order_relaxed);
  tally_.expired.fetch_add(expired_, std::memory_order_relaxed);
}

void SessionChange::roll_back() {
  last_ = {};
  memory_.gave_up();
  // On some failures SQLite has already rolled back.
  if (sqlite3_get_autocommit(statements_.database) == 0) execute(statements_.database, "ROLLBACK");
}

void SessionChange::look_up(const std::vector<const std::string*>& ids) {
  const std::vector<KnownSession> known = memory_.stored(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& [key, last_accessed, newest, sums] = known[i];
    if (sums.is_known()) changed_.try_emplace(*ids[i], Stored{key, last_accessed, sums});
  }
}

/// Valid as long as this: a session that leaves keeps its place, without a key.
SessionChange::Stored& SessionChange::find(const std::string& id) {
  const auto [found, is_new] = changed_.try_emplace(id);
  if (is_new) find_row(id, found->second);
  return found->second;
}

void SessionChange::find_row(const std::string& id, Stored& session) {
  const auto take = [&](const Row& row) {
    session.key = row.integer(0);
    session.last_accessed = row.integer(1);
    session.sums = {row.integer(2), row.integer(3)};
  };
  each(statements_.find, take, id);
  const SessionSums sums = memory_.unwritten_sums(session.key);
  if (sums.is_known()) session.sums = sums;
}

SessionChange::Stored& SessionChange::find_or_begin(const std::string& id,
                                                    const std::string& user_id, WallTime begun) {
  Stored& session = find(id);
  const std::string_view owner = principal_of(id);
  if (session.key != 0) {
    if (!is_expired(session.key, session.last_accessed)) return session;
    forget(session.key, id, owner, session.sums.bytes);
    ++expired_;
  }
  run(statements_.begin, id, user_id, milliseconds(begun), now_, used_, owner);
  written_use_ = std::max(written_use_, used_);
  count(owner, 1, 0);
  session.key = sqlite3_last_insert_rowid(statements_.database);
  return session;
}

bool SessionChange::is_expired(std::int64_t key, Milliseconds last_accessed) const {
  return last_accessed <= now_ - idle_ && memory_.last_use(key, last_accessed) <= now_ - idle_;
}

Counts& SessionChange::of_owner(std::string_view owner) {
  const auto found = owners_.find(owner);
  if (found != owners_.end()) return found->second;
  Counts& counts = owners_[std::string(owner)];
  each(
      statements_.of_owner,
      [&](const Row& row) { counts = {.sessions = row.integer(0), .bytes = row.integer(1)}; },
      owner);
  return counts;
}

void SessionChange::count(std::string_view owner, std::int64_t sessions, std::int64_t bytes) {
  totals_.sessions += sessions;
  totals_.bytes += bytes;
  if (owner.empty()) return;
  Counts& own = of_owner(owner);
  own.sessions += sessions;
  own.bytes += bytes;
}

void SessionChange::forget(std::int64_t key, const std::string& id, std::string_view owner,
                           std::int64_t bytes) {
  const auto found = changed_.find(id);
  Stored& session = found != changed_.end() ? found->second : changed_[gone_ids_.emplace_front(id)];
  for (const StoredTurn& turn : turns_of(key, session.appended)) gone_turns_.push_back(turn.key);
  run(statements_.forget, key);
  count(owner, -1, -bytes);
  session = {};
  gone_sessions_.insert(key);
  changes_.removed.emplace_back(id, key);
  std::erase_if(changes_.used, [&](const UsedSession& used) { return used.id == id; });
}

bool SessionChange::is_over(const Counts& counts, std::size_t sessions,
                            std::size_t bytes) noexcept {
  return counts.sessions > 1 &&
         (counts.sessions > as_limit(sessions) || counts.bytes > as_limit(bytes));
}

/// Removes sessions beyond the limits, but never `kept`, the one that was used last.
void SessionChange::evict(std::int64_t kept, const std::string& owner) {
  const auto own_is_over = [&] {
    return !owner.empty() &&
           is_over(of_owner(owner), limits_.sessions_per_principal, limits_.bytes_per_principal);
  };
  int left = kEvictedPerAppend;
  while (left > 0 && code_ == SQLITE_OK && own_is_over()) {
    const Candidates own = oldest_of(kept, owner);
    if (own.empty()) break;
    forget(own.front().key, own.front().id, owner, own.front().bytes);
    ++evicted_;
    --left;
  }
  for (; left > 0 && code_ == SQLITE_OK && is_over(); --left) {
    if (!evict_one(kept, &owner)) break;
  }
}

/// The least recently used session of `owner`, if it has another one, otherwise of all.
bool SessionChange::evict_one(std::int64_t kept, const std::string* owner) {
  Candidates found;
  if (owner != nullptr) found = oldest_of(kept, *owner);
  if (found.empty()) found = oldest_of_all(kept);
  if (found.empty()) return false;
  const Candidate& gone = found.front();
  forget(gone.key, gone.id, gone.owner, gone.bytes);
  ++evicted_;
  return true;
}

/// What is to be removed depends on uses that are not written yet.
SessionChange::Candidates SessionChange::oldest(Statement& statement, std::int64_t kept,
                                                std::int64_t most) {
  Candidates found;
  const auto take = [&](const Row& row) { found.push_back(candidate_at(row)); };
  each(statement, take, kept, most);
  return found;
}

SessionChange::Candidate SessionChange::candidate_at(const Row& row) {
  return {row.integer(0),
          std::string(row.bytes(1)),
          std::string(row.bytes(2)),
          row.integer(3),
          row.integer(4),
          row.integer(5)};
}

SessionChange::Candidates SessionChange::oldest_of(std::int64_t kept, const std::string& owner) {
  write_touches();
  if (owner.empty()) return oldest(statements_.oldest_unowned, kept, 1);
  Candidates found;
  const auto take = [&](const Row& row) {
    found.push_back({row.integer(0), std::string(row.bytes(1)), owner, row.integer(3),
                     row.integer(4), row.integer(5)});
  };
  each(statements_.oldest_of, take, kept, std::int64_t(1), owner);
  return found;
}

SessionChange::Candidates SessionChange::oldest_of_all(std::int64_t kept) {
  write_touches();
  Candidates unowned = oldest(statements_.oldest_unowned, kept, 1);
  Candidates owned = oldest(statements_.oldest_owned, kept, 1);
  if (unowned.empty() || owned.empty()) return unowned.empty() ? owned : unowned;
  return unowned.front().used < owned.front().used ? unowned : owned;
}

void SessionChange::write_sums() {
  run(statements_.set_totals, totals_.sessions, totals_.bytes, counted_);
  for (const auto& [owner, counts] : owners_) {
    if (counts.sessions > 0) {
      run(statements_.set_owner, owner, counts.sessions, counts.bytes);
    } else {
      run(statements_.forget_owner, owner);
    }
  }
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
