#pragma once

/// \file
/// `redis://[[user]:password@]host[:port][/db]`. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/percent.hpp"

namespace vx11 {
inline namespace v0 {

/// Where a Redis server is and how to get in; credentials decoded.
struct RedisUrl {
  std::string host = {};
  std::uint16_t port = 6379;
  std::string user = {};                               ///< Empty for the server's default user.
  std::optional<std::string> password = std::nullopt;  ///< None: no AUTH.
  std::optional<std::uint32_t> database = std::nullopt;
};

namespace redis_url_detail {

inline constexpr std::string_view kScheme = "redis://";

template <class Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

inline bool is_name(std::string_view host) noexcept {
  constexpr auto allowed = [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !host.empty() && std::ranges::all_of(host, allowed);
}

inline bool is_ip6(std::string_view host) noexcept {
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

inline bool read_credentials(std::string_view text, RedisUrl& url) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  auto user = decode_percent(text.substr(0, colon));
  auto password = decode_percent(text.substr(colon + 1));
  if (!user || !password) return false;
  url.user = std::move(*user);
  url.password = std::move(*password);
  return true;
}

inline bool read_port(std::string_view text, RedisUrl& url) noexcept {
  if (text.empty()) return true;
  const auto port = whole_number<std::uint16_t>(text.substr(1));
  if (text.front() != ':' || !port || *port == 0) return false;
  url.port = *port;
  return true;
}

inline bool read_host_and_port(std::string_view text, RedisUrl& url) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = text.substr(1, end - 1);
    return is_ip6(url.host) && read_port(text.substr(end + 1), url);
  }
  const auto colon = std::min(text.find(':'), text.size());
  url.host = text.substr(0, colon);
  return is_name(url.host) && read_port(text.substr(colon), url);
}

/// `text` is what follows the host: nothing, or a slash and perhaps a number.
inline bool read_database(std::string_view text, RedisUrl& url) noexcept {
  if (text.empty() || text == "/") return true;
  url.database = whole_number<std::uint32_t>(text.substr(1));
  return url.database && *url.database <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace redis_url_detail

/// \return `invalid_argument` that names the part that is wrong and repeats nothing of the URL,
///         which may hold a password
inline Result<RedisUrl> parse_redis_url(std::string_view text) {
  using namespace redis_url_detail;
  const auto wrong = [](const char* what) { return fail(Errc::invalid_argument, what); };
  if (!equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) {
    return wrong("url must begin with redis://");
  }
  text.remove_prefix(kScheme.size());
  RedisUrl url;
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (!read_credentials(authority.substr(0, at), url)) return wrong("url has bad credentials");
    authority.remove_prefix(at + 1);
  }
  if (!read_host_and_port(authority, url)) return wrong("url has no valid host and port");
  if (!read_database(text.substr(slash), url)) return wrong("url has no valid database number");
  return url;
}

}  // namespace v0
}  // namespace vx11
