#include "front/page_origin.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "front/cors.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// The host of `host[:port]`, without the port and a dot at its end.
std::string_view without_port(std::string_view authority) noexcept {
  const bool is_ipv6 = authority.starts_with('[');
  const std::size_t from = is_ipv6 ? std::min(authority.find(']'), authority.size()) : 0;
  std::string_view host = authority.substr(0, authority.find(':', from));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

/// A name without a dot, such as that of a container, is not resolved by the public DNS, so no
/// attacker can point it elsewhere.
bool is_local_name(std::string_view host) noexcept {
  return !host.empty() && host.front() != '[' && host.find('.') == std::string_view::npos;
}

bool is_allowed_host(std::span<const std::string> allowed, const Headers& headers) noexcept {
  const std::string_view named = headers.get("Host");
  if (allowed.empty() || named.empty()) return true;
  const std::string_view host = without_port(named);
  if (is_local_name(host)) return true;
  return std::any_of(allowed.begin(), allowed.end(), [=](std::string_view entry) {
    return entry == "*" || equals_ignoring_case(entry, host);
  });
}

bool changes_state(std::string_view method) noexcept {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

/// The host and port of `http://host:port` or its like with https.
std::string_view authority_of(std::string_view origin) noexcept {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

/// Whether a page of another origin sent the request. Sec-Fetch-Site cannot be set by a page and is
/// right behind a proxy that changes the Host, too; browsers send it where the connection is
/// trustworthy. Without it the Origin is compared with the Host.
bool is_of_another_origin(const Headers& headers) noexcept {
  if (const auto site = headers.find("Sec-Fetch-Site")) {
    return *site != "same-origin" && *site != "none";
  }
  const auto origin = headers.find("Origin");
  if (!origin) return false;
  const std::string_view authority = authority_of(*origin);  // none in `null`
  return authority.empty() || !equals_ignoring_case(authority, headers.get("Host"));
}

}  // namespace

OriginFault origin_fault(std::span<const std::string> hosts,
                         std::span<const std::string> cors_origins, const HttpRequest& request) {
  if (!is_allowed_host(hosts, request.headers)) return OriginFault::host;
  const bool is_cross_site = changes_state(request.method) &&
                             is_of_another_origin(request.headers) &&
                             !is_from_allowed_origin(cors_origins, request);
  return is_cross_site ? OriginFault::cross_site : OriginFault::none;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
