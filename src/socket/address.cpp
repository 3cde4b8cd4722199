#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/tcp.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

/// Parses the name or number of a network interface.
/// \return 0 if there is none
std::uint32_t zone_of(const std::string& text) noexcept {
  std::uint32_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  return error == std::errc() && end == last ? number : ::if_nametoindex(text.c_str());
}

std::optional<sockaddr_in6> parse_v6(const std::string& host, std::uint16_t port) {
  sockaddr_in6 v6 = {};
  const std::size_t percent = host.find('%');
  if (::inet_pton(AF_INET6, host.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return {};
  if (percent != std::string::npos) {
    v6.sin6_scope_id = zone_of(host.substr(percent + 1));
    if (v6.sin6_scope_id == 0) return {};
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return v6;
}

/// Whether no descriptor is left. The system's resolver then reports a name as unknown, because it
/// can open neither its files nor a socket.
bool lacks_descriptors() noexcept {
  const Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !probe && is_shortage(errno);
}

/// Why `getaddrinfo` failed with `code`.
Errc reason_of(int code, int error) noexcept {
  if (code == EAI_MEMORY || (code == EAI_SYSTEM && is_shortage(error)) || lacks_descriptors()) {
    return Errc::exhausted;
  }
  const bool unknown = code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
  return unknown ? Errc::unreachable : Errc::unavailable;
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t size) noexcept {
  std::memcpy(&storage_, address, std::min<std::size_t>(size, capacity()));
}

std::optional<Address> Address::parse(const std::string& host, std::uint16_t port) {
  sockaddr_in v4 = {};
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  const auto v6 = parse_v6(host, port);
  if (!v6) return std::nullopt;
  return Address(reinterpret_cast<const sockaddr*>(&*v6), sizeof *v6);
}

std::uint16_t Address::port() const noexcept {
  const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&storage_);
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
  return ntohs(is_v6() ? v6->sin6_port : v4->sin_port);
}

std::string Address::host() const {
  std::array<char, NI_MAXHOST> text = {};
  const int failed =
      ::getnameinfo(data(), size(), text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return failed == 0 ? std::string(text.data()) : std::string();
}

Address Address::with_port(std::uint16_t port) const noexcept {
  Address other = *this;
  if (is_v6()) {
    reinterpret_cast<sockaddr_in6*>(&other.storage_)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&other.storage_)->sin_port = htons(port);
  }
  return other;
}

Result<std::vector<Address>> look_up(const std::string& host) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const int error = errno;
  if (failed != 0) return fail(reason_of(failed, error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
  }
  return addresses;
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
