#pragma once

/// \file
/// `Address`: where a TCP socket connects to or listens. Internal to the servers and transports.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// An IPv4 or IPv6 address with a port, or empty. A value.
class VX11_API Address {
 public:
  Address() noexcept = default;
  /// Copies an address reported by the system, for example in `addrinfo`.
  Address(const sockaddr* address, socklen_t size) noexcept;

  /// Parses a dotted IPv4 address, or an IPv6 address without brackets, with or without a zone
  /// (`%eth0`).
  /// \return none if `host` is a name or anything else
  static std::optional<Address> parse(const std::string& host, std::uint16_t port);

  int family() const noexcept { return storage_.ss_family; }
  bool is_v6() const noexcept { return family() == AF_INET6; }
  std::uint16_t port() const noexcept;
  /// The same address with another port.
  Address with_port(std::uint16_t port) const noexcept;
  /// The numeric address, IPv6 without brackets.
  std::string host() const;

  /// For system calls that read the address, or write at most `capacity()` bytes to it.
  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }
  static constexpr socklen_t capacity() noexcept { return sizeof(sockaddr_storage); }

 private:
  sockaddr_storage storage_ = {};
};

/// Asks the system's resolver for the addresses of a name, in its order (RFC 6724), with port 0.
/// Blocks until the resolver returns.
/// \return `unreachable` if there is no such name, `exhausted` if the system is out of descriptors
///         or memory, `unavailable` if the look-up failed
VX11_API Result<std::vector<Address>> look_up(const std::string& host);

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
