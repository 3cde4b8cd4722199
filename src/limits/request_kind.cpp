#include <vx11/request_limits.hpp>

#include <algorithm>
#include <array>

#include "http/resource.hpp"
#include "limits/completion_path.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::array<std::string_view, 5> kProbes = {"/livez", "/readyz", "/health", "/metrics",
                                                     "/"};
constexpr std::array<std::string_view, 3> kChats = {"/operator/chat/ask", "/operator/chat",
                                                    "/operator/task"};

template <std::size_t N>
bool is_any(const std::array<std::string_view, N>& paths, std::string_view path) noexcept {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

RequestKind request_kind(const HttpRequest& head) noexcept {
  const std::string_view path = http_detail::resource_of(head.target);
  const bool is_post = head.method == "POST";
  if (is_post && (is_any(kChats, path) || limits::is_completion_path(path))) {
    return RequestKind::chat;
  }
  return is_any(kProbes, path) ? RequestKind::probe : RequestKind::other;
}

}  // namespace v0
}  // namespace vx11
