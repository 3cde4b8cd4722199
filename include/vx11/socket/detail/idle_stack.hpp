#pragma once

/// \file
/// `IdleStack`: which idle connections to one origin are kept, and which is used next. Internal to
/// the transports.

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Uses the newest first, so that connections not needed at lower load age and expire; keeps at
/// most `max_idle`. `Connection` is movable and owns its connection.
///
/// The owner checks whether a connection is still open and has not been idle for too long: an event
/// loop is notified, a blocking transport checks on use. Not thread-safe.
template <class Connection>
class IdleStack {
 public:
  explicit IdleStack(std::size_t max_idle) noexcept : max_idle_(max_idle) {}

  bool full() const noexcept { return idle_.size() >= max_idle_; }
  /// Precondition: not full.
  void push(Connection connection) { idle_.push_back(std::move(connection)); }
  /// \return the newest, if any
  std::optional<Connection> pop() {
    if (idle_.empty()) return std::nullopt;
    std::optional<Connection> newest(std::move(idle_.back()));
    idle_.pop_back();
    return newest;
  }
  /// Removes all for which `condition` holds.
  /// \return the removed connections
  template <class Condition>
  std::vector<Connection> remove_if(Condition condition) {
    std::vector<Connection> removed;
    auto kept = idle_.begin();
    for (Connection& idle : idle_) {
      if (condition(std::as_const(idle))) {
        removed.push_back(std::move(idle));
      } else {
        std::swap(*kept++, idle);
      }
    }
    idle_.erase(kept, idle_.end());
    return removed;
  }

 private:
  std::size_t max_idle_;
  std::vector<Connection> idle_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
