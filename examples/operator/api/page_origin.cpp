#include "operator/api/page_origin.hpp"

#include <algorithm>
#include <string_view>

namespace backend {

namespace {

/// Whether `origin` is a page of `host`, whatever the scheme is. `null` is none.
bool is_of_host(std::string_view origin, std::string_view host) noexcept {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = origin.find(kMark);
  return mark != std::string_view::npos && !host.empty() &&
         vx11::equals_ignoring_case(origin.substr(mark + kMark.size()), host);
}

/// Of `host[:port]`; a dot at its end, of an absolute name, is left out.
std::string_view host_of(std::string_view authority) noexcept {
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  std::string_view host = authority.substr(0, authority.find(':', bracket));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool has(std::span<const std::string> all, std::string_view one) {
  return std::any_of(all.begin(), all.end(), [=](const std::string& each) {
    return vx11::equals_ignoring_case(each, one);
  });
}

}  // namespace

bool is_cross_site(const vx11::Headers& headers, std::span<const std::string> allowed) {
  const auto origin = headers.find("Origin");
  if (!origin) return headers.get("Sec-Fetch-Site") == "cross-site";
  return !is_of_host(*origin, headers.get("Host")) && !has(allowed, *origin);
}

bool is_allowed_host(const vx11::Headers& headers, std::span<const std::string> allowed) {
  const std::string_view host = host_of(headers.get("Host"));
  if (allowed.empty() || host.empty()) return true;
  const bool is_local = !host.starts_with('[') && host.find('.') == std::string_view::npos;
  return is_local || has(allowed, "*") || has(allowed, host);
}

}  // namespace backend
