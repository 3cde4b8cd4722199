#include "net/server/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "net/server/ip_address.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

using Then = ProxyHeader::Then;

constexpr std::string_view kVersion1 = "PROXY ";
constexpr std::string_view kVersion2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kLongestLine = 107;  ///< Of version 1, with its end.
constexpr std::size_t kHead2 = 16;         ///< Of version 2, before the addresses.

bool begins(std::string_view bytes, std::string_view signature) noexcept {
  const std::size_t common = std::min(bytes.size(), signature.size());
  return bytes.substr(0, common) == signature.substr(0, common);
}

/// The word before the next space, which is removed with it; at the end the rest.
std::string_view take_word(std::string_view& line) noexcept {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  return error == std::errc() && end == text.data() + text.size() && !has_leading_zero;
}

/// Of the family that the line names: `TCP6` may name a mapped IPv4 address.
std::optional<IpAddress> address_of(std::string_view text, bool is_v6) noexcept {
  const bool written_as_v6 = text.find(':') != std::string_view::npos;
  return written_as_v6 == is_v6 ? IpAddress::parse(text) : std::nullopt;
}

/// `TCP4 192.0.2.1 198.51.100.1 56324 443`, or `UNKNOWN` with anything behind it.
/// \return the client's address, empty if it is not known; none if the line is malformed
std::optional<std::string> client_of_line(std::string_view line) {
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return std::string();
  const bool is_v6 = protocol == "TCP6";
  if (!is_v6 && protocol != "TCP4") return std::nullopt;
  const auto client = address_of(take_word(line), is_v6);
  const auto own = address_of(take_word(line), is_v6);
  const std::string_view client_port = take_word(line);
  const bool valid = client && own && is_port(client_port) && is_port(line);
  return valid ? std::optional(client->text()) : std::nullopt;
}

ProxyHeader read_version_1(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, kLongestLine);
  const std::size_t end = line.find('\r');
  if (end == std::string_view::npos || end + 1 == line.size()) {
    return {.then = line.size() < kLongestLine ? Then::more : Then::malformed};
  }
  if (line[end + 1] != '\n') return {};
  auto client = client_of_line(line.substr(kVersion1.size(), end - kVersion1.size()));
  if (!client) return {};
  return {.then = Then::done, .size = end + 2, .client = *std::move(client)};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(bytes[index]);
}

/// The client's address in `block`; empty for a family without one, none if it is cut short.
std::optional<std::string> client_of_block(std::uint8_t family, std::string_view block) {
  constexpr std::uint8_t kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31;
  if (family == kUnixStream)
    return block.size() < 216 ? std::nullopt : std::optional<std::string>("");
  if (family != kTcp4 && family != kTcp6) return std::string();
  if (block.size() < (family == kTcp4 ? 12U : 36U)) return std::nullopt;
  return family == kTcp4 ? IpAddress::of_v4(block.data()).text()
                         : IpAddress::of_v6(block.data()).text();
}

ProxyHeader read_version_2(std::string_view bytes) {
  if (bytes.size() < kHead2) return {.then = Then::more};
  const std::uint8_t command = byte_at(bytes, 12);
  const std::uint8_t family = byte_at(bytes, 13);
  constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;
  const bool is_known = (family >> 4U) <= 3 && (family & 0xFU) <= 2;
  if ((command != kLocal && command != kProxy) || !is_known) return {};
  const std::size_t length = std::size_t{byte_at(bytes, 14)} << 8U | byte_at(bytes, 15);
  const std::size_t size = kHead2 + length;
  if (size > ProxyHeader::kMost) return {};
  if (bytes.size() < size) return {.then = Then::more};
  if (command == kLocal) return {.then = Then::done, .size = size};
  auto client = client_of_block(family, bytes.substr(kHead2, length));
  if (!client) return {};
  return {.then = Then::done, .size = size, .client = *std::move(client)};
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view bytes) {
  if (begins(bytes, kVersion1)) {
    return bytes.size() < kVersion1.size() ? ProxyHeader{.then = Then::more}
                                           : read_version_1(bytes);
  }
  return begins(bytes, kVersion2) ? read_version_2(bytes) : ProxyHeader();
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
