#include <vx11/auth.hpp>

#include <cstddef>
#include <memory>
#include <string>

#include <doctest/doctest.h>

using vx11::Access;
using vx11::Errc;
using vx11::Headers;
using vx11::make_token_authenticator;

namespace {

int constant_time_compares = 0;

const std::string kToken = "vx11-local-token";

Access check(const std::string& token, const Headers& headers) {
  return make_token_authenticator(token).value()->check(headers);
}

Headers with_tokens(std::initializer_list<std::string> values) {
  Headers headers;
  for (const std::string& value : values) headers.add("x-vx11-token", value);
  return headers;
}

}  // namespace

/// Replaces OpenSSL's, to check that secrets are compared in constant time by it only.
extern "C" int CRYPTO_memcmp(const void* a, const void* b, std::size_t size) {
  ++constant_time_compares;
  int difference = 0;
  for (std::size_t i = 0; i < size; ++i) {
    difference |= static_cast<const unsigned char*>(a)[i] ^ static_cast<const unsigned char*>(b)[i];
  }
  return difference;
}

TEST_CASE("the right token is granted") {
  CHECK(check(kToken, with_tokens({kToken})) == Access::granted);
}

TEST_CASE("no token, or an empty one, is a missing credential") {
  CHECK(check(kToken, Headers()) == Access::auth_required);
  CHECK(check(kToken, with_tokens({""})) == Access::auth_required);
}

TEST_CASE("a credential in another header is none") {
  Headers headers;
  headers.add("x-vx11-tokens", kToken);
  headers.add("Authorization", "Basic " + kToken);
  CHECK(check(kToken, headers) == Access::auth_required);
}

TEST_CASE("the token may come as a bearer token, alone or beside an equal x-vx11-token") {
  const auto check_both = [](const char* own, const std::string& authorization) {
    Headers headers = with_tokens({own});
    headers.add("Authorization", authorization);
    return check(kToken, headers);
  };
  CHECK(check_both("", "Bearer " + kToken) == Access::granted);
  CHECK(check_both("", "bearer  " + kToken) == Access::granted);
  CHECK(check_both("", "Bearer " + kToken + "x") == Access::forbidden);
  CHECK(check_both("", "Bearer ") == Access::auth_required);
  CHECK(check_both(kToken.c_str(), "Bearer " + kToken) == Access::granted);
  CHECK(check_both(kToken.c_str(), "Bearer other") == Access::forbidden);
  CHECK(check_both("other", "Bearer " + kToken) == Access::forbidden);
  CHECK(check_both(kToken.c_str(), "Basic b3BlcmF0b3I6eA==") == Access::granted);
}

TEST_CASE("the reason of a refusal is known, and holds nothing of the token") {
  const auto auth = make_token_authenticator(kToken).value();
  CHECK(auth->explain(with_tokens({kToken})).reason.empty());
  CHECK(auth->explain(with_tokens({"guess"})).reason == "another token");
  CHECK(auth->explain(with_tokens({"a", "b"})).reason == "several different credentials");
}

TEST_CASE("a wrong token is forbidden, however much of it is right") {
  for (const std::string wrong : {"x", "vx11-local-toke", "vx11-local-token ", " vx11-local-token",
                                  "vx11-local-tokeN", "Vx11-local-token", "vx11-local-tokenn"}) {
    CAPTURE(wrong);
    CHECK(check(kToken, with_tokens({wrong})) == Access::forbidden);
  }
}

TEST_CASE("the header's name is compared without case, its value with") {
  Headers headers;
  headers.add("X-VX11-Token", kToken);
  CHECK(check(kToken, headers) == Access::granted);
}

TEST_CASE("several token headers that differ are forbidden, even if one is right") {
  CHECK(check(kToken, with_tokens({kToken, "other"})) == Access::forbidden);
  CHECK(check(kToken, with_tokens({"other", kToken})) == Access::forbidden);
  CHECK(check(kToken, with_tokens({kToken, ""})) == Access::forbidden);
  CHECK(check(kToken, with_tokens({kToken, kToken})) == Access::granted);
}

TEST_CASE("NUL and control bytes in a token are forbidden") {
  const std::string with_nul = kToken + std::string(1, '\0');
  CHECK(check(kToken, with_tokens({with_nul})) == Access::forbidden);
  CHECK(check(kToken, with_tokens({kToken + std::string("\0tail", 5)})) == Access::forbidden);
  for (const char control : {'\t', '\r', '\n', '\x01', '\x7F'}) {
    CHECK(check(kToken, with_tokens({kToken + control})) == Access::forbidden);
  }
}

TEST_CASE("tokens are compared in constant time") {
  for (const std::string wrong : {"Xx11-local-token", "vx11-local-tokeX", "vx11-local-token"}) {
    constant_time_compares = 0;
    check(kToken, with_tokens({wrong}));
    CHECK(constant_time_compares == 1);
  }
}

TEST_CASE("a token that no request could carry is refused when the authenticator is made") {
  for (const std::string& bad : {std::string(), std::string("a\0b", 3), std::string("a\nb"),
                                 std::string("a\x7F"), std::string(" a"), std::string("a ")}) {
    const auto made = make_token_authenticator(bad);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::invalid_argument);
  }
  CHECK(make_token_authenticator("a b\xC3\xA9"));
}

TEST_CASE("the open authenticator lets everyone in") {
  CHECK(vx11::make_open_authenticator()->check(Headers()) == Access::granted);
}
