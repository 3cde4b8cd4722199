#pragma once

/// \file
/// Which sockets have become readable or writable, edge by edge. Internal.

#include <vx11/detail/fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

namespace vx11::inline v0::asio_detail {

/// A connected or connecting TCP socket that does not block.
using Socket = detail::Fd;

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
  /// Who is told. It may add and remove watchers, itself and others, while it is.
  class Watcher {
   public:
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
  bool add(const detail::Fd& descriptor, Watcher& watcher) noexcept;
  /// Tells it nothing more, not even what has been fetched already. Before it is closed.
  void remove(const detail::Fd& descriptor, const Watcher& watcher) noexcept;

  /// Waits for changes, for `milliseconds` at most or, if negative, for ever, and tells of them.
  void wait(int milliseconds);

 private:
  void bring_nearer() const noexcept;

  detail::Fd epoll_;
  std::array<epoll_event, 256> events_{};
  int next_ = 0;
  int fetched_ = 0;
};

}  // namespace vx11::inline v0::asio_detail
