#pragma once

/// \file
/// Idle connections, kept for the next request. Internal to `vx11/httplib.hpp`.

#include <vx11/clock.hpp>
#include <vx11/httplib/detail/connection.hpp>

#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The newest is taken first, so that the rest grows old and goes. Thread-safe; connections are
/// closed outside the lock.
class ConnectionPool {
 public:
  ConnectionPool(std::size_t max_idle, Duration idle_timeout)
      : max_idle_(max_idle), idle_for_(idle_timeout) {}

  /// A connection that is still open as far as one can see, or null.
  std::unique_ptr<Connection> take(const std::string& origin, TimePoint now) {
    std::vector<Idle> dead;
    const std::lock_guard lock(mutex_);
    const auto found = idle_.find(origin);
    if (found == idle_.end()) return nullptr;
    std::vector<Idle>& stack = found->second;
    while (!stack.empty()) {
      Idle newest = std::move(stack.back());
      stack.pop_back();
      if (now - newest.since < idle_for_ && newest.connection->quiet()) {
        return std::move(newest.connection);
      }
      dead.push_back(std::move(newest));
    }
    return nullptr;
  }

  void give(const std::string& origin, std::unique_ptr<Connection> connection, TimePoint now) {
    std::vector<Idle> dead;
    const std::lock_guard lock(mutex_);
    for (auto& [name, stack] : idle_) drop_old(stack, now, dead);
    std::vector<Idle>& stack = idle_[origin];
    if (stack.size() < max_idle_) stack.push_back({std::move(connection), now});
  }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    TimePoint since;
  };

  /// The oldest stand first.
  void drop_old(std::vector<Idle>& stack, TimePoint now, std::vector<Idle>& dead) const {
    auto young = stack.begin();
    while (young != stack.end() && now - young->since >= idle_for_) ++young;
    std::move(stack.begin(), young, std::back_inserter(dead));
    stack.erase(stack.begin(), young);
  }

  const std::size_t max_idle_;
  const Duration idle_for_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Idle>> idle_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
