#include <vx11/net/trusted_proxies.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "net/server/ip_address.hpp"

namespace vx11 {
inline namespace v0 {

using net_detail::IpAddress;

namespace {

constexpr std::string_view kUnix = "unix";
constexpr unsigned kMappedBits = 96;

using Bytes = std::array<std::uint8_t, 16>;

/// `address` without what follows its first `bits` bits.
Bytes masked(Bytes address, unsigned bits) noexcept {
  for (unsigned i = 0; i < address.size(); ++i) {
    const unsigned kept = std::min(8U, bits - std::min(bits, 8 * i));
    address.at(i) &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return address;
}

/// The number of bits behind the slash, `most` without a slash; none if it is no such number.
std::optional<unsigned> read_bits(std::string_view text, unsigned most) noexcept {
  if (text.empty()) return most;
  text.remove_prefix(1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && bits <= most ? std::optional(bits) : std::nullopt;
}

Error no_proxy(std::string_view name) {
  return Error(Errc::invalid_argument,
               fmt::format("trusted proxy '{}': expected an address, a network such as 10.0.0.0/8 "
                           "or fd00::/8, or unix",
                           name));
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& names) {
  TrustedProxies parsed;
  for (const std::string_view name : names) {
    if (name == kUnix) {
      parsed.has_unix_ = true;
      continue;
    }
    const std::size_t slash = std::min(name.find('/'), name.size());
    const auto address = IpAddress::parse(name.substr(0, slash));
    if (!address) return fail(no_proxy(name));
    const unsigned width = address->is_v4() ? 128 - kMappedBits : 128;
    const auto bits = read_bits(name.substr(slash), width);
    if (!bits) return fail(no_proxy(name));
    const Network network{.first = masked(address->bytes, 128 - width + *bits),
                          .bits = 128 - width + *bits};
    if (network.first != address->bytes) {
      return fail(Errc::invalid_argument,
                  fmt::format("trusted proxy '{}': the address has bits beyond the first {}; write "
                              "{}/{}",
                              name, *bits, IpAddress{network.first}.text(), *bits));
    }
    parsed.networks_.push_back(network);
  }
  return parsed;
}

bool TrustedProxies::contains(std::string_view address) const noexcept {
  if (address.empty()) return has_unix_;
  const auto ip = IpAddress::parse(address.substr(0, address.find('%')));
  return ip && std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
           return masked(ip->bytes, network.bits) == network.first;
         });
}

}  // namespace v0
}  // namespace vx11
