#include "limits/client_key.hpp"

#include <array>
#include <string>

#include <arpa/inet.h>

namespace vx11 {
inline namespace v0 {
namespace limits {

namespace {

constexpr std::size_t kNetworkBytes = 8;

/// The numbers of an IPv6 address; a zone (`fe80::1%eth0`) is left out.
std::optional<std::uint64_t> network_key(std::string_view address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string_view numbers = address.substr(0, address.find('%'));
  if (numbers.size() >= text.size()) return std::nullopt;
  numbers.copy(text.data(), numbers.size());
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.data(), bytes.data()) != 1) return std::nullopt;
  return name_key(std::string_view(bytes.data(), kNetworkBytes));
}

}  // namespace

std::uint64_t name_key(std::string_view name) {
  return random::KeyedHash()(name);
}

std::optional<std::uint64_t> address_key(const HttpRequest& head) {
  if (head.peer == nullptr || head.peer->address.empty()) return std::nullopt;
  const std::string_view address = head.peer->address;
  if (address.find(':') == address.npos) return name_key(address);
  const std::string_view last = address.substr(address.rfind(':') + 1);
  if (last.find('.') != last.npos) return name_key(last);
  return network_key(address);
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
