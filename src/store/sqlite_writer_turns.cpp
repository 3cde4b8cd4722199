#include <vx11/session_store.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "store/beginning.hpp"
#include "store/limits.hpp"
#include "store/packed_session.hpp"
#include "store/sqlite_writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// A session with this many turns may keep one to two more.
constexpr std::int64_t kTurnsForOneMore = 6;

}  // namespace

NewTurn::NewTurn(const Turn& turn, WallClock clock)
    : packed(pack(turn)),
      bytes(static_cast<std::int64_t>(detail::stored_bytes_of(turn))),
      newest(for_summaries(turn.user, turn.assistant)),
      at(begun_at(turn.user, clock.now())) {}

/// Turns whose sessions' rows another process has postponed, or this one before a crash.
void SessionChange::count_turns_of_others() {
  struct Uncounted {
    StoredTurns turns = {};
    Milliseconds at = 0;
  };
  std::unordered_map<std::int64_t, Uncounted> sessions;
  const auto take = [&](const Row& row) {
    Uncounted& session = sessions[row.integer(1)];
    session.turns.push_back({row.integer(0), row.integer(2)});
    session.at = std::max(session.at, row.integer(3));
  };
  each(statements_.uncounted, take, counted_);
  std::map<std::int64_t, std::int64_t> in_order_of_use;
  for (const auto& [key, session] : sessions) in_order_of_use[session.turns.back().key] = key;
  for (const auto& [turn, key] : in_order_of_use) {
    StoredTurns turns = listed(key);
    add_later(turns, sessions[key].turns);
    write_row(key, sessions[key].at, ++used_, turns);
  }
  counted_ = last_turn_;
}

void SessionChange::write_row(std::int64_t key, Milliseconds at, std::int64_t number,
                              const StoredTurns& turns) {
  SessionSums sums{.turns = std::ssize(turns)};
  for (const StoredTurn& turn : turns) sums.bytes += turn.bytes;
  run(statements_.use, key, at, number, sums.bytes, sums.turns, pack(turns));
}

/// The turns of which the session's row says that it has them.
StoredTurns SessionChange::listed(std::int64_t session) {
  StoredTurns turns;
  bool is_sound = true;
  const auto take = [&](const Row& row) { is_sound = unpack(row.bytes(0), turns); };
  each(statements_.turn_list, take, session);
  if (!is_sound) code_ = SQLITE_CORRUPT;
  return turns;
}

/// All turns of a session. \param appended those of this transaction
StoredTurns SessionChange::turns_of(std::int64_t session, const StoredTurns& appended) {
  StoredTurns turns = listed(session);
  if (!gone_sessions_.contains(session)) add_later(turns, memory_.unlisted(session));
  add_later(turns, appended);
  return turns;
}

StoredTurn SessionChange::say(std::int64_t session, const NewTurn& turn) {
  said_.push_back({++last_turn_, session, turn.bytes, turn.packed});
  return {last_turn_, turn.bytes};
}

/// Eight by one statement, as far as there are as many: a quarter less than each on its own.
void SessionChange::write_turns() {
  constexpr std::size_t kTogether = 8;
  const auto write = [&](Statement& statement, std::size_t first, std::size_t count) {
    if (code_ != SQLITE_OK) return;
    code_ = statement.run_with([&](Statement& to) {
      Code code = SQLITE_OK;
      for (std::size_t i = 0; i < count && code == SQLITE_OK; ++i) {
        const SaidTurn& turn = said_[first + i];
        code = to.bind_from(static_cast<int>(5 * i + 1), turn.key, turn.session, turn.bytes, now_,
                            turn.packed);
      }
      return code;
    });
  };
  std::size_t first = 0;
  for (; said_.size() - first >= kTogether; first += kTogether) {
    write(statements_.say_eight, first, kTogether);
  }
  for (; first < said_.size(); ++first) write(statements_.say, first, 1);
}

bool SessionChange::is_over(const SessionSums& sums, std::int64_t turns) const noexcept {
  return sums.turns > 1 && (sums.turns > turns || sums.bytes > as_limit(limits_.session_bytes));
}

std::int64_t SessionChange::most_turns() const noexcept {
  return as_limit(limits_.messages / 2 + limits_.messages % 2);
}

/// A few turns more than the limit may stay for a while. Readers pass over them.
void SessionChange::trim_later(const std::string& id, Stored& session, std::string_view owner) {
  constexpr std::int64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();
  const std::int64_t more = most_turns() / kTurnsForOneMore;
  const std::int64_t surplus = session.sums.turns - most_turns();
  if (surplus > 2 * more || is_over(session.sums, kAnyNumber)) {
    trim(session, owner);
  } else if (surplus > more) {
    due_.insert(id);  // stays if this is rolled back: `trim_due` passes over what is not over
  }
}

/// Removes the oldest turns of a session with too many turns or bytes, but never the newest.
void SessionChange::trim(Stored& session, std::string_view owner) {
  StoredTurns turns = turns_of(session.key, session.appended);
  auto first = turns.begin();
  for (; std::distance(first, turns.end()) > 1 && is_over(session.sums, most_turns()); ++first) {
    session.sums.bytes -= first->bytes;
    --session.sums.turns;
    count(owner, 0, -first->bytes);
    gone_turns_.push_back(first->key);
  }
  turns.erase(turns.begin(), first);
  run(statements_.set_turns, session.key, session.sums.bytes, session.sums.turns, pack(turns));
}

void SessionChange::trim_due() {
  std::vector<const std::string*> ids;
  for (const std::string& id : due_) ids.push_back(&id);
  look_up(ids);
  for (const std::string& id : due_) {
    Stored& session = find(id);
    if (!is_over(session.sums, most_turns())) continue;
    trim(session, principal_of(id));
    changes_.trimmed.emplace_back(id, KnownSession{.key = session.key, .sums = session.sums});
  }
  due_trimmed_ = true;
}

/// Many have neighbours that leave, too: turns of sessions that are used in turn.
void SessionChange::remove_turns() {
  std::ranges::sort(gone_turns_);
  for (std::size_t i = 0; i < gone_turns_.size();) {
    const std::int64_t first = gone_turns_[i];
    std::int64_t last = first;
    while (++i < gone_turns_.size() && gone_turns_[i] <= last + 1) last = gone_turns_[i];
    run(statements_.forget_turns, first, last);
  }
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
