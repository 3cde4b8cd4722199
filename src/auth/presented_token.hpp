#pragma once

/// \file
/// The token that a request carries, and its comparison. Internal.

#include <string_view>

#include "auth/credential_header.hpp"

namespace vx11 {
inline namespace v0 {

/// The `WWW-Authenticate` value of authenticators that take tokens.
inline constexpr std::string_view kTokenChallenge = "VX11-Token realm=\"operator\"";

/// The value of `x-vx11-token`, or of `Authorization: Bearer`, which may stand beside it with the
/// same token. An Authorization of another scheme, such as a proxy's Basic, is ignored.
/// \return the refusal if there is none, or if there are several different ones
Result<std::string_view, AccessCheck> presented_token(const Headers& headers);

/// Equality in constant time for texts of one length. The length is not secret; the position of the
/// first different byte would be.
bool same_secret(std::string_view given, std::string_view secret) noexcept;

/// \return `invalid_argument` for a token that no request could carry: empty, with control bytes,
///         or with a space at an end
Result<void> check_sendable(std::string_view token);

}  // namespace v0
}  // namespace vx11
