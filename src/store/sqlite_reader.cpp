#include <algorithm>
#include <chrono>
#include <utility>

#include "store/packed_session.hpp"
#include "store/sqlite_batches.hpp"
#include "store/sqlite_file.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

WallTime wall_time(std::int64_t milliseconds) noexcept {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace

bool Reader::run(const Jobs& jobs) {
  noted_use_ = false;
  if (has_moved(database_)) {
    end_all(jobs, kMoved);
    return false;
  }
  stamp_ = shared_.memory.stamp();
  listings_ = shared_.memory.listings();
  Code code = statements_.begin.run();
  for (Job* const job : jobs) {
    if (code == SQLITE_OK) code = read(static_cast<ReadJob&>(*job));
    job->end_with(code);
    if (code != SQLITE_OK && sqlite3_get_autocommit(database_) == 0) code = SQLITE_OK;
  }
  if (sqlite3_get_autocommit(database_) == 0) static_cast<void>(statements_.commit.run());
  return noted_use_;
}

Code Reader::read(ReadJob& job) try {
  const TimePoint now = shared_.steady_clock.now();
  if (job.until() < now) return SQLITE_BUSY;
  patience_.at_most(job.until() - now);
  Found found;
  Code code = find(job, found);
  if (code != SQLITE_OK || found.key == 0) return code;
  // At least one, because a session without messages does not exist.
  const std::size_t most = std::clamp<std::size_t>(job.messages, 1, shared_.limits.messages);
  code = add_unlisted(found);
  if (code == SQLITE_OK) code = read_newest(job, found, most / 2 + most % 2);
  std::vector<Message>& messages = job.session.messages;
  if (found.last_use <= shared_.clock.now() - shared_.idle) messages.clear();
  if (code != SQLITE_OK || messages.empty()) return code;
  std::ranges::reverse(messages);
  remember(job, found.key);
  if (messages.size() > most) messages.erase(messages.begin());
  job.session.last_accessed = shared_.wall_clock.now();
  return SQLITE_OK;
} catch (...) {
  return SQLITE_NOMEM;
}

Code Reader::find(ReadJob& job, Found& found) {
  bool is_sound = true;
  const auto take = [&](const Row& row) {
    found.last_use = shared_.memory.last_use(row.integer(0), row.integer(1));
    found.key = row.integer(0);
    job.session.user_id = row.bytes(2);
    job.session.created_at = wall_time(row.integer(3));
    is_sound = unpack(row.bytes(4), found.turns);
  };
  const Code code = statements_.find.each(take, job.id);
  return is_sound ? code : SQLITE_CORRUPT;
}

/// The turns since the list was written.
Code Reader::add_unlisted(Found& found) {
  if (const auto known = shared_.memory.later(found.key, listings_)) {
    add_later(found.turns, *known);
    return SQLITE_OK;
  }
  StoredTurns later;
  const auto take = [&](const Row& row) { later.push_back({row.integer(0), row.integer(1)}); };
  const Code code = statements_.later.each(take, found.key);
  add_later(found.turns, later);
  return code;
}

/// The newest first. One that was noted after this began to read is not in the file for it.
Code Reader::read_newest(ReadJob& job, Found& found, std::size_t most) {
  std::vector<Message>& messages = job.session.messages;
  bool is_sound = true;
  const auto take = [&](const Row& row) {
    auto turn = unpack_turn(row.bytes(0));
    is_sound = turn.has_value();
    if (!is_sound) return;
    messages.push_back(std::move(turn->assistant));
    messages.push_back(std::move(turn->user));
    // The session's row may not be written yet.
    found.last_use = std::max(found.last_use, row.integer(1));
  };
  for (auto turn = found.turns.rbegin(); turn != found.turns.rend(); ++turn) {
    if (messages.size() / 2 >= most) break;
    const Code code = statements_.turn.each(take, turn->key);
    if (code != SQLITE_OK) return code;
    if (!is_sound) return SQLITE_CORRUPT;
  }
  return SQLITE_OK;
}

void Reader::remember(const ReadJob& job, std::int64_t key) {
  const Milliseconds now = shared_.clock.now();
  noted_use_ = shared_.memory.touch(key, now) || noted_use_;
  const std::vector<Message>& messages = job.session.messages;
  const std::size_t count = messages.size();
  const KnownSession known{key, now, for_summaries(messages[count - 2], messages[count - 1])};
  shared_.memory.learn(job.id, known, stamp_);
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
