#include "net/server/listener.hpp"

#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>

#include "net/server/ip_address.hpp"
#include "net/server/listen_address.hpp"
#include "net/server/socket_activation.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::Address;
using socket_detail::Fd;

namespace {

constexpr int kBacklog = 4096;

Result<Fd> open_tcp(Address address, const std::string& listen) {
  Fd socket = socket_detail::listen_tcp(address, kBacklog);
  if (socket) return socket;
  const int error = errno;
  const bool shortage = error != EADDRNOTAVAIL && socket_detail::is_shortage(error);
  return fail(
      shortage ? Errc::exhausted : Errc::address_unavailable,
      fmt::format("cannot listen on {}: {}", listen, std::generic_category().message(error)));
}

/// IPv4 clients of a dual-stack listener have their usual spelling.
std::string client_of(const Address& peer) {
  std::string host = peer.host();
  if (!peer.is_v6()) return host;
  const auto address = IpAddress::parse(host);
  return address && address->is_v4() ? address->text() : host;
}

}  // namespace

Listener::Listener(Fd socket, SocketFile file)
    : socket_(std::move(socket)), file_(std::move(file)), name_(name_of_socket(socket_.get())) {
  is_unix_ = name_.starts_with("unix:");
  Address local;
  socklen_t size = Address::capacity();
  const bool named = !is_unix_ && ::getsockname(socket_.get(), local.data(), &size) == 0;
  if (named) port_ = local.port();
}

Result<Listener> Listener::open(const ServeOptions& options) {
  const auto where = parse_listen(options.listen);
  if (!where) return fail(where.error());
  if (where->kind == ListenAddress::Kind::unix_socket) {
    auto made = listen_unix(where->path, options.socket_mode, kBacklog);
    if (!made) return fail(std::move(made.error()));
    return Listener(std::move(made->socket), std::move(made->file));
  }
  auto socket = where->kind == ListenAddress::Kind::activated
                    ? take_activated_socket()
                    : open_tcp(where->address, options.listen);
  if (!socket) return fail(std::move(socket.error()));
  return Listener(*std::move(socket));
}

Fd Listener::accept(std::string& client) const {
  Address peer;
  Fd accepted = socket_detail::accept_tcp(socket_, peer);
  if (accepted && !is_unix_) client = client_of(peer);
  return accepted;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
