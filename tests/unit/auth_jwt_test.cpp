#include <vx11/auth.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "jwt_signer.hpp"

using namespace std::chrono_literals;
using jwt_signer::KeyPair;
using jwt_signer::token;
using vx11::Access;
using vx11::Authenticator;
using vx11::Headers;
using vx11::JwtOptions;
using vx11::make_jwt_authenticator;

namespace {

const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kHs256 = R"({"alg":"HS256","typ":"JWT"})";

/// Claims that hold at the manual clock's start, 1766925296.789.
const std::string kGood = R"({"exp":1766925396,"nbf":1766925196,"aud":"operator","iss":"vx11"})";

struct Jwt {
  vx11::testing::ManualClock clock;
  JwtOptions options = {.secret = kSecret, .audience = "operator", .clock = clock};

  Access check(const std::string& token) const { return check_raw("Bearer " + token); }
  Access check_raw(const std::string& credential) const {
    Headers headers;
    headers.add("Authorization", credential);
    return make_jwt_authenticator(options).value()->check(headers);
  }
  Access claims(const std::string& claims) const {
    return check(jwt_signer::hs(EVP_sha256(), kSecret, kHs256, claims));
  }
};

std::string mistakes_of(JwtOptions options) {
  const auto made = make_jwt_authenticator(std::move(options));
  return made ? "" : made.error().detail;
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Jwt, "a token that is signed, in time and for us is granted") {
  CHECK(claims(kGood) == Access::granted);
}

TEST_CASE_FIXTURE(Jwt, "without a credential one is asked for") {
  const auto auth = make_jwt_authenticator(options).value();
  CHECK(auth->check(Headers()) == Access::auth_required);
  CHECK(check_raw("") == Access::auth_required);
  CHECK(auth->challenge().substr(0, 6) == "Bearer");
}

TEST_CASE_FIXTURE(Jwt, "the scheme is Bearer in any case; of any other a token is asked for") {
  const std::string good = jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  CHECK(check_raw("bearer " + good) == Access::granted);
  CHECK(check_raw("BEARER   " + good) == Access::granted);
  CHECK(check_raw("Basic " + good) == Access::auth_required);
  CHECK(check_raw(good) == Access::auth_required);
  CHECK(check_raw("Bearer") == Access::auth_required);
  CHECK(check_raw("Bearer ") == Access::auth_required);
}

TEST_CASE_FIXTURE(Jwt, "several credentials that differ are forbidden") {
  const std::string good = "Bearer " + jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  Headers headers;
  headers.add("Authorization", good);
  headers.add("authorization", "Bearer x");
  CHECK(make_jwt_authenticator(options).value()->check(headers) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "a token expires, and the leeway is all that is forgiven") {
  const std::string ends = R"({"exp":1766925300,"aud":"operator"})";
  CHECK(claims(ends) == Access::granted);
  clock.advance(3'211ms);  // the very second it ends
  CHECK(claims(ends) == Access::granted);
  clock.advance(4'999ms);
  CHECK(claims(ends) == Access::granted);
  clock.advance(1ms);
  CHECK(claims(ends) == Access::expired);
}

TEST_CASE_FIXTURE(Jwt, "a token is expired only if nothing else is wrong with it") {
  options.issuer = "vx11";
  CHECK(claims(R"({"exp":1,"aud":"operator","iss":"vx11"})") == Access::expired);
  CHECK(claims(R"({"exp":1,"aud":"other","iss":"vx11"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1,"aud":"operator","iss":"other"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1,"nbf":1766929999,"aud":"operator","iss":"vx11"})") == Access::forbidden);
  const std::string forged = jwt_signer::hs(EVP_sha256(), "another-secret-of-more-than-32-bytes",
                                            kHs256, R"({"exp":1,"aud":"operator","iss":"vx11"})");
  CHECK(check(forged) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "the reason of a refusal names the claim") {
  options.issuer = "vx11";
  const auto reason_of = [&](const std::string& claims) {
    Headers headers;
    headers.add("Authorization", "Bearer " + jwt_signer::hs(EVP_sha256(), kSecret, kHs256, claims));
    return std::string(make_jwt_authenticator(options).value()->explain(headers).reason);
  };
  CHECK(reason_of(kGood) == "");
  CHECK(reason_of(R"({"exp":1,"aud":"operator","iss":"vx11"})") == "exp: in the past");
  CHECK(reason_of(R"({"aud":"operator","iss":"vx11"})") == "exp: missing or not a time");
  CHECK(reason_of(R"({"exp":1,"aud":"x","iss":"vx11"})") == "aud: another audience");
  CHECK(reason_of(R"({"exp":1,"aud":"operator"})") == "iss: another issuer");
  CHECK(reason_of(R"({"nbf":1766929999,"aud":"operator","iss":"vx11"})") == "nbf: in the future");
}

TEST_CASE_FIXTURE(Jwt, "without an exp that is a number a token is forbidden") {
  CHECK(claims(R"({"aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":null,"aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":"1766925396","aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":true,"aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1e999,"aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":-1,"aud":"operator"})") == Access::expired);
}

TEST_CASE_FIXTURE(Jwt, "a fraction of a second is a number too") {
  CHECK(claims(R"({"exp":1.766925396e9,"aud":"operator"})") == Access::granted);
}

TEST_CASE_FIXTURE(Jwt, "a token that is not valid yet is forbidden until the leeway reaches it") {
  const std::string begins = R"({"exp":1766929999,"nbf":1766925310,"aud":"operator"})";
  CHECK(claims(begins) == Access::forbidden);
  clock.advance(8'211ms);
  CHECK(claims(begins) == Access::granted);
  CHECK(claims(R"({"exp":1766929999,"nbf":"soon","aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766929999,"nbf":null,"aud":"operator"})") == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "the audience must be ours, alone or in a list") {
  CHECK(claims(R"({"exp":1766925396,"aud":["other","operator"]})") == Access::granted);
  CHECK(claims(R"({"exp":1766925396,"aud":"other"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396,"aud":["other","operators"]})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396,"aud":[]})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396,"aud":[["operator"]]})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396,"aud":{"operator":1}})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396})") == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "the issuer must be ours where one was named") {
  options.issuer = "vx11";
  CHECK(claims(kGood) == Access::granted);
  CHECK(claims(R"({"exp":1766925396,"aud":"operator","iss":"other"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766925396,"aud":"operator"})") == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "alg none is forbidden in every spelling") {
  for (const std::string alg : {"none", "None", "NONE", ""}) {
    const std::string header = R"({"alg":")" + alg + R"("})";
    CHECK(check(token(header, kGood, "")) == Access::forbidden);
    CHECK(check(token(header, kGood, "x")) == Access::forbidden);
  }
  CHECK(check(token(R"({"typ":"JWT"})", kGood, "")) == Access::forbidden);
  CHECK(check(token(R"({"alg":1})", kGood, "")) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "an algorithm that is not on the list is forbidden, well signed or not") {
  const std::string header = R"({"alg":"HS512"})";
  const std::string signed_so = jwt_signer::hs(EVP_sha512(), kSecret, header, kGood);
  CHECK(check(signed_so) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "HS384 and HS512 work where they are allowed") {
  options.secret = kSecret + kSecret;
  options.algorithms = {"HS384", "HS512"};
  CHECK(check(jwt_signer::hs(EVP_sha384(), options.secret, R"({"alg":"HS384"})", kGood)) ==
        Access::granted);
  CHECK(check(jwt_signer::hs(EVP_sha512(), options.secret, R"({"alg":"HS512"})", kGood)) ==
        Access::granted);
  CHECK(check(jwt_signer::hs(EVP_sha256(), options.secret, kHs256, kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "a signature by another secret is forbidden") {
  const std::string other = "another secret of thirty-two bytes";
  CHECK(check(jwt_signer::hs(EVP_sha256(), other, kHs256, kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "a changed byte anywhere in the token is forbidden") {
  const std::string good = jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  REQUIRE(check(good) == Access::granted);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string tampered = good;
    tampered[i] = good[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK(check(tampered) == Access::forbidden);
  }
}

TEST_CASE_FIXTURE(Jwt, "a signature has one spelling: padding and stray bits are forbidden") {
  const std::string good = jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  CHECK(check(good + "=") == Access::forbidden);
  CHECK(check(good.substr(0, good.size() - 1)) == Access::forbidden);
  std::string stray = good;  // 32 bytes end in four bits of a character and two that are zero
  stray.back() = static_cast<char>(stray.back() + 1);
  CHECK(check(stray) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "a signature that is too short or too long is forbidden") {
  const std::string good = jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  CHECK(check(good + "A") == Access::forbidden);                       // 33 bytes
  CHECK(check(good + "AAAAA") == Access::forbidden);                   // 36 bytes
  CHECK(check(good.substr(0, good.size() - 3)) == Access::forbidden);  // 30 bytes
}

TEST_CASE_FIXTURE(Jwt, "garbage is forbidden") {
  for (const std::string& garbage :
       {std::string("x"), std::string("."), std::string(".."), std::string("..."),
        std::string("a.b.c"), std::string("!!.!!.!!"), std::string(1U << 20U, 'A'),
        std::string(1U << 20U, '.'), token("[]", kGood, "x"), token("not json", kGood, "x"),
        token(kHs256, kGood, ""), token(std::string(10'000, '['), kGood, "x")}) {
    CHECK(check(garbage) == Access::forbidden);
  }
  CHECK(claims("not json") == Access::forbidden);
  CHECK(claims("[]") == Access::forbidden);
  CHECK(claims("") == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "a fourth part is forbidden") {
  const std::string good = jwt_signer::hs(EVP_sha256(), kSecret, kHs256, kGood);
  CHECK(check(good + ".x") == Access::forbidden);
  CHECK(check("x." + good) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "an extension that must be understood is forbidden") {
  const std::string header = R"({"alg":"HS256","crit":["b64"],"b64":false})";
  CHECK(check(jwt_signer::hs(EVP_sha256(), kSecret, header, kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "RS256 and ES256 are verified with the public key alone") {
  for (const auto& signer :
       {std::pair("RS256", KeyPair::rsa(2048)), std::pair("ES256", KeyPair::p256())}) {
    const std::string alg = signer.first;  // clang 14 captures no structured binding
    const KeyPair& pair = signer.second;
    CAPTURE(alg);
    const std::string header = std::string(R"({"alg":")") + alg + R"("})";
    options.algorithms = {alg};
    options.public_key_pem = pair.public_pem();
    CHECK(check(pair.sign(header, kGood)) == Access::granted);
    CHECK(check(pair.sign(header, R"({"exp":1,"aud":"operator"})")) == Access::expired);
    const std::string good = pair.sign(header, kGood);
    std::string tampered = good;
    tampered[good.size() / 2] = good[good.size() / 2] == 'A' ? 'B' : 'A';
    CHECK(check(tampered) == Access::forbidden);
    CHECK(check(good.substr(0, good.size() - 4)) == Access::forbidden);
  }
}

TEST_CASE_FIXTURE(Jwt, "PS256 takes RSA keys, and a salt as long as the hash alone") {
  const KeyPair pair = KeyPair::rsa(2048);
  const std::string header = R"({"alg":"PS256"})";
  options.algorithms = {"PS256"};
  options.public_key_pem = pair.public_pem();
  CHECK(check(pair.sign_pss(header, kGood)) == Access::granted);
  CHECK(check(pair.sign_pss(header, kGood, 20)) == Access::forbidden);
  CHECK(check(pair.sign(header, kGood)) == Access::forbidden);  // signed as RS256
  CHECK(check(pair.sign(R"({"alg":"RS256"})", kGood)) == Access::forbidden);
  options.algorithms = {"RS256"};
  CHECK(check(pair.sign_pss(R"({"alg":"RS256"})", kGood)) == Access::forbidden);
  CHECK(check(pair.sign_pss(header, kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "EdDSA takes Ed25519 keys, under both of its names") {
  const KeyPair pair = KeyPair::ed25519();
  options.public_key_pem = pair.public_pem();
  for (const std::string name : {"EdDSA", "Ed25519"}) {
    options.algorithms = {name};
    const std::string good = pair.sign(R"({"alg":")" + name + R"("})", kGood);
    CHECK(check(good) == Access::granted);
    CHECK(check(good.substr(0, good.size() - 4)) == Access::forbidden);
    std::string tampered = good;
    tampered[good.size() / 2] = good[good.size() / 2] == 'A' ? 'B' : 'A';
    CHECK(check(tampered) == Access::forbidden);
  }
  CHECK(check(pair.sign(R"({"alg":"EdDSA"})", kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "no key is taken for an algorithm of another family") {
  struct Kind {
    KeyPair pair;
    std::vector<std::string> algorithms;
  };
  const std::vector<Kind> kinds = {{KeyPair::rsa(2048), {"RS256", "PS256"}},
                                   {KeyPair::p256(), {"ES256"}},
                                   {KeyPair::ed25519(), {"EdDSA", "Ed25519"}}};
  for (const Kind& kind : kinds) {
    options.public_key_pem = kind.pair.public_pem();
    for (const std::string name : {"RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256"}) {
      CAPTURE(name);
      options.algorithms = {name};
      options.secret = name == "HS256" ? kind.pair.public_pem() : std::string();
      const auto& own = kind.algorithms;
      CHECK(mistakes_of(options).empty() == (std::find(own.begin(), own.end(), name) != own.end()));
    }
  }
}

TEST_CASE_FIXTURE(Jwt, "a token of the future is forbidden, a clock that is ahead is not") {
  CHECK(claims(R"({"exp":1766929999,"iat":1766925361,"aud":"operator"})") == Access::granted);
  CHECK(claims(R"({"exp":1766929999,"iat":1766925362.5,"aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766929999,"iat":"now","aud":"operator"})") == Access::forbidden);
  CHECK(claims(R"({"exp":1766929999,"iat":0,"aud":"operator"})") == Access::granted);
}

TEST_CASE_FIXTURE(Jwt, "a key pair of someone else is forbidden") {
  options.algorithms = {"ES256"};
  options.public_key_pem = KeyPair::p256().public_pem();
  CHECK(check(KeyPair::p256().sign(R"({"alg":"ES256"})", kGood)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "the public key is never taken for a secret") {
  const KeyPair pair = KeyPair::rsa(2048);
  options.public_key_pem = pair.public_pem();
  const std::string forged = jwt_signer::hs(EVP_sha256(), pair.public_pem(), kHs256, kGood);
  options.algorithms = {"RS256"};
  CHECK(check(forged) == Access::forbidden);
  options.algorithms = {"RS256", "HS256"};
  CHECK(check(forged) == Access::forbidden);
  CHECK(check(pair.sign(R"({"alg":"RS256"})", kGood)) == Access::granted);
}

TEST_CASE_FIXTURE(Jwt, "a signature under one algorithm does not pass for another") {
  const KeyPair pair = KeyPair::rsa(2048);
  options.public_key_pem = pair.public_pem();
  options.algorithms = {"RS256", "HS256"};
  CHECK(check(pair.sign(kHs256, kGood)) == Access::forbidden);
  CHECK(check(jwt_signer::hs(EVP_sha256(), kSecret, R"({"alg":"RS256"})", kGood)) ==
        Access::forbidden);
}

TEST_CASE_FIXTURE(Jwt, "every mistake of the description is named") {
  const std::string all = mistakes_of({.algorithms = {"none", "HS256", "RS256"}, .leeway = -1s});
  CHECK(says(all, "\"none\""));
  CHECK(says(all, "HS256 needs a secret of at least 32 bytes"));
  CHECK(says(all, "RS256 needs a public key"));
  CHECK(says(all, "audience"));
  CHECK(says(all, "leeway"));
  options.algorithms = {};
  CHECK(says(mistakes_of(options), "no algorithm"));
}

TEST_CASE_FIXTURE(Jwt, "a secret is at least as long as the hash") {
  options.algorithms = {"HS512"};
  CHECK(says(mistakes_of(options), "HS512 needs a secret of at least 64 bytes"));
  options.algorithms = {"HS256"};
  options.secret.pop_back();
  CHECK(says(mistakes_of(options), "HS256 needs a secret of at least 32 bytes"));
}

TEST_CASE_FIXTURE(Jwt, "a key that does not fit its algorithm is refused") {
  const KeyPair rsa = KeyPair::rsa(2048);
  options.algorithms = {"ES256"};
  options.public_key_pem = rsa.public_pem();
  CHECK(says(mistakes_of(options), "P-256"));
  options.algorithms = {"RS256"};
  options.public_key_pem = KeyPair::p256().public_pem();
  CHECK(says(mistakes_of(options), "RSA"));
  options.public_key_pem = KeyPair::rsa(1024).public_pem();
  CHECK(says(mistakes_of(options), "2048"));
  options.public_key_pem = rsa.private_pem();
  CHECK(says(mistakes_of(options), "public key"));
  options.algorithms = {"HS256"};
  options.secret = rsa.public_pem();
  CHECK(says(mistakes_of(options), "not a key in PEM"));
}
