#pragma once

/// \file
/// TCP sockets as servers and transports open them. Internal.
///
/// Every socket made here does not block, is closed when the process starts another program, and
/// sends small messages at once (TCP_NODELAY): a message is one write, so waiting for more to send
/// only costs time.

#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <cerrno>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Whether a call failed only because it would have had to wait.
inline bool would_block(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK;
}

/// A socket to connect to addresses of `family` (`AF_INET`, `AF_INET6`).
/// \return none, with `errno` set, if the system has no room for it
VX11_API Fd open_tcp(int family) noexcept;

/// Begins to connect.
/// \return 0 when it is connected at once, `EINPROGRESS` when the socket becomes writable once that
///         is settled, or why it failed
VX11_API int start_connect(const Fd& socket, const Address& address) noexcept;

/// How an attempt that was in progress ended.
/// \return 0 when it is connected, or why it failed
VX11_API int connect_result(const Fd& socket) noexcept;

/// The error for a failed attempt: `timeout` for `ETIMEDOUT`, else `unreachable`.
VX11_API Error connect_error(int error);

/// A socket that listens at `address`, which afterwards is the one it really has (port 0 picks a
/// free one).
/// \return none, with `errno` set, if the address cannot be taken
VX11_API Fd listen_tcp(Address& address, int backlog) noexcept;

/// The next connection and the address of its client.
/// \return none, with `errno` set
VX11_API Fd accept_tcp(const Fd& listening, Address& peer) noexcept;

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
