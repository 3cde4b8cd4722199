#pragma once

/// \file
/// A session in memory, and the sessions of one principal. Internal.

#include <vx11/clock.hpp>
#include <vx11/session.hpp>

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace memory {

// Turns are shared and immutable, so a reader takes references under the lock and copies the text
// after releasing it.
using SharedTurn = std::shared_ptr<const Turn>;

struct Entry;
using Entries = std::list<Entry>;

/// The sessions of one principal, in the order of their use: a list within the entries, so that it
/// allocates nothing.
struct Owner {
  explicit Owner(std::string name) : principal(std::move(name)) {}

  void add(Entry& entry) noexcept;  ///< As the newest.
  void remove(Entry& entry) noexcept;
  void move_to_front(Entry& entry) noexcept;

  const std::string principal;
  Entry* newest = nullptr;
  Entry* oldest = nullptr;
  std::size_t sessions = 0;
  std::size_t bytes = 0;

 private:
  void link(Entry& entry) noexcept;
  void unlink(Entry& entry) noexcept;
};

struct Entry {
  void grow(std::size_t by) noexcept {
    bytes += by;
    owner->bytes += by;
  }
  void shrink(std::size_t by) noexcept {
    bytes -= by;
    owner->bytes -= by;
  }

  std::string id = {};
  std::string user_id = {};
  WallTime created_at = {};
  TimePoint touched = {};
  std::deque<SharedTurn> turns = {};
  std::size_t bytes = 0;  ///< Of all turns.
  Owner* owner = nullptr;
  Entry* newer = nullptr;  ///< Of the same owner.
  Entry* older = nullptr;
  Entries::iterator self;
};

inline void Owner::add(Entry& entry) noexcept {
  link(entry);
  ++sessions;
  bytes += entry.bytes;
}

inline void Owner::remove(Entry& entry) noexcept {
  unlink(entry);
  --sessions;
  bytes -= entry.bytes;
}

inline void Owner::move_to_front(Entry& entry) noexcept {
  if (newest == &entry) return;
  unlink(entry);
  link(entry);
}

inline void Owner::link(Entry& entry) noexcept {
  entry.older = newest;
  entry.newer = nullptr;
  (newest != nullptr ? newest->newer : oldest) = &entry;
  newest = &entry;
}

inline void Owner::unlink(Entry& entry) noexcept {
  (entry.newer != nullptr ? entry.newer->older : newest) = entry.older;
  (entry.older != nullptr ? entry.older->newer : oldest) = entry.newer;
}

}  // namespace memory
}  // namespace v0
}  // namespace vx11
