#pragma once

/// \file
/// The header that a credential comes in. Internal.

#include <vx11/auth.hpp>

#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The value of the header `name`, or what to answer without one: none or an empty one is
/// `auth_required`; several that differ are `forbidden`, since another reader of the same request
/// might take the other.
inline Result<std::string_view, Access> sole_credential(const Headers& headers,
                                                        std::string_view name) {
  std::optional<std::string_view> sole;
  for (const Header header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    if (sole && *sole != header.value) return tl::unexpected(Access::forbidden);
    sole = header.value;
  }
  if (!sole || sole->empty()) return tl::unexpected(Access::auth_required);
  return *sole;
}

}  // namespace v0
}  // namespace vx11
