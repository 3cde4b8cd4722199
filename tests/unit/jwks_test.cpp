// Keys that an issuer publishes at a URL: which key verifies, and when keys are fetched.

#include <future>
#include <string>
#include <vector>

#include "jwks_site.hpp"

using namespace jwks_site;

namespace {

Access check(const JwksAuthenticator& keys, const std::string& token) {
  return keys.check(bearing(token));
}

std::string reason(const JwksAuthenticator& keys, const std::string& token) {
  return std::string(keys.explain(bearing(token)).reason);
}

std::string failure(const Result<bool>& outcome) {
  return outcome ? std::string() : outcome.error().detail;
}

std::string mistakes_of(const JwksOptions& options) {
  const auto valid = vx11::validate(options);
  return valid ? std::string() : valid.error().detail;
}

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Issuer, "tokens of all four algorithms are verified by their keys") {
  const KeyPair rsa = KeyPair::rsa(2048);
  const KeyPair ed = KeyPair::ed25519();
  publishes(rsa.jwk(R"(,"kid":"r","use":"sig")") + "," + pair.jwk(R"(,"kid":"e","alg":"ES256")") +
            "," + ed.jwk(R"(,"kid":"d","key_ops":["verify"])"));
  const auto keys = opened();
  CHECK(keys->size() == 3);
  CHECK(check(*keys, rsa.sign(header("RS256", R"(,"kid":"r")"), kClaims)) == Access::granted);
  CHECK(check(*keys, rsa.sign_pss(header("PS256", R"(,"kid":"r")"), kClaims)) == Access::granted);
  CHECK(check(*keys, pair.sign(header("ES256", R"(,"kid":"e")"), kClaims)) == Access::granted);
  CHECK(check(*keys, ed.sign(header("EdDSA", R"(,"kid":"d")"), kClaims)) == Access::granted);

  const AccessCheck checked =
      keys->explain(bearing(ed.sign(header("EdDSA", R"(,"kid":"d")"), kClaims)));
  CHECK(*checked.principal == "alice");
  CHECK(checked.scopes == vx11::Scopes{vx11::Scope::chat});
  CHECK(keys->names_users());
  CHECK(last_request.origin == "https://issuer.test");
  CHECK(last_request.target == "/keys?version=2");
}

TEST_CASE_FIXTURE(Issuer, "a key is used with the algorithms that it fits and names alone") {
  const KeyPair rsa = KeyPair::rsa(2048);
  publishes(rsa.jwk(R"(,"kid":"r","alg":"PS256")") + "," + pair.jwk(R"(,"kid":"e")"));
  const auto keys = opened();
  CHECK(check(*keys, rsa.sign_pss(header("PS256", R"(,"kid":"r")"), kClaims)) == Access::granted);
  CHECK(reason(*keys, rsa.sign(header("RS256", R"(,"kid":"r")"), kClaims)) ==
        "alg: no key of this algorithm");
  CHECK(check(*keys, rsa.sign_pss(header("PS256", R"(,"kid":"e")"), kClaims)) == Access::forbidden);
  CHECK(reason(*keys, KeyPair::p256().sign(header("ES256", R"(,"kid":"e")"), kClaims)) ==
        "signature: wrong");
  CHECK(check(*keys, jwt_signer::token(header("none", R"(,"kid":"e")"), kClaims, "")) ==
        Access::forbidden);
  // The public key, and its text, as a secret.
  for (const std::string& secret : {pair.public_pem(), pair.jwk(R"(,"kid":"e")")}) {
    const std::string forged =
        jwt_signer::hs(EVP_sha256(), secret, header("HS256", R"(,"kid":"e")"), kClaims);
    CHECK(reason(*keys, forged) == "alg: not allowed");
  }
  CHECK(fetches == 1);
}

TEST_CASE_FIXTURE(Issuer, "a token without a kid is verified if exactly one key fits") {
  const KeyPair rsa = KeyPair::rsa(2048);
  const KeyPair other = KeyPair::p256();
  publishes(rsa.jwk(R"(,"kid":"r")") + "," + pair.jwk());
  const auto keys = opened();
  CHECK(check(*keys, pair.sign(header("ES256"), kClaims)) == Access::granted);
  CHECK(check(*keys, rsa.sign(header("RS256"), kClaims)) == Access::granted);
  CHECK(reason(*keys, other.sign(header("ES256"), kClaims)) == "signature: wrong");
  CHECK(reason(*keys, KeyPair::ed25519().sign(header("EdDSA"), kClaims)) ==
        "alg: no key of this algorithm");
  clock.advance(1h);
  publishes(pair.jwk(R"(,"kid":"a")") + "," + other.jwk(R"(,"kid":"b")"));
  REQUIRE(fetched(*keys));
  CHECK(reason(*keys, pair.sign(header("ES256"), kClaims)) == "kid: missing, and several keys fit");
  CHECK(check(*keys, pair.sign(header("ES256", R"(,"kid":7)"), kClaims)) == Access::forbidden);
}

TEST_CASE_FIXTURE(Issuer, "two keys of one id are both tried") {
  publishes(KeyPair::p256().jwk(R"(,"kid":"one")") + "," + pair.jwk(R"(,"kid":"one")"));
  CHECK(check(*opened(), token()) == Access::granted);
}

TEST_CASE_FIXTURE(Issuer,
                  "keys that cannot be used are skipped and counted, and disable no other") {
  const std::string point = R"("kty":"EC","crv":"P-256","x":")" +
                            jwt_signer::base64url(std::string(32, 'x')) + R"(","y":")" +
                            jwt_signer::base64url(std::string(32, 'y')) + "\"";
  const std::vector<std::string> others = {
      R"({"kty":"AKP","kid":"q","alg":"ML-DSA-44","pub":"AAAA"})",
      R"({"kty":"EC","crv":"brainpoolP256r1","kid":"b","x":"AAAA","y":"AAAA"})",
      R"({"kty":"oct","kid":"one","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"})",
      R"({"kty":"OKP","crv":"X25519","kid":"x","x":"AAAA"})",
      "{" + point + R"(,"kid":"off the curve"})",
      R"({"kty":"OKP","crv":"Ed25519","kid":"short","x":"AAAA"})",
      R"({"kty":"RSA","kid":"no modulus","e":"AQAB"})",
      R"({"kty":"RSA","kid":"even","n":"AAAA","e":"AQAC"})",
      KeyPair::rsa(1024).jwk(R"(,"kid":"small")"),
      pair.jwk(R"(,"kid":"enc","use":"enc")"),
      pair.jwk(R"(,"kid":"sign","key_ops":["sign"])"),
      pair.jwk(R"(,"kid":"ops","key_ops":"verify")"),
      pair.jwk(R"(,"kid":"alg","alg":"ES384")"),
      pair.jwk(R"(,"kid":5)"),
      R"("a text")",
      "null",
      "[]",
      "{}"};
  std::string all;
  for (const std::string& other : others) all += other + ",";
  publishes(all + pair.jwk(R"(,"kid":"one","x5c":["AAAA"],"unknown":{})"));
  const auto keys = opened();
  CHECK(keys->size() == 1);
  CHECK(keys->skipped() == others.size());
  CHECK(check(*keys, token()) == Access::granted);
}

TEST_CASE_FIXTURE(Issuer, "a token needs sub, audience, issuer and scopes") {
  publishes_own();
  options.issuer = "https://issuer.test";
  const auto keys = opened();
  const auto signs = [&](const std::string& claims) {
    return pair.sign(header("ES256", R"(,"kid":"one")"), claims);
  };
  const std::string iss = R"(,"iss":"https://issuer.test")";
  CHECK(check(*keys, signs(R"({"exp":1766999999,"aud":"operator","sub":"a")" + iss + "}")) ==
        Access::granted);
  CHECK(keys->explain(bearing(signs(R"({"exp":1766999999,"aud":"operator","sub":"a")" + iss + "}")))
            .scopes == vx11::Scopes());
  CHECK(reason(*keys, signs(R"({"exp":1766999999,"aud":"operator")" + iss + "}")) ==
        "sub: missing");
  CHECK(reason(*keys, signs(R"({"exp":1766999999,"aud":"x","sub":"a")" + iss + "}")) ==
        "aud: another audience");
  CHECK(reason(*keys, signs(R"({"exp":1766999999,"aud":"operator","sub":"a"})")) ==
        "iss: another issuer");
  CHECK(check(*keys, signs(R"({"exp":1,"aud":"operator","sub":"a")" + iss + "}")) ==
        Access::expired);
}

TEST_CASE_FIXTURE(Issuer, "before the first fetch tokens are refused, and the reason says why") {
  answers([](const vx11::Deadline&) -> Result<HttpResponse> {
    return vx11::fail(vx11::Errc::unreachable, "no route");
  });
  const auto keys = open();
  CHECK(fetches == 0);
  CHECK(keys->size() == 0);
  CHECK_FALSE(keys->is_current());
  CHECK(failure(fetched(*keys)) == "no route");
  const AccessCheck checked = keys->explain(bearing(token()));
  CHECK(checked.access == Access::key_unknown);
  CHECK(checked.reason == "no keys of the issuer yet");
  CHECK(fetches == 1);
  clock.advance(5s - 1ns);  // soon again, as there are no keys
  CHECK(check(*keys, token()) == Access::key_unknown);
  clock.advance(1ns);
  publishes_own();
  REQUIRE(fetched(*keys));
  CHECK(fetches == 2);
  CHECK(check(*keys, token()) == Access::granted);
  CHECK(keys->is_current());
}

TEST_CASE_FIXTURE(Issuer, "the first token begins the first fetch") {
  publishes_own();
  const auto keys = open();
  CHECK(check(*keys, token()) == Access::key_unknown);
  REQUIRE(fetched(*keys));
  CHECK(fetches == 1);
  CHECK(check(*keys, token()) == Access::granted);
}

TEST_CASE_FIXTURE(Issuer, "an unknown kid causes one fetch, never one for each token") {
  publishes_own();
  const auto keys = opened();
  for (int i = 0; i < 100; ++i) CHECK(check(*keys, token("two")) == Access::key_unknown);
  CHECK(reason(*keys, token("two")) == "kid: no key of this id");
  publishes_own("two");
  clock.advance(30s - 1ns);
  CHECK(keys->refresh().value() == false);
  CHECK(fetches == 1);
  clock.advance(1ns);
  for (int i = 0; i < 100; ++i) static_cast<void>(check(*keys, token("three")));
  REQUIRE(fetched(*keys));
  CHECK(fetches == 2);
  CHECK(check(*keys, token("two")) == Access::granted);
  CHECK(check(*keys, token("one")) == Access::key_unknown);  // withdrawn
}

TEST_CASE_FIXTURE(Issuer, "a key is asked for as soon as it may be, without a further token") {
  publishes_own();
  const auto keys = opened();
  static_cast<void>(check(*keys, token("two")));
  publishes_own("two");
  clock.advance(30s);
  REQUIRE(fetched(*keys));
  CHECK(check(*keys, token("two")) == Access::granted);
}

TEST_CASE_FIXTURE(Issuer, "forged tokens of a known key cause no fetch") {
  publishes_own();
  const auto keys = opened();
  clock.advance(1min);
  const KeyPair other = KeyPair::p256();
  CHECK(check(*keys, other.sign(header("ES256", R"(,"kid":"one")"), kClaims)) == Access::forbidden);
  CHECK(check(*keys, other.sign(header("HS256", R"(,"kid":"new")"), kClaims)) == Access::forbidden);
  CHECK(check(*keys, "garbage") == Access::forbidden);
  CHECK(keys->refresh().value() == false);
  CHECK(fetches == 1);
}

TEST_CASE_FIXTURE(Issuer,
                  "keys are fetched again after a quarter of an hour, or as the issuer says") {
  struct Says {
    std::string cache_control;
    vx11::Duration after;
  };
  const std::vector<Says> all = {{"", 15min},
                                 {"max-age=600", 10min},
                                 {"public, Max-Age=600, must-revalidate", 10min},
                                 {"max-age=1", 30s},
                                 {"max-age=86400", 1h},
                                 {"no-store, max-age=600", 15min},
                                 {"max-age=ten", 15min},
                                 {"max-age=99999999999", 15min},
                                 {"s-maxage=1", 15min}};
  for (const Says& one : all) {
    CAPTURE(one.cache_control);
    answers([&](const vx11::Deadline&) {
      HttpResponse answer = json_of(set_of(pair.jwk(R"(,"kid":"one")")));
      if (!one.cache_control.empty()) answer.headers.add("Cache-Control", one.cache_control);
      return answer;
    });
    const auto keys = opened();
    const int before = fetches;
    clock.advance(one.after - 1ns);
    CHECK(keys->refresh().value() == false);
    CHECK(fetches == before);
    clock.advance(1ns);
    REQUIRE(fetched(*keys));
    CHECK(fetches == before + 1);
  }
}

TEST_CASE_FIXTURE(Issuer, "keys stay in force while the issuer is down, hangs or talks nonsense") {
  publishes_own();
  const auto keys = opened();
  const std::string large(300'000, ' ');
  const std::vector<std::pair<Answer, std::string>> faults = {
      {[](const vx11::Deadline&) -> Result<HttpResponse> {
         return vx11::fail(vx11::Errc::timeout, "after 10 s");
       },
       "after 10 s"},
      {[](const vx11::Deadline&) { return HttpResponse(503, "text/plain", "later"); },
       "the issuer answered 503"},
      {[](const vx11::Deadline&) { return HttpResponse(302, "text/plain", "there"); },
       "the issuer answered 302; redirects are not followed"},
      {[](const vx11::Deadline&) { return json_of("<html>"); }, "the answer is not JSON in UTF-8"},
      {[](const vx11::Deadline&) { return json_of(std::string(100'000, '[')); },
       "the answer is not JSON in UTF-8"},
      {[](const vx11::Deadline&) { return json_of("[]"); },
       "the answer is no JSON Web Key Set: it has no list \"keys\""},
      {[](const vx11::Deadline&) { return json_of(R"({"keys":{}})"); },
       "the answer is no JSON Web Key Set: it has no list \"keys\""},
      {[](const vx11::Deadline&) { return json_of(R"({"keys":[]})"); },
       "the answer has no key that can be used with an allowed algorithm; 0 keys were skipped"},
      {[](const vx11::Deadline&) { return json_of(R"({"keys":[{"kty":"AKP"}]})"); },
       "the answer has no key that can be used with an allowed algorithm; 1 keys were skipped"},
      {[large](const vx11::Deadline&) { return json_of(large); },
       "the answer is larger than 256 KiB"}};
  for (const auto& [answer, text] : faults) {
    const auto& case_text = text;  // clang 14 captures no structured binding
    CAPTURE(case_text);
    answers(answer);
    clock.advance(1h);
    CHECK(failure(fetched(*keys)) == text);
    CHECK_FALSE(keys->is_current());
    CHECK(keys->size() == 1);
    CHECK(check(*keys, token()) == Access::granted);
    const int before = fetches;
    clock.advance(30s - 1ns);
    CHECK(keys->refresh().value() == false);
    CHECK(fetches == before);
  }
  publishes_own();
  clock.advance(1h);
  CHECK(fetched(*keys).value());
  CHECK(keys->is_current());
}

TEST_CASE_FIXTURE(Issuer, "no request waits for a fetch, and a fetch ends with its authenticator") {
  std::promise<void> asked;
  std::atomic<bool> was_cancelled{false};
  answers([&](const vx11::Deadline& deadline) -> Result<HttpResponse> {
    CHECK(deadline.remaining(clock.now()) == 10s);
    asked.set_value();  // the clock is turned from now on
    while (!deadline.cancelled()) std::this_thread::yield();
    was_cancelled = true;
    return vx11::fail(vx11::Errc::cancelled, "cancelled");
  });
  auto keys = open();
  CHECK(keys->refresh().value() == false);
  asked.get_future().wait();
  for (int i = 0; i < 100; ++i) CHECK(check(*keys, token()) == Access::key_unknown);
  clock.advance(1h);
  CHECK(keys->refresh().value() == false);  // one at a time
  CHECK(keys->reload().has_value());
  CHECK(fetches == 1);
  keys.reset();
  CHECK(was_cancelled);
}

TEST_CASE_FIXTURE(Issuer, "reload fetches at once") {
  publishes_own();
  const auto keys = opened();
  publishes_own("two");
  CHECK(keys->reload().has_value());
  REQUIRE(fetched(*keys));
  CHECK(fetches == 2);
  CHECK(check(*keys, token("two")) == Access::granted);
}

TEST_CASE_FIXTURE(Issuer, "tokens are checked on many threads while keys change") {
  publishes_own();
  const auto keys = opened();
  std::atomic<bool> done{false};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        if (check(*keys, token()) != Access::granted) ++refused;
        static_cast<void>(check(*keys, token("two")));
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    clock.advance(1h);
    CHECK(fetched(*keys).value());
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
}

TEST_CASE_FIXTURE(Issuer, "every mistake of the description is named") {
  CHECK(mistakes_of(options).empty());
  const std::string all =
      mistakes_of({.algorithms = {"HS256", "none"}, .leeway = -1s, .refresh = 0s});
  for (const char* part : {"either a path or a url", "\"none\"", "HS256 needs a secret", "audience",
                           "leeway", "above zero"}) {
    CHECK(says(all, part));
  }
  options.path = "/keys.json";
  CHECK(says(mistakes_of(options), "either a path or a url"));
  options.path.clear();
  options.transport = nullptr;
  CHECK(says(mistakes_of(options), "transport"));
}

TEST_CASE_FIXTURE(Issuer, "the url is https, or of the loopback") {
  for (const char* good :
       {"https://issuer.test", "https://issuer.test/a/b?c=d&e=%20", "http://127.0.0.1:8080/keys",
        "http://localhost/keys", "http://[::1]/"}) {
    CAPTURE(good);
    options.url = good;
    CHECK(mistakes_of(options) == "");
  }
  for (const char* bad : {"http://issuer.test/keys", "http://127.0.0.1.issuer.test/", "ftp://x/",
                          "issuer.test", "https://user:secret@issuer.test/", "https://x/#f",
                          "https://x/?a b", "https://x/?a#b", "https://x/?\r\nHost: y"}) {
    CAPTURE(bad);
    options.url = bad;
    CHECK(mistakes_of(options).starts_with("url "));
    CHECK_FALSE(says(mistakes_of(options), "secret"));
  }
}
