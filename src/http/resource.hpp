#pragma once

/// \file
/// The resource that a request target names. Internal.

#include <string_view>

#include "http/route_pattern.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The path, without a slash at its end; of `*` that of the whole server.
inline std::string_view resource_of(std::string_view target) noexcept {
  std::string_view path = path_of(target);
  if (path == "*") return "/";
  if (path.size() > 2 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
