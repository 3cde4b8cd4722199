#pragma once

/// \file
/// Reads the header that carries a credential. Internal.

#include <vx11/auth.hpp>

#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The value of the header `name`, or the refusal: `auth_required` if it is absent or empty,
/// `forbidden` for several different values, since another parser might choose a different one.
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
