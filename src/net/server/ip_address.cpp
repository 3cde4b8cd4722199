#include "net/server/ip_address.hpp"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

constexpr std::size_t kPrefix = 12;
constexpr std::array<std::uint8_t, kPrefix> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> copy = {};  // inet_pton needs a NUL
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  in_addr v4 = {};
  if (::inet_pton(AF_INET, copy.data(), &v4) == 1) return of_v4(&v4);
  in6_addr v6 = {};
  if (::inet_pton(AF_INET6, copy.data(), &v6) == 1) return of_v6(&v6);
  return std::nullopt;
}

IpAddress IpAddress::of_v4(const void* four_bytes) noexcept {
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + kPrefix, four_bytes, 4);
  return address;
}

IpAddress IpAddress::of_v6(const void* sixteen_bytes) noexcept {
  IpAddress address;
  std::memcpy(address.bytes.data(), sixteen_bytes, address.bytes.size());
  return address;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out = {};
  const bool v4 = is_v4();
  const void* const from = bytes.data() + (v4 ? kPrefix : 0);
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, from, out.data(), out.size());
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
