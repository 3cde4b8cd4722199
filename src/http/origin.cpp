#include "http/origin.hpp"

#include <vx11/http_message.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace vx11 {
inline namespace v0 {

namespace {

bool is_one_of(char c, std::string_view extra) noexcept {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
         extra.find(c) != std::string_view::npos;
}

/// Underscores are no part of a host name by RFC 1123, but of many a service name in containers.
bool is_name(std::string_view host) noexcept {
  return !host.empty() &&
         std::all_of(host.begin(), host.end(), [](char c) { return is_one_of(c, ".-_"); });
}

bool is_ip6(std::string_view host) noexcept {
  return host.size() > 4 && host.front() == '[' && host.back() == ']' &&
         host.find(':') != std::string_view::npos &&
         host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
             std::string_view::npos;
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port != 0;
}

/// What is wrong with `host[:port]`, or nothing.
std::string_view mistake_in(std::string_view authority) noexcept {
  if (authority.find('@') != std::string_view::npos) return "url must not carry credentials";
  if (authority.find_first_of("/?#") != std::string_view::npos) {
    return "url must have no path, query or fragment";
  }
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, colon);
  if (!is_name(host) && !is_ip6(host)) return "url has no valid host";
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) {
    return "url has no valid port";
  }
  return {};
}

}  // namespace

Result<std::string> parse_origin(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(url.substr(0, scheme.size()), scheme)) continue;
    std::string_view authority = url.substr(scheme.size());
    if (authority.ends_with('/')) authority.remove_suffix(1);
    const std::string_view mistake = mistake_in(authority);
    if (!mistake.empty()) return fail(Errc::invalid_argument, std::string(mistake));
    return std::string(scheme).append(authority);
  }
  return fail(Errc::invalid_argument, "url must begin with http:// or https://");
}

}  // namespace v0
}  // namespace vx11
