#pragma once

/// \file
/// TCP sockets as servers and transports open them. Internal.
///
/// Every socket is non-blocking, close-on-exec and TCP_NODELAY: a message is one write, so delaying
/// small writes would only add latency.

#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <cerrno>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Whether a call failed only because it would have blocked.
inline bool would_block(int error) noexcept {
#if EAGAIN == EWOULDBLOCK
  return error == EAGAIN;
#else
  return error == EAGAIN || error == EWOULDBLOCK;
#endif
}

/// Whether a call failed because this process or machine is out of descriptors, memory, threads or
/// ports.
inline bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

/// Creates a socket to connect to addresses of `family` (`AF_INET`, `AF_INET6`).
/// \return none, with `errno` set, if the system is out of resources
VX11_API Fd open_tcp(int family) noexcept;

/// Starts to connect.
/// \return 0 when connected at once, `EINPROGRESS` when the socket becomes writable on completion,
///         or the errno of the failure
VX11_API int start_connect(const Fd& socket, const Address& address) noexcept;

/// The result of an attempt that was in progress.
/// \return 0 when connected, or the errno of the failure
VX11_API int connect_result(const Fd& socket) noexcept;

/// The error for a failed attempt: `timeout` for `ETIMEDOUT`, `exhausted` for a shortage, else
/// `unreachable`.
VX11_API Error connect_error(int error);

/// Opens a socket that listens at `address`, and stores the bound address there (port 0 picks a
/// free one).
/// \return none, with `errno` set, if the address cannot be bound
VX11_API Fd listen_tcp(Address& address, int backlog) noexcept;

/// Accepts the next connection and stores its client's address.
/// \return none, with `errno` set
VX11_API Fd accept_tcp(const Fd& listening, Address& peer) noexcept;

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
