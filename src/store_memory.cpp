#include <vx11/store/memory.hpp>

#include <algorithm>
#include <deque>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "session_limits.hpp"

namespace vx11::inline v0 {
namespace {

// Turns are shared and never change, so a reader takes hold of them under the lock and copies their
// text after it.
using SharedTurn = std::shared_ptr<const Turn>;

struct Entry {
  std::string id = {};
  std::string user_id = {};
  WallTime created_at = {};
  WallTime last_accessed = {};
  TimePoint touched = {};
  std::deque<SharedTurn> turns = {};
};

using Entries = std::list<Entry>;

std::vector<Message> newest_messages(const std::vector<SharedTurn>& turns, std::size_t count) {
  const std::size_t all = 2 * turns.size();
  std::vector<Message> messages;
  messages.reserve(std::min(all, count));
  for (std::size_t i = all - std::min(all, count); i < all; ++i) {
    const Turn& turn = *turns[i / 2];
    messages.push_back(i % 2 == 0 ? turn.user : turn.assistant);
  }
  return messages;
}

class MemorySessionStore final : public SessionStore {
 public:
  MemorySessionStore(SessionLimits limits, SteadyClock clock, WallClock wall_clock)
      : limits_(detail::at_least_one(limits)), clock_(clock), wall_clock_(wall_clock) {}

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    std::optional<Session> session = read(std::move(id), count);
    if (!session) co_return std::vector<Message>();
    co_return std::move(session->messages);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    co_return read(std::move(id), limits_.messages);
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    add(std::move(id), std::move(user_id), std::make_shared<const Turn>(std::move(turn)));
    co_return Result<void>();
  }

 private:
  std::optional<Session> read(std::string id, std::size_t count) {
    count = std::min(count, limits_.messages);
    Session session;
    std::vector<SharedTurn> turns;
    {
      const std::scoped_lock lock(mutex_);
      const auto entry = live(id);
      if (entry == entries_.end()) return std::nullopt;
      touch(entry);
      session.user_id = entry->user_id;
      session.created_at = entry->created_at;
      session.last_accessed = entry->last_accessed;
      const std::size_t needed = std::min(count / 2 + count % 2, entry->turns.size());
      turns.assign(entry->turns.end() - static_cast<std::ptrdiff_t>(needed), entry->turns.end());
    }
    session.id = std::move(id);
    session.messages = newest_messages(turns, count);
    return session;
  }

  void add(std::string id, std::string user_id, SharedTurn turn) {
    // What leaves is freed when the lock no longer is held: these are declared before it.
    Entries gone;
    SharedTurn oldest;
    const std::scoped_lock lock(mutex_);
    sweep(gone);
    if (const auto entry = live(id); entry != entries_.end()) {
      entry->turns.push_back(std::move(turn));
      // With an odd limit half of the oldest turn is out of reach; it goes when all of it is.
      if (2 * (entry->turns.size() - 1) >= limits_.messages) {
        oldest = std::move(entry->turns.front());
        entry->turns.pop_front();
      }
      touch(entry);
      return;
    }
    if (const auto expired = index_.find(id); expired != index_.end()) {
      retire(expired->second, gone);
    }
    begin(std::move(id), std::move(user_id), std::move(turn));
    if (entries_.size() > limits_.sessions) retire(std::prev(entries_.end()), gone);
  }

  void begin(std::string id, std::string user_id, SharedTurn turn) {
    const WallTime now = wall_clock_.now();
    Entries fresh;
    fresh.push_back({.id = std::move(id),
                     .user_id = std::move(user_id),
                     .created_at = now,
                     .last_accessed = now,
                     .touched = clock_.now()});
    fresh.front().turns.push_back(std::move(turn));
    index_.emplace(fresh.front().id, fresh.begin());
    entries_.splice(entries_.begin(), fresh);
  }

  bool expired(const Entry& entry) const noexcept {
    return clock_.now() - entry.touched >= limits_.idle;
  }

  Entries::iterator live(std::string_view id) noexcept {
    const auto found = index_.find(id);
    if (found == index_.end() || expired(*found->second)) return entries_.end();
    return found->second;
  }

  void touch(Entries::iterator entry) noexcept {
    entry->last_accessed = wall_clock_.now();
    entry->touched = clock_.now();
    entries_.splice(entries_.begin(), entries_, entry);
  }

  void retire(Entries::iterator entry, Entries& gone) noexcept {
    index_.erase(entry->id);
    gone.splice(gone.end(), entries_, entry);
  }

  void sweep(Entries& gone) noexcept {
    for (int i = 0; i < detail::kSweptPerAppend; ++i) {
      if (entries_.empty() || !expired(entries_.back())) return;
      retire(std::prev(entries_.end()), gone);
    }
  }

  const SessionLimits limits_;
  const SteadyClock clock_;
  const WallClock wall_clock_;
  std::mutex mutex_;
  Entries entries_;                                                // the most recently used first
  std::unordered_map<std::string_view, Entries::iterator> index_;  // keys are the entries' own ids
};

}  // namespace

std::shared_ptr<SessionStore> make_memory_session_store(SessionLimits limits, SteadyClock clock,
                                                        WallClock wall_clock) {
  return std::make_shared<MemorySessionStore>(limits, clock, wall_clock);
}

}  // namespace vx11::inline v0
