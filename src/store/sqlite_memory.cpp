#include "store/sqlite_memory.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// After another process has written, as many transactions postpone nothing.
constexpr int kWrittenAtOnce = 256;

Message for_summary(const Message& message) {
  return Message(message.role, std::string(first_characters(message.content, kCharactersOfMessage)),
                 {}, {});
}

}  // namespace

SharedTurn for_summaries(const Message& question, const Message& answer) {
  return std::make_shared<const Turn>(for_summary(question), for_summary(answer));
}

/// During a change of its own the counter may already count it. The write lock keeps others away
/// until then.
bool SessionMemory::is_current() const noexcept {
  if (!counter_.is_known()) return true;  // there are no others
  const std::uint32_t counted = counter_.read() - state_;
  return counted == 0 || (changing_ && counted == 1);
}

KnownSession* SessionMemory::known(const std::string& id) {
  if (const auto found = young_.find(id); found != young_.end()) return &found->second;
  const auto found = old_.find(id);
  if (found == old_.end()) return nullptr;
  KnownSession session = std::move(found->second);
  old_.erase(found);
  put(id, std::move(session));
  return &young_.find(id)->second;
}

void SessionMemory::put(std::string id, KnownSession session) {
  if (young_.size() >= kGeneration) {
    old_ = std::move(young_);
    young_.clear();
  }
  if (!old_.empty()) old_.erase(id);
  young_.insert_or_assign(std::move(id), std::move(session));
}

void SessionMemory::forget_all() noexcept {
  young_.clear();
  old_.clear();
  ++epoch_;
  if (std::exchange(counted_, false)) written_at_once_ = kWrittenAtOnce;
}

SessionMemory::Answer SessionMemory::find(const std::string& id, Milliseconds now, bool& touched) {
  const std::lock_guard lock(mutex_);
  if (!remembers_ || !is_current()) return {};
  KnownSession* const session = known(id);
  if (session == nullptr) return {};
  if (session->last_accessed <= now - idle_) return {true, nullptr};
  session->last_accessed = now;
  touched = touch_locked(session->key, now);
  return {true, session->newest};
}

std::uint64_t SessionMemory::stamp() {
  const std::lock_guard lock(mutex_);
  if (!is_current() && !changing_) {
    forget_all();
    state_ = counter_.read();
  }
  return stamp_locked();
}

std::uint64_t SessionMemory::stamp_locked() const noexcept {
  return (std::uint64_t(epoch_) << 32U) | state_;
}

void SessionMemory::learn(std::string id, KnownSession session, std::uint64_t stamp) {
  const std::lock_guard lock(mutex_);
  if (KnownSession* const before = known(id); before != nullptr && before->key == session.key) {
    before->last_accessed = std::max(before->last_accessed, session.last_accessed);
    return;
  }
  if (!remembers_ || stamp != stamp_locked() || !is_current() || known(id) != nullptr) return;
  put(std::move(id), std::move(session));
}

bool SessionMemory::touch(std::int64_t key, Milliseconds now) {
  const std::lock_guard lock(mutex_);
  return touch_locked(key, now);
}

bool SessionMemory::touch_locked(std::int64_t key, Milliseconds now) {
  const auto [found, is_new] = touches_.try_emplace(key);
  Touch& touch = found->second;
  touch.key = key;
  touch.at = now;
  touch.number = ++latest_use_;
  touch.is_turn = false;
  return is_new;
}

void SessionMemory::postpone(const KnownSession& session, StoredTurn turn) {
  touch_locked(session.key, session.last_accessed);
  Touch& touch = touches_.find(session.key)->second;
  if (!touch.sums.is_known()) ++with_sums_;
  touch.sums = session.sums;
  touch.is_turn = true;
  touch.later.push_back(turn);
}

void SessionMemory::forget_touch(std::int64_t key) {
  const auto touch = touches_.find(key);
  if (touch == touches_.end()) return;
  forget_sums(touch->second);
  touches_.erase(touch);
}

void SessionMemory::forget_sums(Touch& touch) noexcept {
  if (touch.sums.is_known()) --with_sums_;
  touch.sums = {};
  forget_later(touch);
}

void SessionMemory::forget_later(Touch& touch) noexcept {
  if (!touch.later.empty()) ++listings_;
  touch.later.clear();
}

void SessionMemory::forget_all_sums() noexcept {
  if (with_sums_ == 0) return;
  for (auto& [key, touch] : touches_) forget_sums(touch);
  std::erase_if(touches_, [](const auto& of) { return of.second.is_turn; });
}

std::uint64_t SessionMemory::listings() const {
  const std::lock_guard lock(mutex_);
  return listings_;
}

std::optional<StoredTurns> SessionMemory::later(std::int64_t key, std::uint64_t listings) const {
  const std::lock_guard lock(mutex_);
  if (!remembers_ || !counted_ || !is_current() || listings != listings_) return std::nullopt;
  const auto touch = touches_.find(key);
  return touch == touches_.end() ? StoredTurns() : touch->second.later;
}

StoredTurns SessionMemory::unlisted(std::int64_t key) const {
  const std::lock_guard lock(mutex_);
  const auto touch = touches_.find(key);
  return touch == touches_.end() ? StoredTurns() : touch->second.later;
}

Milliseconds SessionMemory::last_use(std::int64_t key, Milliseconds stored) const {
  const std::lock_guard lock(mutex_);
  const auto touch = touches_.find(key);
  return touch == touches_.end() ? stored : std::max(stored, touch->second.at);
}

std::vector<Touch> SessionMemory::touches() const {
  std::vector<Touch> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, touch] : touches_) all.push_back(touch);
  }
  std::ranges::sort(all, {}, &Touch::number);
  return all;
}

std::size_t SessionMemory::touch_count() const {
  const std::lock_guard lock(mutex_);
  return touches_.size();
}

SessionMemory::Beginning SessionMemory::begin_change() {
  const std::lock_guard lock(mutex_);
  if (!is_current()) forget_all();
  if (!counted_) forget_all_sums();
  if (counter_.is_known()) state_ = counter_.read();
  changing_ = true;
  return {.is_current = counted_,
          .may_postpone = remembers_ && written_at_once_ == 0,
          .touches = touches_.size(),
          .with_sums = with_sums_};
}

std::vector<KnownSession> SessionMemory::stored(const std::vector<const std::string*>& ids) {
  std::vector<KnownSession> all(ids.size());
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; remembers_ && i < ids.size(); ++i) {
    const KnownSession* const session = known(*ids[i]);
    if (session != nullptr) all[i] = {session->key, session->last_accessed, nullptr, session->sums};
  }
  return all;
}

SessionSums SessionMemory::unwritten_sums(std::int64_t key) const {
  const std::lock_guard lock(mutex_);
  const auto touch = touches_.find(key);
  return touch == touches_.end() ? SessionSums() : touch->second.sums;
}

std::int64_t SessionMemory::latest_use(std::int64_t in_file) {
  const std::lock_guard lock(mutex_);
  const std::int64_t by_others = in_file - written_use_;
  if (by_others > 0) {
    for (auto& [key, touch] : touches_) touch.number += by_others;
    latest_use_ += by_others;
    written_use_ = in_file;
  }
  return latest_use_;
}

void SessionMemory::changed(SessionChanges changes) noexcept {
  const std::lock_guard lock(mutex_);
  changing_ = false;
  counted_ = remembers_;
  if (written_at_once_ > 0) --written_at_once_;
  if (changes.changes_file) ++state_;
  latest_use_ = std::max(latest_use_, changes.latest_use);
  written_use_ = std::max(written_use_, changes.written_use);
  try {
    note(changes);
  } catch (const std::bad_alloc&) {
    forget_all();  // what is in the file is read from there, and unwritten sums are counted again
  }
}

void SessionMemory::note(SessionChanges& changes) {
  for (const auto& [id, key] : changes.removed) {
    young_.erase(id);
    old_.erase(id);
    forget_touch(key);
  }
  for (const Touch& touch : changes.written) {
    const auto found = touches_.find(touch.key);
    if (found == touches_.end()) continue;
    forget_sums(found->second);
    if (found->second.number == touch.number) touches_.erase(found);
  }
  for (auto& [id, session, turn] : changes.used) {
    if (changes.used_are_written) {
      forget_touch(session.key);
    } else {
      postpone(session, turn);
    }
    put(std::move(id), std::move(session));
  }
  for (const auto& [id, session] : changes.trimmed) note_trimmed(id, session);
}

void SessionMemory::note_trimmed(const std::string& id, const KnownSession& session) {
  KnownSession* const before = known(id);
  if (before != nullptr && before->key == session.key) before->sums = session.sums;
  const auto touch = touches_.find(session.key);
  if (touch == touches_.end() || !touch->second.sums.is_known()) return;
  touch->second.sums = session.sums;
  forget_later(touch->second);
}

void SessionMemory::gave_up() {
  const std::lock_guard lock(mutex_);
  changing_ = false;
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
