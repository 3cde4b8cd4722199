#pragma once

/// \file
/// The header that a credential comes in. Internal.

#include <vx11/auth.hpp>

#include <string_view>

namespace vx11::inline v0 {

/// The value of the header `name`, or what to answer without one: none or an empty one is
/// `auth_required`; several that differ are `forbidden`, since another reader of the same request
/// might take the other.
inline Result<std::string_view, Access> sole_credential(const Headers& headers,
                                                        std::string_view name) {
  const Header* sole = nullptr;
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    if (sole != nullptr && sole->value != header.value) return tl::unexpected(Access::forbidden);
    sole = &header;
  }
  if (sole == nullptr || sole->value.empty()) return tl::unexpected(Access::auth_required);
  return std::string_view(sole->value);
}

}  // namespace vx11::inline v0
