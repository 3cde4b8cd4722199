#include <vx11/store/memory.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>

#include "random/keyed_hash.hpp"
#include "store/beginning.hpp"
#include "store/limits.hpp"
#include "store/memory_entry.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

using memory::Entries;
using memory::Entry;
using memory::Owner;
using memory::SharedTurn;

/// Turns to be freed later; the first, usually the only one, needs no memory.
struct Removed {
  void add(SharedTurn&& turn) {
    first == nullptr ? first.swap(turn) : more.push_back(std::move(turn));
  }
  SharedTurn first = nullptr;
  std::vector<SharedTurn> more = {};
};

std::vector<SharedTurn> newest(const std::deque<SharedTurn>& turns, std::size_t count) {
  const auto taken = static_cast<std::ptrdiff_t>(std::min(count, turns.size()));
  return {turns.end() - taken, turns.end()};
}

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

/// Never suspends, so no member is a coroutine.
class MemorySessionStore final : public SessionStore {
 public:
  MemorySessionStore(SessionLimits limits, SteadyClock clock, WallClock wall_clock)
      : limits_(detail::at_least_one(limits)), clock_(clock), wall_clock_(wall_clock) {}

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    count = std::min(count, limits_.messages);
    std::vector<SharedTurn> turns;
    use(id, [&](const Entry& entry) { turns = newest(entry.turns, count / 2 + count % 2); });
    return newest_messages(turns, count);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    Session session;
    std::vector<SharedTurn> turns;
    const bool found = use(id, [&](const Entry& entry) {
      session.user_id = entry.user_id;
      session.created_at = entry.created_at;
      turns = newest(entry.turns, entry.turns.size());
    });
    if (!found) return std::optional<Session>();
    session.id = std::move(id);
    session.last_accessed = wall_clock_.now();
    session.messages = newest_messages(turns, limits_.messages);
    return std::optional<Session>(std::move(session));
  }

  Task<Result<std::string>> summary(std::string id, std::string_view question) override {
    SharedTurn last;
    use(id, [&](const Entry& entry) { last = entry.turns.back(); });
    const MessageView asked("user", question);
    if (!last) return summary_of(std::array{asked});
    const std::array said = {MessageView(last->user), MessageView(last->assistant), asked};
    return summary_of(std::span(said).last(limits_.messages > 1 ? 3 : 2));
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    detail::bound_turn(turn, limits_.message_bytes);
    add(id, user_id, std::make_shared<const Turn>(std::move(turn)));
    return Result<void>();
  }

  Task<Result<bool>> erase(std::string id) override {
    Entries gone;
    const TimePoint now = clock_.now();
    const std::scoped_lock lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return Result<bool>(false);
    const bool was_there = !expired(*found->second, now);
    retire(found->second, gone);
    return Result<bool>(was_there);
  }

  SessionFigures figures() const override {
    const std::scoped_lock lock(mutex_);
    return {.sessions = entries_.size(), .bytes = bytes_, .evicted = evicted_, .expired = expired_};
  }

 private:
  /// Reads a session, which counts as use of it.
  /// \return whether there is one
  template <class Read>
  bool use(std::string_view id, Read read) {
    const TimePoint now = clock_.now();
    const std::scoped_lock lock(mutex_);
    const auto entry = live(id, now);
    if (entry == entries_.end()) return false;
    touch(entry, now);
    read(*entry);
    return true;
  }

  /// Moves from the names only if the session is new.
  void add(std::string& id, std::string& user_id, SharedTurn turn) {
    // Declared before the lock, so that removed data is freed after the lock is released.
    Entries gone;
    Removed oldest;
    const TimePoint now = clock_.now();
    const std::scoped_lock lock(mutex_);
    sweep(now, gone);
    if (const auto entry = live(id, now); entry != entries_.end()) {
      keep(*entry, std::move(turn));
      trim(*entry, oldest);
      touch(entry, now);
    } else {
      if (const auto expired = index_.find(id); expired != index_.end()) {
        retire(expired->second, gone);
        ++expired_;
      }
      begin(id, user_id, std::move(turn), now);
    }
    evict(entries_.front(), gone);
  }

  /// That of the sessions without a principal needs no memory.
  Owner& owner_of(std::string_view principal) {
    if (principal.empty()) return unowned_;
    const auto found = owners_.find(principal);
    if (found != owners_.end()) return *found->second;
    auto owner = std::make_unique<Owner>(std::string(principal));
    const std::string_view name = owner->principal;
    return *owners_.emplace(name, std::move(owner)).first->second;
  }

  void begin(std::string& id, std::string& user_id, SharedTurn turn, TimePoint now) {
    Owner& owner = owner_of(principal_of(id));
    Entries fresh;
    fresh.push_back({.id = std::move(id),
                     .user_id = std::move(user_id),
                     .created_at = begun_at(turn->user, wall_clock_.now()),
                     .touched = now,
                     .owner = &owner,
                     .self = {}});
    Entry& entry = fresh.front();
    entry.self = fresh.begin();
    entry.bytes = detail::stored_bytes_of(*turn);
    entry.turns.push_back(std::move(turn));
    index_.emplace(entry.id, fresh.begin());
    bytes_ += entry.bytes;  // last: what precedes it may run out of memory
    owner.add(entry);
    entries_.splice(entries_.begin(), fresh);
  }

  void keep(Entry& entry, SharedTurn turn) {
    const std::size_t bytes = detail::stored_bytes_of(*turn);
    entry.turns.push_back(std::move(turn));
    entry.grow(bytes);
    bytes_ += bytes;
  }

  /// Removes turns beyond the limits of one session. With an odd limit half of the oldest turn is
  /// unreachable until the rest is removed too.
  void trim(Entry& entry, Removed& oldest) {
    const auto is_over = [&] {
      return 2 * (entry.turns.size() - 1) >= limits_.messages ||
             entry.bytes > limits_.session_bytes;
    };
    while (entry.turns.size() > 1 && is_over()) {
      const std::size_t bytes = detail::stored_bytes_of(*entry.turns.front());
      oldest.add(std::move(entry.turns.front()));  // may run out of memory
      entry.turns.pop_front();
      entry.shrink(bytes);
      bytes_ -= bytes;
    }
  }

  /// Removes sessions beyond the limits, but never `kept`, the one that was used last.
  void evict(Entry& kept, Entries& gone) noexcept {
    Owner& owner = *kept.owner;
    while (owner.oldest != &kept && is_over(owner)) {
      retire(owner.oldest->self, gone);
      ++evicted_;
    }
    while (entries_.size() > 1 && is_over()) {
      const bool has_more = owner.oldest != &kept;
      retire(has_more ? owner.oldest->self : std::prev(entries_.end()), gone);
      ++evicted_;
    }
  }

  bool is_over(const Owner& owner) const noexcept {
    return &owner != &unowned_ && (owner.sessions > limits_.sessions_per_principal ||
                                   owner.bytes > limits_.bytes_per_principal);
  }
  bool is_over() const noexcept {
    return entries_.size() > limits_.sessions || bytes_ > limits_.total_bytes;
  }

  bool expired(const Entry& entry, TimePoint now) const noexcept {
    return now - entry.touched >= limits_.idle_timeout;
  }

  Entries::iterator live(std::string_view id, TimePoint now) noexcept {
    const auto found = index_.find(id);
    if (found == index_.end() || expired(*found->second, now)) return entries_.end();
    return found->second;
  }

  void touch(Entries::iterator entry, TimePoint now) noexcept {
    entry->touched = now;
    entry->owner->move_to_front(*entry);
    entries_.splice(entries_.begin(), entries_, entry);
  }

  void retire(Entries::iterator entry, Entries& gone) noexcept {
    index_.erase(entry->id);
    bytes_ -= entry->bytes;
    Owner& owner = *entry->owner;
    owner.remove(*entry);
    if (owner.sessions == 0) owners_.erase(owner.principal);  // never holds `unowned_`
    gone.splice(gone.end(), entries_, entry);
  }

  void sweep(TimePoint now, Entries& gone) noexcept {
    for (int i = 0; i < detail::kSweptPerAppend; ++i) {
      if (entries_.empty() || !expired(entries_.back(), now)) return;
      retire(std::prev(entries_.end()), gone);
      ++expired_;
    }
  }

  const SessionLimits limits_;
  const SteadyClock clock_;
  const WallClock wall_clock_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;  // of all sessions
  std::uint64_t evicted_ = 0;
  std::uint64_t expired_ = 0;
  Owner unowned_ = Owner({});  // of sessions without principal
  // By names and ids of clients, which must not be able to choose their places.
  template <class Value>
  using ByName = std::unordered_map<std::string_view, Value, random::KeyedHash>;
  ByName<std::unique_ptr<Owner>> owners_;  // by their own names
  Entries entries_;                        // the most recently used first
  ByName<Entries::iterator> index_;        // keys are the entries' own ids
};

}  // namespace

std::shared_ptr<SessionStore> make_memory_session_store(SessionStoreOptions options) {
  return std::make_shared<MemorySessionStore>(options.limits, options.clock, options.wall_clock);
}

}  // namespace v0
}  // namespace vx11
