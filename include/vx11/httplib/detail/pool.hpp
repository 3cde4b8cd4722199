#pragma once

/// \file
/// Idle connections, kept for the next request. Internal to `vx11/httplib.hpp`.

#include <vx11/clock.hpp>
#include <vx11/httplib/detail/connection.hpp>
#include <vx11/socket/detail/idle_stack.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The idle connections of one transport, by origin. Thread-safe; connections are closed outside
/// the lock.
class ConnectionPool {
 public:
  ConnectionPool(std::size_t max_idle, Duration idle_timeout)
      : max_idle_(max_idle), idle_timeout_(idle_timeout) {}

  /// A connection that appears to be still open, or null.
  std::unique_ptr<Connection> take(const std::string& origin, TimePoint now) {
    std::vector<Idle> dead;
    const std::lock_guard lock(mutex_);
    const auto found = idle_.find(origin);
    if (found == idle_.end()) return nullptr;
    while (auto newest = found->second.pop()) {
      if (!expired(*newest, now) && newest->connection->quiet()) {
        return std::move(newest->connection);
      }
      dead.push_back(*std::move(newest));
    }
    return nullptr;
  }

  void give(const std::string& origin, std::unique_ptr<Connection> connection, TimePoint now) {
    std::vector<std::vector<Idle>> dead;
    const std::lock_guard lock(mutex_);
    for (auto& [name, stack] : idle_) {
      dead.push_back(stack.remove_if([&](const Idle& idle) { return expired(idle, now); }));
    }
    Stack& stack = idle_.try_emplace(origin, max_idle_).first->second;
    if (!stack.full()) stack.push({std::move(connection), now});
  }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    TimePoint since;
  };
  using Stack = socket_detail::IdleStack<Idle>;

  bool expired(const Idle& idle, TimePoint now) const noexcept {
    return now - idle.since >= idle_timeout_;
  }

  const std::size_t max_idle_;
  const Duration idle_timeout_;
  std::mutex mutex_;
  std::map<std::string, Stack> idle_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
