// JSON Web Tokens and key sets. The input's first line is the header of a token, its second the
// claims, the rest the text of keys. The token is signed with the right key, so that claims are
// reached.

#include <vx11/testing/manual_clock.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "auth/jwk_set.hpp"
#include "auth/jwt_bearer.hpp"
#include "fuzz.hpp"
#include "jwt_signer.hpp"

namespace {

using nlohmann::json;
using vx11::Access;
using vx11::AccessCheck;

const vx11::JwtAlgorithms& allowed() {
  static const vx11::JwtAlgorithms all = {
      vx11::find_jwt_algorithm("RS256"), vx11::find_jwt_algorithm("PS256"),
      vx11::find_jwt_algorithm("ES256"), vx11::find_jwt_algorithm("EdDSA")};
  return all;
}

const jwt_signer::KeyPair& own_pair() {
  static const auto pair = jwt_signer::KeyPair::ed25519();
  return pair;
}

AccessCheck judge(const vx11::JwkSet& set, std::string_view token) {
  static const vx11::testing::ManualClock clock;
  static const vx11::JwtClaimRules rules = {.audience = "operator",
                                            .clock = clock,
                                            .scopes = {.required = true},
                                            .subject = vx11::SubjectRule::required};
  return vx11::judge_jwt(token, rules,
                         [&](const vx11::JwtHeader& header, std::string_view text,
                             std::string_view signature) -> AccessCheck {
                           const auto* const algorithm =
                               vx11::find_allowed(allowed(), header.algorithm());
                           if (algorithm == nullptr) return Access::forbidden;
                           return set.verify(*algorithm, header.key_id(), text, signature);
                         });
}

/// What is known of the keys of any text.
void check_set(const vx11::JwkSet& set) {
  fuzz::require(!set.keys.empty() && set.keys.size() <= vx11::kMaxJwks, "a set has 1 to 100 keys");
  for (const vx11::Jwk& key : set.keys) {
    fuzz::require(!key.algorithms.empty(), "a key has an algorithm");
    for (const vx11::JwtAlgorithm* const algorithm : key.algorithms) {
      fuzz::require(vx11::fits(*algorithm, key.key.get()), "and fits it");
      fuzz::require(algorithm->family != vx11::JwtFamily::hmac, "none is a secret");
    }
  }
}

json parsed(std::string_view text) {
  return json::parse(text.begin(), text.end(), nullptr, false);
}

void check_granted(const AccessCheck& checked, std::string_view header, std::string_view claims) {
  const json head = parsed(header);
  const json body = parsed(claims);
  fuzz::require(head.is_object() && head.value("alg", json()) == "EdDSA", "of the key's algorithm");
  fuzz::require(!head.contains("kid") || head.at("kid") == "own", "and of its id");
  fuzz::require(body.is_object() && body.value("exp", json()).is_number(), "with an end");
  fuzz::require(body.value("sub", json()) == *checked.principal, "and the principal is its sub");
}

void check_token(const vx11::JwkSet& set, std::string_view header, std::string_view claims) {
  const std::string good = own_pair().sign(header, claims);
  const AccessCheck checked = judge(set, good);
  if (checked.access == Access::granted) check_granted(checked, header, claims);
  std::string forged = good;
  const std::size_t at = good.rfind('.') + 1;
  forged[at] = forged[at] == 'A' ? 'B' : 'A';
  const Access refused = judge(set, forged).access;
  fuzz::require(refused == Access::forbidden || refused == Access::key_unknown,
                "another signature is refused, whatever the claims say");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view keys = fuzz::text_of(data, size);
  const std::string_view header = fuzz::take_until(keys, '\n');
  const std::string_view claims = fuzz::take_until(keys, '\n');
  if (const auto set = vx11::parse_jwk_set(keys, allowed())) check_set(*set);
  if (const auto set = vx11::parse_jwk_set("{\"keys\":[" + std::string(keys) + "]}", allowed())) {
    check_set(*set);
  }
  const auto own =
      vx11::parse_jwk_set(R"({"keys":[)" + own_pair().jwk(R"(,"kid":"own")") + "]}", allowed());
  fuzz::require(own && own->keys.size() == 1, "the key of the tokens is a key");
  check_token(*own, header, claims);
  const json others = parsed(keys);
  if (others.is_discarded()) return 0;
  const auto mixed =
      vx11::parse_jwk_set(R"({"keys":[)" + own_pair().jwk(R"(,"kid":"own")") + "," +
                              others.dump(-1, ' ', false, json::error_handler_t::replace) + "]}",
                          allowed());
  const bool is_too_large = keys.size() > vx11::kMaxJwkSetBytes / 8;
  fuzz::require(is_too_large || (mixed && !mixed->keys.empty()), "other keys disable none");
  return 0;
}
