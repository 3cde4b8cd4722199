#pragma once

/// \file
/// What clients have used, by key, in bounded memory. Internal.

#include <vx11/rate_limiter.hpp>
#include <vx11/token_limits.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace limits {

using Instant = detail::Gcra::Instant;

/// What one client has used.
struct Account {
  Instant requests = detail::Gcra::kIdle;  ///< The arrival time of its next request, by `rate`.
  RequestRate rate = {};
  Instant tokens = detail::Gcra::kIdle;  ///< The same for the tokens of its chats.
  std::uint32_t running = 0;             ///< Its chats in progress.

  /// An operator who raises a rate expects it to be in force: what was used of the old one is
  /// forgotten.
  void follow(const RequestRate& now) noexcept {
    if (rate == now) return;
    rate = now;
    requests = detail::Gcra::kIdle;
  }
  /// An idle account is equivalent to none.
  bool is_idle(Instant now) const noexcept {
    return running == 0 && requests <= now && tokens <= now;
  }
};

/// All limits of a client are decided by one look-up under one short lock: with a limiter of its
/// own for each limit, a chat would pay for as many.
///
/// Idle accounts are removed as new ones are added. Beyond `most` the least recently used one is
/// removed unless it has chats in progress: there are never more than `most` and as many as chats
/// are in progress. **Thread-safe**.
class AccountTable {
 public:
  explicit AccountTable(std::size_t most) noexcept : most_(std::max<std::size_t>(most, 1)) {}
  AccountTable(const AccountTable&) = delete;
  AccountTable& operator=(const AccountTable&) = delete;
  ~AccountTable() = default;

  /// `change(Account&)` under the lock; of an idle account if there was none.
  template <class Change>
  auto update(std::uint64_t key, Instant now, Change&& change) {
    const std::lock_guard lock(mutex_);
    return change(place(key, now));
  }

  /// A copy; idle if there is none.
  Account find(std::uint64_t key) const {
    if (size() == 0) return {};
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    return found == places_.end() ? Account() : found->second->account;
  }

  /// A chat in progress has ended.
  void release(std::uint64_t key) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found != places_.end()) --found->second->account.running;
  }

  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::uint64_t key;
    Account account;
  };
  using ByUse = std::list<Entry>;
  /// How many accounts in a row, used least recently, may have chats in progress.
  static constexpr int kTries = 8;

  Account& place(std::uint64_t key, Instant now) {
    const auto found = places_.find(key);
    if (found != places_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, found->second);
      return found->second->account;
    }
    make_room(now);
    by_use_.push_front(Entry{key, {}});
    try {
      places_.emplace(key, by_use_.begin());
    } catch (...) {
      by_use_.pop_front();
      throw;
    }
    note_size();
    return by_use_.front().account;
  }

  /// Removes up to two: enough to shrink, since each new key adds one.
  void make_room(Instant now) {
    for (int i = 0; i < 2 && !by_use_.empty() && by_use_.back().account.is_idle(now); ++i) {
      remove_last();
    }
    for (int i = 0; i < kTries && places_.size() >= most_; ++i) {
      if (by_use_.back().account.running == 0) return remove_last();
      by_use_.splice(by_use_.begin(), by_use_, std::prev(by_use_.end()));
    }
  }
  void remove_last() {
    places_.erase(by_use_.back().key);
    by_use_.pop_back();
    note_size();
  }
  void note_size() noexcept { size_.store(places_.size(), std::memory_order_relaxed); }

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::atomic<std::size_t> size_{0};
  ByUse by_use_ = {};  ///< Most recently used first.
  std::unordered_map<std::uint64_t, ByUse::iterator> places_ = {};
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
