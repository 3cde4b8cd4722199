#pragma once

/// \file
/// Reads the headers that carry a credential. Internal.

#include <vx11/auth.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

inline constexpr std::string_view kSeveralCredentials = "several different credentials";

/// The value of the header `name`, or the refusal: `auth_required` if it is absent or empty,
/// `forbidden` for several different values, since another parser might choose a different one.
inline Result<std::string_view, AccessCheck> sole_credential(const Headers& headers,
                                                             std::string_view name) {
  const auto first = headers.find(name);
  if (!first) return tl::unexpected(AccessCheck(Access::auth_required));
  for (const Header header : headers) {
    if (header.value.data() != first->data() && equals_ignoring_case(header.name, name) &&
        header.value != *first) {
      return tl::unexpected(AccessCheck(Access::forbidden, kSeveralCredentials));
    }
  }
  if (first->empty()) return tl::unexpected(AccessCheck(Access::auth_required));
  return *first;
}

/// The token of an Authorization with the scheme Bearer, in any case (RFC 6750 §2.1).
inline std::optional<std::string_view> bearer_token(std::string_view credential) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_ignoring_case(credential.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  credential.remove_prefix(
      std::min(credential.find_first_not_of(' ', kScheme.size()), credential.size()));
  return credential;
}

}  // namespace v0
}  // namespace vx11
