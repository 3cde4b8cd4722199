#pragma once

/// \file
/// The way of a bearer JWT through its checks. Internal.

#include <vx11/auth.hpp>

#include <string_view>

#include "auth/base64url.hpp"
#include "auth/credential_header.hpp"
#include "auth/jwt_claims.hpp"
#include "auth/jwt_text.hpp"

namespace vx11 {
inline namespace v0 {

inline constexpr std::string_view kBearerChallenge = "Bearer realm=\"operator\"";

/// Verifies the signature before evaluating any claim.
/// \param verify returns the `AccessCheck` of a `JwtHeader`, the signed text and its signature
template <class Verify>
AccessCheck judge_jwt(std::string_view text, const JwtClaimRules& rules, Verify verify) {
  const auto token = split_jwt(text);
  if (!token) return {Access::forbidden, "not a JWT of three parts and at most 16 KiB"};
  const JwtHeader header(token->header);
  if (const auto fault = header.fault(); !fault.empty()) return {Access::forbidden, fault};
  if (!rules.type.empty() && !header.is_of_type(rules.type)) {
    return {Access::forbidden, "typ: another type"};
  }
  const auto signature = decode_base64url(token->signature);
  if (!signature) return {Access::forbidden, "signature: not base64url"};
  const AccessCheck verified = verify(header, token->signed_text, *signature);
  return verified.access == Access::granted ? judge_claims(rules, token->claims) : verified;
}

/// The same for the token that a request carries. Another scheme, such as a proxy's Basic, presents
/// none (RFC 6750 §3.1).
template <class Verify>
AccessCheck judge_bearer(const Headers& headers, const JwtClaimRules& rules, Verify verify) {
  const auto credential = sole_credential(headers, "Authorization");
  if (!credential) return credential.error();
  const auto token = bearer_token(*credential);
  if (!token || token->empty()) return Access::auth_required;
  return judge_jwt(*token, rules, verify);
}

}  // namespace v0
}  // namespace vx11
