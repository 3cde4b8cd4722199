#pragma once

/// \file
/// `redis://[[user]:password@]host[:port][/db]`, and `redis://password@host` as redis-cli has it.
/// Internal.

#include <vx11/result.hpp>
#include <vx11/url.hpp>

#include <array>
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

/// The address of a Redis server and its credentials, decoded.
struct RedisUrl {
  std::string host = {};
  std::uint16_t port = 6379;
  std::string user = {};                               ///< Empty for the server's default user.
  std::optional<std::string> password = std::nullopt;  ///< None: no AUTH.
  std::optional<std::uint32_t> database = std::nullopt;
};

namespace redis_url_detail {

inline constexpr std::array<UrlScheme, 1> kSchemes = {{{"redis", 6379}}};

template <class Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Target>
bool read_credentials(std::string_view text, Target& url) {
  const auto colon = text.find(':');
  const bool has_user = colon != std::string_view::npos;
  auto user = decode_percent(has_user ? text.substr(0, colon) : std::string_view());
  auto password = decode_percent(has_user ? text.substr(colon + 1) : text);
  if (!user || !password) return false;
  url.user = std::move(*user);
  url.password = std::move(*password);
  return true;
}

/// `text` is what follows the host: nothing, or a slash and an optional number.
template <class Target>
bool read_database(std::string_view text, Target& url) noexcept {
  if (text.empty() || text == "/") return true;
  url.database = whole_number<std::uint32_t>(text.substr(1));
  return url.database && *url.database <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace redis_url_detail

/// \return `invalid_argument` that names the invalid part and repeats nothing of the URL, which may
///         contain a password
inline Result<RedisUrl> parse_redis_url(std::string_view text) {
  using namespace redis_url_detail;
  const auto wrong = [](const char* what) { return fail(Errc::invalid_argument, what); };
  RedisUrl redis;
  std::string bare(text);
  const std::size_t begin = bare.find("://") + 3;  // 2 if there is none; the URL parser rejects it
  const std::size_t at = bare.substr(0, bare.find('/', begin)).rfind('@');
  if (at != std::string::npos && at >= begin) {
    if (!read_credentials(bare.substr(begin, at - begin), redis)) {
      return wrong("url has bad credentials");
    }
    bare.erase(begin, at + 1 - begin);
  }
  const auto url = Url::parse(bare, {.schemes = kSchemes, .path = true});
  if (!url) return fail(url.error());
  redis.host = url->host();
  redis.port = url->port();
  if (!read_database(url->path(), redis)) return wrong("url has no valid database number");
  return redis;
}

}  // namespace v0
}  // namespace vx11
