#pragma once

/// \file
/// Which paths belong to the OpenAI API. Internal.

#include <algorithm>
#include <array>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace limits {

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
