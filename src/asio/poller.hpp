#pragma once

/// \file
/// Which sockets have become readable or writable, edge by edge. Internal.

#include <array>
#include <cstdint>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/epoll.h>

namespace vx11::inline v0::asio_detail {

/// An edge-triggered epoll of its own, which its io_context watches as it would a socket.
///
/// A connection registers once and is never asked again, where Asio tries each receive before it
/// waits for it; that saves two system calls of six per chat (docs/design/asio.md). Belongs to the
/// thread of its io_context.
class Poller {
 public:
  /// Who is told. It may add and remove watchers, itself and others, while it is.
  class Watcher {
   public:
    /// What is there now: a mask of `EPOLLIN`, `EPOLLOUT`, `EPOLLRDHUP`, `EPOLLHUP` and `EPOLLERR`.
    virtual void ready(std::uint32_t events) = 0;

   protected:
    ~Watcher() = default;
  };

  explicit Poller(boost::asio::io_context& io);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Tells `watcher` of every change of `socket`, the first time of what is there already.
  /// \return false if the system has no room for it
  bool add(int socket, Watcher& watcher) noexcept;
  /// Tells it nothing more, not even what has been fetched already. Before `socket` is closed.
  void remove(int socket, const Watcher& watcher) noexcept;

 private:
  void wait();
  void turn();

  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, 256> events_{};
  int next_ = 0;
  int fetched_ = 0;
};

}  // namespace vx11::inline v0::asio_detail
