#include "page_origin.hpp"

#include <algorithm>
#include <string_view>

namespace backend {

bool is_of_allowed_page(const vx11::Headers& headers, std::span<const std::string> allowed) {
  constexpr std::string_view kMark = "://";
  const std::string_view origin = headers.get("Origin");
  const std::size_t mark = origin.find(kMark);
  if (mark == std::string_view::npos) return false;  // none, or `null`
  const std::string_view host = headers.get("Host");
  if (!host.empty() && vx11::equals_ignoring_case(origin.substr(mark + kMark.size()), host)) {
    return true;
  }
  return std::any_of(allowed.begin(), allowed.end(), [=](const std::string& each) {
    return vx11::equals_ignoring_case(each, origin);
  });
}

}  // namespace backend
