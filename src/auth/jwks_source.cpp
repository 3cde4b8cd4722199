#include "auth/jwks_source.hpp"

#include <vx11/url.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include "text/trimmed.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

tl::unexpected<Error> unusable(std::string_view why) {
  return fail(Errc::invalid_argument, std::string("url ").append(why));
}

/// A name other than `localhost` may resolve to anything.
bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

bool is_query(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7F' && c != '#'; });
}

/// The value of `max-age=…`; none for other directives and other values.
std::optional<Duration> seconds_of(std::string_view directive) {
  constexpr std::string_view kName = "max-age=";
  if (!equals_ignoring_case(directive.substr(0, kName.size()), kName)) return std::nullopt;
  directive.remove_prefix(kName.size());
  std::uint32_t seconds = 0;
  const char* const end = directive.data() + directive.size();
  const auto [stopped, error] = std::from_chars(directive.data(), end, seconds);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

Result<HttpRequest> jwks_request(std::string_view url) {
  const std::size_t mark = std::min(url.find('?'), url.size());
  const std::string_view query = url.substr(mark);
  auto parsed = Url::parse(url.substr(0, mark), UrlRules{.path = true});
  if (!parsed) return fail(std::move(parsed.error()));
  if (!is_query(query)) return unusable("has characters in its query that must be encoded");
  if (!parsed->secure() && !is_loopback(parsed->host())) {
    return unusable(
        "must be https, or its host a loopback address: keys that others can change "
        "on their way prove nothing");
  }
  std::string target = parsed->path().empty() ? "/" : parsed->path();
  HttpRequest request("GET", parsed->scheme() + "://" + parsed->authority(), target.append(query));
  request.headers.add("Accept", "application/jwk-set+json, application/json");
  return request;
}

std::optional<Duration> max_age_of(const HttpResponse& response) {
  std::optional<Duration> age;
  for (const Header field : response.headers) {
    if (!equals_ignoring_case(field.name, "Cache-Control")) continue;
    for (std::string_view left = field.value; !left.empty();) {
      const std::size_t end = std::min(left.find(','), left.size());
      const std::string_view one = trimmed(left.substr(0, end), kHttpSpace);
      left.remove_prefix(std::min(end + 1, left.size()));
      const bool forbids =
          equals_ignoring_case(one, "no-store") || equals_ignoring_case(one, "no-cache");
      if (forbids) return std::nullopt;
      if (const auto seconds = seconds_of(one)) age = seconds;
    }
  }
  return age;
}

}  // namespace v0
}  // namespace vx11
