#pragma once

/// \file
/// `IdleStack`: which idle connections to one origin are kept, and which is used next. Internal to
/// the transports.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The newest is used first, so that those that a lower load does not need grow old and go; there
/// are at most `max_idle`. `Connection` owns one, and is moved.
///
/// Whether one that is taken is still open, and when one has been idle for too long, its owner
/// knows: an event loop learns of both, a blocking transport looks. Not thread-safe.
template <class Connection>
class IdleStack {
 public:
  explicit IdleStack(std::size_t max_idle) noexcept : max_idle_(max_idle) {}

  bool full() const noexcept { return idle_.size() >= max_idle_; }
  /// Not when it is full.
  void push(Connection connection) { idle_.push_back(std::move(connection)); }
  /// \return the newest, if there is any
  std::optional<Connection> pop() {
    if (idle_.empty()) return std::nullopt;
    std::optional<Connection> newest(std::move(idle_.back()));
    idle_.pop_back();
    return newest;
  }
  /// Those for which `condition` holds leave.
  /// \return them
  template <class Condition>
  std::vector<Connection> remove_if(Condition condition) {
    const auto leaving =
        std::stable_partition(idle_.begin(), idle_.end(), std::not_fn(std::ref(condition)));
    std::vector<Connection> removed(std::make_move_iterator(leaving),
                                    std::make_move_iterator(idle_.end()));
    idle_.erase(leaving, idle_.end());
    return removed;
  }

 private:
  std::size_t max_idle_;
  std::vector<Connection> idle_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
