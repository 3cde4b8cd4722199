#include <vx11/auth.hpp>

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
#include "text/mistake_list.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kMaxTokenBytes = 16'384;

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
  const std::vector<json::Element> all = json::elements(aud.text);
  return std::any_of(all.begin(), all.end(), [=](const json::Element& one) {
    return one.is_string && one.text == audience;
  });
}

/// `Bearer` in any case, then the token (RFC 6750 §2.1).
std::optional<std::string_view> bearer_token(std::string_view credential) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equals_ignoring_case(credential.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  credential.remove_prefix(
      std::min(credential.find_first_not_of(' ', kScheme.size()), credential.size()));
  return credential;
}

class JwtAuthenticator final : public Authenticator {
 public:
  JwtAuthenticator(JwtOptions options, JwtKeys keys)
      : options_(std::move(options)), keys_(std::move(keys)) {}

  Access check(const Headers& headers) const override {
    const auto credential = sole_credential(headers, "Authorization");
    if (!credential) return credential.error();
    const auto token = bearer_token(*credential);
    return token && is_valid(*token) ? Access::granted : Access::forbidden;
  }
  std::string_view challenge() const noexcept override { return "Bearer realm=\"operator\""; }

 private:
  /// Verifies the signature before evaluating any claim.
  bool is_valid(std::string_view text) const {
    const auto token = split(text);
    return token && is_signed(*token) && is_for_us_now(token->claims);
  }

  bool is_signed(const CompactToken& token) const {
    static constexpr std::array<std::string_view, 2> kWanted = {"alg", "crit"};
    const Part header(token.header, kWanted);
    if (!header.is_object() || header[0].kind != json::Kind::string) return false;
    // Critical extensions, of which none is supported (RFC 7515 §4.1.11).
    if (header[1].kind != json::Kind::absent) return false;
    const auto signature = decode_base64url(token.signature);
    return signature && keys_.verify(header[0].text, token.signed_text, *signature);
  }

  bool is_for_us_now(std::string_view part) const {
    static constexpr std::array<std::string_view, 4> kWanted = {"exp", "nbf", "aud", "iss"};
    const Part claims(part, kWanted);
    if (!claims.is_object()) return false;
    return is_now(claims[0], claims[1]) && names_audience(claims[2], options_.audience) &&
           (options_.issuer.empty() || is_string(claims[3], options_.issuer));
  }

  bool is_now(const json::Member& exp, const json::Member& nbf) const {
    using Seconds = std::chrono::duration<double>;
    const double now = Seconds(options_.clock.now().time_since_epoch()).count();
    const auto leeway = static_cast<double>(options_.leeway.count());
    const auto ends = numeric_date(exp);
    if (!ends || now >= *ends + leeway) return false;
    if (nbf.kind == json::Kind::absent) return true;
    const auto begins = numeric_date(nbf);
    return begins && now + leeway >= *begins;
  }

  JwtOptions options_;
  JwtKeys keys_;
};

}  // namespace

Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options) {
  MistakeList mistakes;
  JwtKeys keys(options, mistakes);
  mistakes.add_if(options.audience.empty(), "the audience is missing");
  mistakes.add_if(options.leeway < std::chrono::seconds::zero(), "the leeway is negative");
  Result<void> checked = std::move(mistakes).result();
  if (!checked) return fail(std::move(checked.error()));
  return std::make_shared<const JwtAuthenticator>(std::move(options), std::move(keys));
}

}  // namespace v0
}  // namespace vx11
