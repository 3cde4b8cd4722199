#pragma once

/// \file
/// Which sockets have become readable or writable, edge by edge. Internal.

#include <vx11/socket/detail/fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include <sys/epoll.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A connected or connecting TCP socket that does not block.
using Socket = socket_detail::Fd;

/// Has the processor begin to fetch the first `Lines` cache lines at `address`, wherever that is.
template <std::size_t Lines>
void prefetch(const void* address) noexcept {
  for (std::size_t i = 0; i < Lines; ++i) {
    __builtin_prefetch(static_cast<const char*>(address) + 64 * i);
  }
}

/// An edge-triggered epoll, in which a connection registers once and is never asked again.
///
/// Belongs to one thread.
class Poller {
 public:
  /// What a change is likely to mean. Results come first: a call that ends frees what it held, and
  /// finds it in the caches the sooner it ends; one that has not begun holds nothing yet.
  enum class Priority : std::uint8_t { results, new_work };

  /// What the poller notes of a watcher.
  class Registration {
   public:
    explicit Registration(Priority priority) noexcept : priority_(priority) {}

   private:
    friend Poller;
    std::uint32_t pending_ = 0;  ///< Events that were fetched; while there are any it is queued.
    Priority priority_;
  };

  /// Who is told. It may add and remove watchers, itself and others, while it is.
  class Watcher : public Registration {
   public:
    explicit Watcher(Priority priority = Priority::new_work) noexcept : Registration(priority) {}
    /// What is there now: a mask of `EPOLLIN`, `EPOLLOUT`, `EPOLLRDHUP`, `EPOLLHUP` and `EPOLLERR`.
    virtual void ready(std::uint32_t events) = 0;
    /// Its turn comes after the present one: the time to have memory brought nearer.
    virtual void soon_ready() const noexcept {}

   protected:
    ~Watcher() = default;
  };

  /// Throws `std::system_error` if the system has no room for it.
  Poller();

  /// Tells `watcher` of every change of `descriptor`, the first time of what is there already.
  /// \return false if the system has no room for it
  bool add(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept;
  /// Tells it nothing more, not even what has been fetched already. Before it is closed.
  void remove(const socket_detail::Fd& descriptor, Watcher& watcher) noexcept;

  /// Fetches changes and tells of some, by rank and then in the order in which they came. Few, so
  /// that what these lead to is soon dealt with. Waits for changes only if none are left from the
  /// turn before: for `milliseconds` at most or, if negative, for ever.
  void turn(int milliseconds);
  /// Whether changes are left for the next turn.
  bool has_more() const noexcept { return !results_.empty() || !new_work_.empty(); }

 private:
  using Queue = std::deque<Watcher*>;  ///< Null in the place of one that has been removed.

  void fetch(int milliseconds);
  static std::size_t dispatch(Queue& queue, std::size_t most);
  Queue& queue_of(const Watcher& watcher) noexcept {
    return watcher.priority_ == Priority::results ? results_ : new_work_;
  }

  socket_detail::Fd epoll_;
  std::array<epoll_event, 256> fetched_{};
  Queue results_;
  Queue new_work_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
