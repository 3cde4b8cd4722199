// Credentials. The input's first line is a header's value, its second the header of a token, the
// rest its claims; a token over them is signed with the right key, so that claims are reached.

#include <vx11/auth.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "auth/base64url.hpp"
#include "fuzz.hpp"
#include "jwt_signer.hpp"

namespace {

using nlohmann::json;
using Authenticator = std::shared_ptr<const vx11::Authenticator>;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

bool grants(const Authenticator& authenticator, const char* name, std::string_view value) {
  vx11::Headers headers;
  headers.add(name, value);
  return authenticator->check(headers) == vx11::Access::granted;
}

/// One encoding of any bytes, and no other text that decodes to them.
void check_base64url(std::string_view text) {
  const auto bytes = vx11::decode_base64url(text);
  if (bytes) fuzz::require(jwt_signer::base64url(*bytes) == text, "there is one spelling");
  const auto back = vx11::decode_base64url(jwt_signer::base64url(std::string(text)));
  fuzz::require(back && *back == text, "what is encoded is decoded");
}

void check_plain_token(std::string_view value) {
  static const auto authenticator = vx11::make_token_authenticator(kSecret).value();
  fuzz::require(grants(authenticator, "x-vx11-token", value) == (value == kSecret),
                "the token itself is granted, nothing else");
  vx11::Headers twice;
  twice.add("x-vx11-token", kSecret);
  twice.add("X-VX11-Token", value);
  fuzz::require((authenticator->check(twice) == vx11::Access::granted) == (value == kSecret),
                "two tokens that differ are refused");
}

json parsed(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return json(json::value_t::discarded);
  return json::parse(text.begin(), text.end(), nullptr, false);
}

bool is_for_us(const json& audience) {
  if (!audience.is_array()) return audience == "operator";
  return std::find(audience.begin(), audience.end(), "operator") != audience.end();
}

/// What a granted token must say; `now` in seconds since 1970, five of which are forgiven.
bool may_be_granted(const json& header, const json& claims, double now) {
  if (!header.is_object() || !claims.is_object()) return false;
  if (header.value("alg", json()) != "HS256" || header.contains("crit")) return false;
  const json exp = claims.value("exp", json());
  if (!exp.is_number() || now >= exp.get<double>() + 5) return false;
  if (claims.contains("nbf")) {
    const json& nbf = claims.at("nbf");
    if (!nbf.is_number() || now + 5 < nbf.get<double>()) return false;
  }
  return is_for_us(claims.value("aud", json()));
}

void check_jwt(std::string_view credential, std::string_view header, std::string_view claims) {
  static const vx11::testing::ManualClock clock;
  static const auto authenticator =
      vx11::make_jwt_authenticator({.secret = kSecret, .audience = "operator", .clock = clock})
          .value();
  fuzz::require(!grants(authenticator, "Authorization", credential),
                "nothing is granted that was not signed");
  const std::string signed_token =
      jwt_signer::hs(EVP_sha256(), kSecret, std::string(header), std::string(claims));
  if (!grants(authenticator, "Authorization", "Bearer " + signed_token)) return;
  const double now = std::chrono::duration<double>(clock.wall_now().time_since_epoch()).count();
  fuzz::require(may_be_granted(parsed(header), parsed(claims), now),
                "a granted token is in time, for us, and of an allowed algorithm");
  std::string forged = signed_token;
  forged.front() = forged.front() == 'e' ? 'f' : 'e';
  fuzz::require(!grants(authenticator, "Authorization", "Bearer " + forged),
                "a token that was changed is refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  const std::string_view credential = fuzz::take_until(input, '\n');
  const std::string_view header = fuzz::take_until(input, '\n');
  check_base64url(credential);
  check_plain_token(credential);
  check_jwt(credential, header, input);
  return 0;
}
