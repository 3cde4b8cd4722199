#pragma once

/// \file
/// What the claims of a JSON Web Token must be. Internal.

#include <vx11/auth.hpp>
#include <vx11/detail/mistakes.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Whether a token must say who its owner is.
enum class SubjectRule : unsigned char { optional, required };

struct JwtClaimRules {
  std::string audience = {};
  std::string issuer = {};
  std::string type = {};
  std::chrono::seconds leeway = {};
  WallClock clock = {};
  JwtScopes scopes = {};
  SubjectRule subject = SubjectRule::optional;
};

/// Appends what is wrong with the rules themselves.
void check_rules(const JwtClaimRules& rules, detail::Mistakes& mistakes);

/// The decision on the claims, still encoded, of a token whose signature is good.
AccessCheck judge_claims(const JwtClaimRules& rules, std::string_view encoded);

}  // namespace v0
}  // namespace vx11
