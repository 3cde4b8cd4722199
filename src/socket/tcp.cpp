#include <vx11/socket/detail/tcp.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

constexpr int kKind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

void send_at_once(const Fd& socket) noexcept {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Fd open_tcp(int family) noexcept {
  Fd socket(::socket(family, kKind, IPPROTO_TCP));
  if (socket) send_at_once(socket);
  return socket;
}

int start_connect(const Fd& socket, const Address& address) noexcept {
  return ::connect(socket.get(), address.data(), address.size()) == 0 ? 0 : errno;
}

int connect_result(const Fd& socket) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Error connect_error(int error) {
  switch (error) {
    case ETIMEDOUT:
      return Error(Errc::timeout, "connection timed out");
    case ECONNREFUSED:
      return Error(Errc::unreachable, "connection refused");
    case ENETUNREACH:
    case EHOSTUNREACH:
      return Error(Errc::unreachable, "no route to the host");
    case EMFILE:
    case ENFILE:
      return Error(Errc::exhausted, "no file descriptor left");
    case EADDRNOTAVAIL:
      return Error(Errc::exhausted, "no local address or port left");
    default:
      break;
  }
  if (is_shortage(error)) return Error(Errc::exhausted, "no memory left for a connection");
  return Error(Errc::unreachable, "connection failed");
}

Fd listen_tcp(Address& address, int backlog) noexcept {
  Fd listening(::socket(address.family(), kKind, IPPROTO_TCP));
  const int fd = listening.get();
  const int on = 1;
  socklen_t size = Address::capacity();
  const bool done = listening && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                    ::bind(fd, address.data(), address.size()) == 0 && ::listen(fd, backlog) == 0 &&
                    ::getsockname(fd, address.data(), &size) == 0;
  if (done) return listening;
  const int why = errno;
  listening.close();
  errno = why;
  return {};
}

Fd accept_tcp(const Fd& listening, Address& peer) noexcept {
  socklen_t size = Address::capacity();
  Fd accepted(::accept4(listening.get(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted) send_at_once(accepted);
  return accepted;
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
