#pragma once

/// \file
/// Reads and writes the bytes of a connection, each step with a `DeadlineWaiter`. Internal to
/// `vx11/httplib.hpp`.

#include <vx11/httplib/detail/deadline_waiter.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Not thread-safe.
class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  /// Reads up to `size` bytes, at least one; 0 when the peer has closed.
  virtual Result<std::size_t> read(char* into, std::size_t size, const DeadlineWaiter& waiter) = 0;
  /// Writes up to all of `bytes`, at least one.
  virtual Result<std::size_t> write(std::string_view bytes, const DeadlineWaiter& waiter) = 0;
  /// Whether the idle connection is usable: no end of stream and no unsolicited bytes have arrived.
  virtual bool quiet() const noexcept = 0;
};

/// A non-blocking TCP socket.
class SocketChannel final : public Channel {
 public:
  explicit SocketChannel(Fd fd) noexcept : fd_(std::move(fd)) {}

  Result<std::size_t> read(char* into, std::size_t size, const DeadlineWaiter& waiter) override {
    for (;;) {
      if (const auto end = waiter.wait(fd_.get(), POLLIN)) return gave_up(*end);
      const ssize_t got = ::recv(fd_.get(), into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (!repeatable(errno)) return broken(errno);
    }
  }

  Result<std::size_t> write(std::string_view bytes, const DeadlineWaiter& waiter) override {
    if (const auto end = waiter.exhausted()) return gave_up(*end);
    for (;;) {
      const ssize_t put = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put >= 0) return static_cast<std::size_t>(put);
      if (!repeatable(errno)) return broken(errno);
      if (const auto end = waiter.wait(fd_.get(), POLLOUT)) return gave_up(*end);
    }
  }

  bool quiet() const noexcept override {
    pollfd fd = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&fd, 1, 0) == 0;
  }

 private:
  static bool repeatable(int error) noexcept {
    return socket_detail::would_block(error) || error == EINTR;
  }

  static tl::unexpected<Error> broken(int error) {
    if (socket_detail::is_shortage(error)) {
      return fail(Errc::exhausted, "no memory left for the connection");
    }
    return fail(Errc::unreachable, "connection reset");
  }

  Fd fd_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
