#pragma once

/// \file
/// Which paths belong to the OpenAI API. Internal.

#include <algorithm>
#include <array>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// The path of a target, without a slash at its end.
inline std::string_view resource_of(std::string_view target) noexcept {
  std::string_view path = target.substr(0, target.find('?'));
  if (path.size() > 2 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// Whether errors on `path` have the form of the OpenAI API.
inline bool is_completion_path(std::string_view path) noexcept {
  constexpr std::array<std::string_view, 6> kRoots = {
      "/v1", "/chat/completions", "/responses", "/models", "/completions", "/embeddings"};
  return std::any_of(kRoots.begin(), kRoots.end(), [&](std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  });
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
