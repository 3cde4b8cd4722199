#include <vx11/auth.hpp>
#include <vx11/detail/mistakes.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "auth/base64url.hpp"
#include "auth/credential_header.hpp"
#include "auth/jwt_signature.hpp"
#include "json/scan.hpp"
#include "json/strings.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kMaxTokenBytes = 16'384;
constexpr std::size_t kMostAudiences = kMaxTokenBytes;  // never more in a token of that size

/// The three parts of a compact token (RFC 7515 §7.1), still encoded.
struct CompactToken {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  ///< Header and claims with the dot between them.
};

std::optional<CompactToken> split(std::string_view token) {
  if (token.size() > kMaxTokenBytes || std::count(token.begin(), token.end(), '.') != 2) {
    return std::nullopt;
  }
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  return CompactToken{.header = token.substr(0, first),
                      .claims = token.substr(first + 1, second - first - 1),
                      .signature = token.substr(second + 1),
                      .signed_text = token.substr(0, second)};
}

/// A decoded part of a token, and the members looked up in it.
class Part {
 public:
  /// \param wanted names of members of the JSON object that `encoded` should contain
  Part(std::string_view encoded, std::span<const std::string_view> wanted)
      : text_(decode_base64url(encoded)) {
    if (text_) scanned_ = json::scan_object(*text_, wanted);
  }
  Part(const Part&) = delete;  // the members found are views
  Part& operator=(const Part&) = delete;

  bool is_object() const noexcept { return scanned_.has_value(); }
  const json::Member& operator[](std::size_t wanted) const noexcept {
    return scanned_->members[wanted];
  }

 private:
  std::optional<std::string> text_;
  Result<json::Scanned, json::ScanError> scanned_ = tl::unexpected(json::ScanError());
};

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

class JwtAuthenticator final : public Authenticator {
 public:
  JwtAuthenticator(JwtOptions options, JwtKeys keys)
      : options_(std::move(options)), keys_(std::move(keys)) {}

  Access check(const Headers& headers) const override { return explain(headers).access; }

  AccessCheck explain(const Headers& headers) const override {
    const auto credential = sole_credential(headers, "Authorization");
    if (!credential) return credential.error();
    const auto token = bearer_token(*credential);
    if (!token) return forbidden("another scheme than Bearer");
    return judge(*token);
  }
  std::string_view challenge() const noexcept override { return "Bearer realm=\"operator\""; }

 private:
  static AccessCheck forbidden(std::string_view reason) { return {Access::forbidden, reason}; }

  /// Verifies the signature before evaluating any claim.
  AccessCheck judge(std::string_view text) const {
    const auto token = split(text);
    if (!token) return forbidden("not a JWT of three parts and at most 16 KiB");
    if (const auto fault = fault_of_signature(*token); !fault.empty()) return forbidden(fault);
    return judge_claims(token->claims);
  }

  /// Empty for a good signature.
  std::string_view fault_of_signature(const CompactToken& token) const {
    static constexpr std::array<std::string_view, 2> kWanted = {"alg", "crit"};
    const Part header(token.header, kWanted);
    if (!header.is_object()) return "header: not JSON in base64url";
    if (header[0].kind != json::Kind::string) return "alg: not a string";
    // Critical extensions, of which none is supported (RFC 7515 §4.1.11).
    if (header[1].kind != json::Kind::absent) return "crit: no extension is supported";
    const auto signature = decode_base64url(token.signature);
    if (!signature) return "signature: not base64url";
    const bool good = keys_.verify(header[0].text, token.signed_text, *signature);
    return good ? "" : "signature: wrong, or its alg is not allowed";
  }

  /// `exp` comes last: a new token helps only if the rest is right.
  AccessCheck judge_claims(std::string_view part) const {
    static constexpr std::array<std::string_view, 4> kWanted = {"exp", "nbf", "aud", "iss"};
    const Part claims(part, kWanted);
    if (!claims.is_object()) return forbidden("claims: not JSON in base64url");
    if (!names_audience(claims[2], options_.audience)) return forbidden("aud: another audience");
    if (!options_.issuer.empty() && !is_string(claims[3], options_.issuer)) {
      return forbidden("iss: another issuer");
    }
    return judge_times(claims[0], claims[1]);
  }

  AccessCheck judge_times(const json::Member& exp, const json::Member& nbf) const {
    using Seconds = std::chrono::duration<double>;
    const double now = Seconds(options_.clock.now().time_since_epoch()).count();
    const auto leeway = static_cast<double>(options_.leeway.count());
    if (nbf.kind != json::Kind::absent) {
      const auto begins = numeric_date(nbf);
      if (!begins) return forbidden("nbf: not a time");
      if (now + leeway < *begins) return forbidden("nbf: in the future");
    }
    const auto ends = numeric_date(exp);
    if (!ends) return forbidden("exp: missing or not a time");
    if (now >= *ends + leeway) return {Access::expired, "exp: in the past"};
    return Access::granted;
  }

  JwtOptions options_;
  JwtKeys keys_;
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options) {
  detail::Mistakes mistakes;
  JwtKeys keys(options, mistakes);
  mistakes.add_if(options.audience.empty(), "the audience is missing");
  mistakes.add_if(options.leeway < std::chrono::seconds::zero(), "the leeway is negative");
  Result<void> checked = std::move(mistakes).result();
  if (!checked) return fail(std::move(checked.error()));
  return std::make_shared<const JwtAuthenticator>(std::move(options), std::move(keys));
}

}  // namespace v0
}  // namespace vx11
