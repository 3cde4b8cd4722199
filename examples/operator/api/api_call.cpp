#include <vx11/http_routes.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "operator/api/api_routes.hpp"

namespace backend {

namespace {

constexpr std::string_view kBase = "/operator/api";

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A part of a query, as forms write it. A `%` that begins no escape stays as it is.
std::string decoded(std::string_view part) {
  std::string text;
  for (std::size_t at = 0; at < part.size(); ++at) {
    const bool has_two = part[at] == '%' && at + 2 < part.size();
    const int high = has_two ? digit_of(part[at + 1]) : -1;
    const int low = has_two ? digit_of(part[at + 2]) : -1;
    if (high >= 0 && low >= 0) {
      text += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      text += part[at] == '+' ? ' ' : part[at];
    }
  }
  return text;
}

}  // namespace

std::string ApiCall::path_argument(std::string_view name) const {
  std::string whole(pattern);
  if (!pattern.starts_with("/operator/")) whole.insert(0, kBase);
  return vx11::RoutedRequest(request, deadline, whole).path_argument(name);
}

std::string ApiCall::query(std::string_view name) const {
  const std::size_t mark = request.target.find('?');
  if (mark == std::string::npos) return {};
  std::string_view rest = std::string_view(request.target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (decoded(part.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? std::string() : decoded(part.substr(equals + 1));
  }
  return {};
}

}  // namespace backend
