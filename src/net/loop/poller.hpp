#pragma once

/// \file
/// Edge-triggered readiness of sockets. Internal.

#include <vx11/clock.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include <sys/epoll.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A connected or connecting non-blocking TCP socket.
using Socket = socket_detail::Fd;

/// Prefetches the first `Lines` cache lines at `address`, which need not be valid.
template <std::size_t Lines>
void prefetch(const void* address) noexcept {
  for (std::size_t i = 0; i < Lines; ++i) {
    __builtin_prefetch(static_cast<const char*>(address) + 64 * i);
  }
}

/// An edge-triggered epoll: a connection registers once and never re-arms.
///
/// Belongs to one thread.
class Poller {
 public:
  /// The order of dispatch. Results come first: a call that ends frees its memory while it is still
  /// cached; one that has not begun holds none.
  enum class Priority : std::uint8_t { results, new_work };

  /// The poller's state of a watcher.
  class Registration {
   public:
    explicit Registration(Priority priority) noexcept : priority_(priority) {}

   private:
    friend Poller;
    std::uint32_t pending_ = 0;  ///< Fetched, not dispatched; queued while nonzero.
    Priority priority_;
  };

  /// Receives events. It may add and remove watchers, including itself, during the callback.
  class Watcher : public Registration {
   public:
    explicit Watcher(Priority priority = Priority::new_work) noexcept : Registration(priority) {}
    /// The current events: a mask of `EPOLLIN`, `EPOLLOUT`, `EPOLLRDHUP`, `EPOLLHUP` and
    /// `EPOLLERR`.
    virtual void ready(std::uint32_t events) = 0;
    /// Called when the watcher is next in the queue, to prefetch its memory.
    virtual void soon_ready() const noexcept {}

   protected:
    ~Watcher() = default;
  };

  /// Throws `std::system_error` if the system is out of resources.
  Poller();

  /// Registers `watcher` for all events of `descriptor`, including those already present.
  /// \return false if the system is out of resources
  bool add(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept;
  /// Unregisters `watcher` and discards its pending events. Call it before closing the descriptor.
  void remove(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept;

  /// Fetches events and dispatches some, by priority and then in order of arrival; only a limited
  /// number, so that the work they cause is handled soon. Waits only if no events are left from the
  /// previous turn: at most `milliseconds`, or without limit if negative.
  /// \return whether there was any
  bool turn(int milliseconds);
  /// When the last turn that waited had waited.
  TimePoint woken_at() const noexcept { return woken_at_; }
  /// Whether events are left for the next turn.
  bool has_more() const noexcept { return !results_.empty() || !new_work_.empty(); }

 private:
  using Queue = std::deque<Watcher*>;  ///< Null where a watcher was removed.

  void fetch(int milliseconds);
  static std::size_t dispatch(Queue& queue, std::size_t most);
  Queue& queue_of(const Watcher& watcher) noexcept {
    return watcher.priority_ == Priority::results ? results_ : new_work_;
  }

  socket_detail::Fd epoll_;
  TimePoint woken_at_ = {};
  std::array<epoll_event, 256> fetched_{};
  Queue results_;
  Queue new_work_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
