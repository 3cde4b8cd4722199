#include "auth/jwt_claims.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "auth/jwt_scopes.hpp"
#include "auth/jwt_text.hpp"
#include "json/strings.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kMostAudiences = kMaxJwtBytes;  // never more in a token of that size
constexpr std::size_t kMaxSubjectBytes = 256;         // as of a user_id
/// Issuers' clocks are ahead by seconds. `iat` has no part in whether a token is valid (RFC 7519
/// §4.1.6), but where it is wrong by more than a minute `exp` is wrong, too.
constexpr double kIssuedAhead = 60;

/// Seconds since 1970, possibly with a fraction (NumericDate, RFC 7519 §2).
std::optional<double> numeric_date(const json::Member& member) {
  if (member.kind != json::Kind::number) return std::nullopt;
  double seconds = 0;
  const char* const end = member.text.data() + member.text.size();
  const auto [stopped, error] = std::from_chars(member.text.data(), end, seconds);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return seconds;
}

bool is_string(const json::Member& member, std::string_view value) {
  return member.kind == json::Kind::string && member.text == value;
}

bool names_audience(const json::Member& aud, std::string_view audience) {
  if (aud.kind != json::Kind::array) return is_string(aud, audience);
  const std::vector<json::Element> all = json::elements(aud.text, kMostAudiences);
  return std::any_of(all.begin(), all.end(), [=](const json::Element& one) {
    return one.is_string && one.text == audience;
  });
}

AccessCheck forbidden(std::string_view reason) {
  return {Access::forbidden, reason};
}

bool is_subject(const json::Member& member) {
  return member.kind == json::Kind::string && !member.has_lone_surrogate && !member.text.empty() &&
         member.text.size() <= kMaxSubjectBytes && !member.text.starts_with("certificate:") &&
         std::none_of(member.text.begin(), member.text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
}

/// Whose token it is, and its scopes: granted unless they are malformed.
AccessCheck owner_of(const JwtClaimRules& rules, const JwtPart& claims) {
  static constexpr std::array<std::string_view, 4> kWanted = {"sub", "scope", "scp", "roles"};
  const auto found = claims.scan(kWanted);
  if (!found) return forbidden("claims: not JSON in base64url");
  const json::Member& sub = found->members[0];
  const auto* const named = found->members.data();
  const bool is_absent = sub.kind == json::Kind::absent;
  if (!is_absent && !is_subject(sub)) return forbidden("sub: not a text of 1 to 256 bytes");
  if (is_absent && rules.subject == SubjectRule::required) return forbidden("sub: missing");
  AccessCheck granted(Access::granted);
  granted.scopes = scopes_of(rules.scopes, std::array{named + 1, named + 2, named + 3});
  if (!is_absent) granted.principal = std::make_shared<const std::string>(sub.text);
  return granted;
}

/// What is wrong with the beginning of the token's time; empty: nothing.
std::string_view fault_of_beginning(const json::Member& nbf, const json::Member& iat, double now) {
  if (nbf.kind != json::Kind::absent) {
    const auto begins = numeric_date(nbf);
    if (!begins) return "nbf: not a time";
    if (now < *begins) return "nbf: in the future";
  }
  if (iat.kind == json::Kind::absent) return {};
  const auto issued = numeric_date(iat);
  if (!issued) return "iat: not a time";
  return now + kIssuedAhead < *issued ? "iat: in the future" : std::string_view();
}

}  // namespace

void check_rules(const JwtClaimRules& rules, detail::Mistakes& mistakes) {
  mistakes.add_if(rules.audience.empty(), "the audience is missing");
  mistakes.add_if(rules.leeway < std::chrono::seconds::zero(), "the leeway is negative");
}

/// `exp` comes last: a new token helps only if the rest is right.
AccessCheck judge_claims(const JwtClaimRules& rules, std::string_view encoded) {
  static constexpr std::array<std::string_view, 5> kWanted = {"exp", "nbf", "iat", "aud", "iss"};
  const JwtPart claims(encoded, kWanted);
  if (!claims.is_object()) return forbidden("claims: not JSON in base64url");
  if (!names_audience(claims[3], rules.audience)) return forbidden("aud: another audience");
  if (!rules.issuer.empty() && !is_string(claims[4], rules.issuer)) {
    return forbidden("iss: another issuer");
  }
  using Seconds = std::chrono::duration<double>;
  const double now = Seconds(rules.clock.now().time_since_epoch()).count();
  const auto leeway = static_cast<double>(rules.leeway.count());
  const auto fault = fault_of_beginning(claims[1], claims[2], now + leeway);
  if (!fault.empty()) return forbidden(fault);
  const auto ends = numeric_date(claims[0]);
  if (!ends) return forbidden("exp: missing or not a time");
  AccessCheck owner = owner_of(rules, claims);
  if (owner.access != Access::granted || now < *ends + leeway) return owner;
  AccessCheck expired(Access::expired, "exp: in the past");
  expired.principal = std::move(owner.principal);
  return expired;
}

}  // namespace v0
}  // namespace vx11
