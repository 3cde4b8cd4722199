#pragma once

/// \file
/// The socket on which a server accepts connections. Internal.

#include <vx11/net/server.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <cstdint>
#include <string>

#include "net/server/socket_file.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Move-only; not thread-safe.
class Listener {
 public:
  /// \return the errors of `HttpServer::bind`
  static Result<Listener> open(const ServeOptions& options);

  const socket_detail::Fd& socket() const noexcept { return socket_; }
  bool is_unix() const noexcept { return is_unix_; }
  /// 0 of a Unix-domain socket.
  std::uint16_t port() const noexcept { return port_; }
  /// `host:port`, or `unix:/path`.
  const std::string& name() const noexcept { return name_; }

  /// The next connection, and the numeric address of its client; empty over a Unix-domain socket.
  /// \return none, with `errno` set
  socket_detail::Fd accept(std::string& client) const;
  /// Removes the file of the socket, so that clients see its end and none that waits is lost.
  void retire() noexcept { file_.remove(); }
  void close() noexcept { socket_.close(); }

 private:
  explicit Listener(socket_detail::Fd socket, SocketFile file = {});

  socket_detail::Fd socket_;
  SocketFile file_;
  std::string name_;
  std::uint16_t port_ = 0;
  bool is_unix_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
